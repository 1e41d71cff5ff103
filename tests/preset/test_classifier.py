"""The public classifier: SqueezeNet on photographs, whose answers are known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cppn_gl
from cppn_gl.nn.image_file import shipped_image
from cppn_gl.preset.classifier import _pixels
from cppn_gl.utils.checks import PresetError

CAT, COFFEE = (Image.open(shipped_image(name)) for name in ("cat", "coffee"))


@pytest.fixture(scope="module")
def squeezenet() -> cppn_gl.Classifier:
    return cppn_gl.Classifier("squeezenet")


def test_a_cat_and_a_cup_of_coffee(squeezenet: cppn_gl.Classifier) -> None:
    """The photographs are skimage's chelsea and coffee, and these are its known answers."""
    (name, share), *_ = squeezenet.top(CAT)
    assert (name, round(share, 2)) == ("Egyptian Mau", 0.43)
    (name, share), *_ = squeezenet.top(COFFEE)
    assert (name, round(share, 2)) == ("espresso", 0.97)


def test_all_classes_have_a_probability(squeezenet: cppn_gl.Classifier) -> None:
    names, shares = squeezenet.probabilities(np.asarray(CAT.convert("RGB")))
    assert len(names) == 1000
    assert shares.shape == (1000,)
    assert shares.sum() == pytest.approx(1)
    assert names[shares.argmax()] == "Egyptian Mau"


def test_pictures_of_other_kinds_are_seen_upright_and_on_white() -> None:
    clear = Image.new("LA", (2, 1), (10, 0))
    clear.putpixel((1, 0), (10, 255))
    assert _pixels(clear)[0, :, 0].tolist() == [255, 10]
    turned = CAT.copy()
    turned.getexif()[0x0112] = 3  # half a turn
    assert np.array_equal(_pixels(turned), np.asarray(CAT.convert("RGB"))[::-1, ::-1])
    assert turned.getexif()[0x0112] == 3


@pytest.mark.parametrize("image", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), "cat.png"])
def test_other_values_are_refused(image: object, squeezenet: cppn_gl.Classifier) -> None:
    with pytest.raises(TypeError, match=r"expected a Pillow image, or uint8"):
        squeezenet.probabilities(image)


def test_presets_that_draw_points_are_refused() -> None:
    with pytest.raises(PresetError, match="draws points of the plane"):
        cppn_gl.Classifier("default")


def test_a_preset_of_another_network(tmp_path: Path) -> None:
    net = Path(__file__).parents[1] / "nn" / "vision" / "small.onnx"
    (tmp_path / "own.toml").write_text(
        f"""format = 1
        [network]
        file = {str(net)!r}
        [preprocess]
        order = ["grey", "red"]
        range = 1
        mean = [0.5, 0.5]
        std = [1, 1]
        labels = ["a", "b", "c", "d", "e"]
        """
    )
    own = cppn_gl.Classifier(tmp_path / "own.toml")
    assert own.classes == ("a", "b", "c", "d", "e")
    assert own.network.picture == (2, 13, 17)
    assert sum(share for _, share in own.top(CAT)) == pytest.approx(1)
