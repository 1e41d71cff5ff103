"""An image on the plane: where its pixels lie, what is between and beyond them, how it shrinks."""

import numpy as np
import pytest

from cppn_gl.nn.derivatives import at_points, first_pre_activations
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.image_file import StoredImage
from cppn_gl.nn.image_input import ImageInput, averaged_rows, default_image, placed
from cppn_gl.nn.layers import SOURCE, Layer, Node
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Conv
from cppn_gl.utils.arrays import Float64

DRAWS = np.random.default_rng(4)


def stored(height: int, width: int, channels: int = 3) -> StoredImage:
    return StoredImage(DRAWS.integers(0, 256, (height, width, channels), np.uint8))


def at(image: ImageInput, x: float, y: float) -> list[float]:
    return list(image.sample(np.array([x]), np.array([y]))[0])


def centers(image: ImageInput) -> tuple[Float64, Float64]:
    """x (width,) and y (height,) of the pixels' centres."""
    height, width = image.pixels.shape[:2]
    (cx, cy), (across, down) = image.center, image.pixel
    x = cx + (np.arange(width) + 0.5 - width / 2) * across
    return x, cy - (np.arange(height) + 0.5 - height / 2) * down


@pytest.mark.parametrize(
    ("fit", "half_width", "half_height"),
    [("cover", 2.0, 0.5), ("contain", 0.5, 0.125), ("stretch", 0.5, 0.5)],
)
def test_it_lies_over_the_square(fit: str, half_width: float, half_height: float) -> None:
    """20 by 5 pixels over the square around (3, -1), which is 1 wide."""
    image = placed(stored(5, 20), fit, center=(3.0, -1.0), extent=0.5)
    assert image.pixel == (half_width / 10, half_height / 2.5)
    x, y = centers(image)
    assert (x[0], x[-1]) == pytest.approx((3 - half_width * 0.95, 3 + half_width * 0.95))
    assert (y[0], y[-1]) == pytest.approx((-1 + half_height * 0.8, -1 - half_height * 0.8))
    columns, rows = np.meshgrid(x, y)
    np.testing.assert_allclose(image.sample(columns, rows), image.pixels, atol=1e-12)


def test_it_is_bilinear_between_the_centres_of_pixels() -> None:
    image = placed(StoredImage(np.array([[[0], [100]], [[200], [50]]], np.uint8)))
    assert at(image, -0.5, 0.5) == [0, 0, 0]
    assert at(image, 0.25, 0.5) == pytest.approx([75 / 255] * 3)
    assert at(image, 0.0, 0.0) == pytest.approx([350 / 4 / 255] * 3)
    assert at(image, -0.5, -0.25) == pytest.approx([150 / 255] * 3)
    assert at(image, -0.9, 0.9) == [0, 0, 0]  # between the outer centres and the edge


def test_it_is_mirrored_beyond_its_edges() -> None:
    image = placed(stored(6, 4), "stretch")
    x, y = DRAWS.uniform(-1, 1, (2, 300))
    inside = image.sample(x, y)
    for mirrored in ((2 - x, y), (-2 - x, y), (x, 2 - y), (-2 - x, -2 - y), (x + 8, y - 4e3)):
        np.testing.assert_allclose(image.sample(*mirrored), inside, atol=1e-9)


def test_pixels_finer_than_the_taps_are_averaged_and_others_are_not() -> None:
    of = stored(60, 120)
    exact = placed(of)
    small = exact.averaged(2 / 20)
    assert exact.averaged(2 / 60) is exact.averaged(2 / 59.9) is exact
    assert small.pixels.shape == (20, 40, 3)
    blocks = exact.pixels.reshape(20, 3, 40, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small.pixels, blocks, atol=1e-6)
    assert small.pixel == pytest.approx((0.1, 0.1))
    x, y = centers(small)
    assert (x[0], y[0]) == pytest.approx((-1.95, 0.95))  # the same square


def test_averages_are_means_by_area() -> None:
    rows = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert averaged_rows(rows, 2).tolist() == pytest.approx([(0 + 1 + 1) / 2.5, (1 + 3 + 4) / 2.5])
    assert averaged_rows(rows, 5).tolist() == pytest.approx(rows.tolist())
    many = DRAWS.uniform(size=(997, 3))
    np.testing.assert_allclose(averaged_rows(many, 31).mean(axis=0), many.mean(axis=0))


def test_what_is_finer_than_the_taps_does_not_alias() -> None:
    """Stripes two pixels wide are grey where taps are eight pixels apart."""
    stripes = np.zeros((128, 128, 1), np.uint8)
    stripes[:, ::2] = 255
    image = placed(StoredImage(stripes)).averaged(2 / 16)
    x, y = DRAWS.uniform(-1, 1, (2, 100))
    np.testing.assert_allclose(image.sample(x, y), 0.5, atol=1e-6)


def test_linear_values_are_proportional_to_light() -> None:
    grey = StoredImage(np.array([[[0], [10], [188], [255]]], np.uint8))
    values = placed(grey, encoding="linear").pixels.ravel()
    assert values.tolist() == pytest.approx([0, 10 / 255 / 12.92, 0.502886, 1], abs=1e-6)
    deep = StoredImage(np.array([[[0], [65535], [32768]]], np.uint16))
    assert placed(deep).pixels.ravel().tolist() == pytest.approx([0, 1, 0.50000763])


def test_digests_tell_functions_apart() -> None:
    of = stored(8, 8)
    kinds = [
        placed(of),
        placed(stored(8, 8)),
        placed(of, encoding="linear"),
        placed(of, extent=2.0),
        placed(of, center=(0.0, 0.1)),
        placed(of).averaged(0.5),
    ]
    assert len({one.digest for one in kinds}) == len(kinds)
    assert placed(StoredImage(of.pixels.copy())).digest == kinds[0].digest
    assert placed(of, "stretch").digest == kinds[0].digest  # it is square


def test_slopes_are_the_derivatives() -> None:
    image = placed(stored(9, 13), "cover", center=(0.3, -0.2), extent=0.7)
    x, y = DRAWS.uniform(-4, 4, (2, 500))
    step = 1e-6
    found = image.slopes(x, y)
    for slope, (dx, dy) in zip(found, ((step, 0), (0, step)), strict=True):
        change = image.sample(x + dx, y + dy) - image.sample(x - dx, y - dy)
        close = np.isclose(slope, change / (2 * step), atol=1e-5)
        assert close.mean() > 0.999  # but at a kink


def test_slopes_at_the_centres_of_pixels_are_the_means_of_both_sides() -> None:
    image = placed(stored(8, 8, 1))
    x, y = np.meshgrid(*centers(image))
    by_x, by_y = image.slopes(x, y)
    padded = np.pad(image.pixels[..., 0].astype(float), 1, "edge")
    inside = slice(1, -1)
    across = (padded[inside, 2:] - padded[inside, :-2]) / 2 / image.pixel[0]
    down = (padded[2:, inside] - padded[:-2, inside]) / 2 / image.pixel[1]
    np.testing.assert_allclose(by_x[..., 0], across, atol=1e-4)
    np.testing.assert_allclose(by_y[..., 0], -down, atol=1e-4)


# Features and networks.


def test_features_are_the_channels_of_the_image() -> None:
    image = placed(stored(7, 5))
    x, y = DRAWS.uniform(-2, 2, (2, 50))
    names = ["grey", "x", "blue", "red", "green"]
    table = features(names, x, y, Clock(), image=image)
    red, green, blue = image.sample(x, y).T
    np.testing.assert_array_equal(table[:, [1, 2, 3, 4]], np.stack([x, blue, red, green], -1))
    np.testing.assert_allclose(table[:, 0], 0.2126 * red + 0.7152 * green + 0.0722 * blue)


def test_a_network_without_an_image_of_its_own_sees_the_default() -> None:
    network = Network.random(inputs=["grey", "r"], depth=2, width=3)
    assert network.image is not None
    assert network.image.digest == default_image().digest
    assert network.by_grid
    assert network.pointwise
    assert Network.random().image is None
    assert not Network.random().by_grid


def test_the_image_is_part_of_what_a_network_is() -> None:
    network = Network.random(inputs=["red", "x"], depth=2, width=3)
    other = network.seeing(placed(stored(4, 4)))
    assert other.digest != network.digest
    assert other.seeing(network.image).digest == network.digest
    plain = Network.random()
    assert plain.seeing(placed(stored(4, 4))) is plain
    assert other.truncated(1).image is other.image
    assert other.of_layers(other.layers).image is other.image


def test_derivatives_pass_through_the_image() -> None:
    layer = Layer([[0.5, -1.0, 2.0]], [0.1], "identity")
    network = Network([layer], ["red", "grey", "y"], image=placed(stored(6, 6)))
    x, y = DRAWS.uniform(-1, 1, (2, 40))
    jets, step = at_points(network, x, y), 1e-6
    for slope, (dx, dy) in zip(jets[1:], ((step, 0), (0, step)), strict=True):
        ends = (network.features(x + s * dx, y + s * dy, Clock()) for s in (1, -1))
        after, before = map(network.evaluate, ends)
        np.testing.assert_allclose(slope, (after - before) / (2 * step), atol=1e-6)
    assert first_pre_activations(network, x, y).shape == (3, 40, 1)


def test_a_network_of_taps_sees_the_image_at_their_distance() -> None:
    image = placed(stored(64, 64))
    weight = DRAWS.normal(size=(1, 1, 3, 3)).astype(np.float32)
    nodes = [Node(Conv(weight, np.zeros(1, np.float32)), "identity", (SOURCE,))]
    network = GraphNetwork(nodes, ["grey"], image=image, grid=16)
    assert network.image is not None
    assert network.image.pixels.shape == (16, 16, 3)
    assert network.changed(grid=64).image is image
    point = [Node(Conv(weight[..., 1:2, 1:2], np.zeros(1, np.float32)), "identity", (SOURCE,))]
    assert GraphNetwork(point, ["grey"], image=image, grid=16).image is image
    x, y = np.meshgrid(*centers(network.image))
    plane = network.features(x.ravel(), y.ravel(), Clock()).reshape(16, 16, 1)
    outputs = network.evaluate_grid(plane, border="none")
    kernel = weight[0, 0, ::-1, ::-1]
    grey = plane[..., 0]
    expected = sum(
        kernel[2 - i, 2 - j] * grey[i : i + 14, j : j + 14] for i in range(3) for j in range(3)
    )
    np.testing.assert_allclose(outputs[..., 0], expected, atol=1e-9)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_on_a_grid_every_point_has_the_bits_that_it_has_alone(shape: tuple[int, ...]) -> None:
    """Leading axes are grids of their own."""
    x, y = DRAWS.uniform(-3, 3, (*shape, 1, 7)), DRAWS.uniform(-3, 3, (*shape, 5, 1))
    names = ["grey", "x", "sin_3y", "one", "xy", "blue", "r"]
    for image in (placed(stored(6, 9)), placed(stored(5, 5, 1))):
        table = features(names, x, y, Clock(), image=image)
        assert table.shape == (*shape, 5, 7, len(names))
        whole = (np.broadcast_to(a, table.shape[:-1]).ravel() for a in (x, y))
        alone = features(names, *whole, Clock(), image=image)
        np.testing.assert_array_equal(table.reshape(-1, len(names)), alone)
