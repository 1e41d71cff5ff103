"""Presets as GLSL text: what it draws by the desktop driver, its size, and what it leaves out."""

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from toys import alike, called, drawn

from cppn_gl import Preset, Renderer, load_preset
from cppn_gl.engines.gl.context import open_context
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.output.shadertoy import (
    LONGEST,
    digits_of,
    glsl_function,
    rounded,
    shadertoy,
    size_words,
    words_of,
)
from cppn_gl.preset.color import MAPPINGS
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.alpha import over
from cppn_gl.utils.checks import PresetError

SIZE = 64, 36
TIMES = 0.0, 2.3
PRESETS = ["neylon-01", "two-layers", "bumps", "petal", "relu", "loop", "siren", "default"]
SMALL = Preset().replace(depth=3, width=6, seed=5)


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    with open_context() as opened:
        yield opened


def agrees(
    context: moderngl.Context, renderer: Renderer, preset: Preset, *, time: float = 0.0
) -> None:
    text = shadertoy(Shot(preset, SIZE, time)).decode("ascii")
    picture = renderer.render(preset, size=SIZE, time=time, dtype="float32")
    alike(drawn(context, text, SIZE, time), over(picture))


@pytest.mark.gl
@pytest.mark.parametrize("name", PRESETS)
def test_a_shader_draws_what_render_draws(
    name: str, context: moderngl.Context, renderer: Renderer
) -> None:
    preset = load_preset(name)
    text = shadertoy(Shot(preset, SIZE)).decode("ascii")
    for time in TIMES:
        picture = renderer.render(preset, size=SIZE, time=time)
        alike(drawn(context, text, SIZE, time), over(picture))


@pytest.mark.gl
@pytest.mark.parametrize("mapping", [name for name, row in MAPPINGS.items() if not row.plates])
def test_each_mapping_has_its_colours(
    mapping: str, context: moderngl.Context, renderer: Renderer
) -> None:
    agrees(context, renderer, SMALL.replace(mapping=mapping, stretch="minmax", invert=True))


@pytest.mark.gl
@pytest.mark.parametrize("outputs", [1, 3, 4])
@pytest.mark.parametrize("output_activation", ["sigmoid", "tanh", "identity"])
def test_outputs_of_all_kinds_are_shown(
    outputs: int, output_activation: str, context: moderngl.Context, renderer: Renderer
) -> None:
    given_ = {"outputs": outputs, "output_activation": output_activation}
    agrees(context, renderer, SMALL.replace(**given_))
    agrees(context, renderer, SMALL.replace(**given_, mapping="grey"))


@pytest.mark.gl
@pytest.mark.parametrize("mapping", ["rgb", "moss", "plates", "viridis"])
def test_flat_colours_differ_at_edges_alone(
    mapping: str, context: moderngl.Context, renderer: Renderer
) -> None:
    preset = SMALL.replace(mapping=mapping, inks=4, stretch="minmax")
    size = 256, 144  # an edge is a pixel wide
    text = shadertoy(Shot(preset, size)).decode("ascii")
    picture = renderer.render(preset, size=size)
    alike(drawn(context, text, size, 0.0), picture, share=0.98)


@pytest.mark.gl
def test_contour_lines_are_where_they_are(context: moderngl.Context, renderer: Renderer) -> None:
    preset = SMALL.replace(mapping="moss", isolines=0.1, output_activation="tanh")
    size = 256, 144
    text = shadertoy(Shot(preset, size)).decode("ascii")
    picture = renderer.render(preset, size=size)
    alike(drawn(context, text, size, 0.0), picture, most=12, share=0.98)
    bare = shadertoy(Shot(preset.replace(isolines=0), size)).decode("ascii")
    with pytest.raises(AssertionError):
        alike(drawn(context, bare, size, 0.0), picture, most=12, share=0.98)


MOVING = {
    "network.weight_scale": [0.4, 1.2, 0.9],
    "network.bias_scale": [0.5, 1.0],
    "view.extent": [0.5, 3.0, 1.0],
    "view.center": [[0.0, 0.5], [1.0, -1.0]],
}


@pytest.mark.gl
@pytest.mark.parametrize("ending", ["bounce", "loop", "repeat", "stop"])
@pytest.mark.parametrize("easing", ["linear", "smooth", "in", "out"])
def test_animated_keys_move_as_in_the_window(
    ending: str, easing: str, context: moderngl.Context, renderer: Renderer
) -> None:
    preset = SMALL.replace(
        ending=ending,
        easing=easing,
        duration=3.0,
        inputs=["x", "y", "r"],
        **{f"animate.{name}": values for name, values in MOVING.items()},
    )
    text = shadertoy(Shot(preset, SIZE)).decode("ascii")
    for time in (0.0, 0.7, 2.2, 4.1):
        alike(drawn(context, text, SIZE, time), renderer.render(preset, size=SIZE, time=time))


@pytest.mark.gl
@pytest.mark.parametrize("name", MOVING)
def test_each_key_moves_alone(name: str, context: moderngl.Context, renderer: Renderer) -> None:
    how = {"init": "he_normal", "omega": 2.0, f"animate.{name}": MOVING[name]}
    preset = SMALL.replace(**how)
    text = shadertoy(Shot(preset, SIZE)).decode("ascii")
    for time in (0.0, 5.0):
        alike(drawn(context, text, SIZE, time), renderer.render(preset, size=SIZE, time=time))


@pytest.mark.gl
def test_a_drag_moves_the_picture_along(context: moderngl.Context) -> None:
    text = shadertoy(Shot(SMALL, SIZE)).decode("ascii")
    still = drawn(context, text, SIZE, 0.0)
    for sign in (1, -1):  # the button is down, then up
        moved = drawn(context, text, SIZE, 0.0, (25, 20, sign * 15, -16))
        alike(moved[:-4, 10:], still[4:, :-10])
    alike(drawn(context, text, SIZE, 0.0, (15, 16, -15, -16)), still)


@pytest.mark.gl
@pytest.mark.parametrize("latent", ["", ", float[2](0.25, -0.5)"])
@pytest.mark.parametrize("name", ["default", "loop"])
def test_a_function_gives_the_outputs(
    name: str, latent: str, context: moderngl.Context, renderer: Renderer
) -> None:
    preset = load_preset(name).replace(depth=3, width=7, inputs=["x", "z0", "t", "z1", "sin_3y"])
    preset = preset.replace(center=[0.3, -0.2], dither=False)
    text = called(glsl_function(Shot(preset, SIZE)).decode("ascii"), Shot(preset), latent)
    shown = preset.replace(latent=[0.25, -0.5]) if latent else preset
    for time in TIMES:
        alike(drawn(context, text, SIZE, time), renderer.render(shown, size=SIZE, time=time))


SCENES = some.fixed_dictionaries(
    {
        "depth": some.integers(1, 4),
        "width": some.integers(1, 9),
        "inputs": some.lists(
            some.sampled_from(
                ["x", "y", "r", "x2", "xy", "sin_x", "cos_3y", "t", "cos_t", "sin_t", "z1", "one"]
            ),
            min_size=1,
            max_size=6,
            unique=True,
        ),
        "outputs": some.sampled_from([1, 3, 4]),
        "activation": some.sampled_from(sorted(ACTIVATIONS)),
        "output_activation": some.sampled_from(sorted(ACTIVATIONS)),
        "init": some.sampled_from(sorted(INITS)),
        "weight_scale": some.floats(0, 3),
        "seed": some.integers(0, 2**63 - 1),
        "center": some.tuples(some.floats(-3, 3), some.floats(-3, 3)),
        "extent": some.floats(0.1, 10),
        "period": some.floats(0.5, 20),
        "mapping": some.sampled_from(sorted(set(MAPPINGS) - {"plates"})),
        "stretch": some.sampled_from(["none", "minmax", "percentile"]),
        "which": some.sampled_from(["none", "hidden"]),
    }
)


@pytest.mark.gl
@given(keys=SCENES, time=some.floats(-20, 20))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_any_small_preset_is_drawn(
    keys: dict[str, object], time: float, context: moderngl.Context, renderer: Renderer
) -> None:
    agrees(context, renderer, Preset().replace(**keys), time=time)


def test_digits_are_as_few_as_the_picture_needs() -> None:
    calm, wild = SMALL, load_preset("neylon-27").replace(weight_scale=2.0)
    assert digits_of(Shot(calm)) < digits_of(Shot(wild)) == 9
    network = calm.network()
    near = rounded(network, 4)
    assert near.layers[0].weight[0, 0] != network.layers[0].weight[0, 0]
    np.testing.assert_allclose(near.layers[0].weight, network.layers[0].weight, rtol=1e-3)
    assert shadertoy(Shot(calm)) == shadertoy(Shot(calm))


def test_a_text_is_plain_whatever_the_preset_says() -> None:
    words = "Größe ∞ */ } \\"
    for preset in (
        SMALL.replace(title=words),
        SMALL.replace(description=words + " a" * 60 + " \\"),
    ):
        for text in (shadertoy(Shot(preset)), glsl_function(Shot(preset))):
            lines = text.decode("ascii").splitlines()
            head = lines[: lines.index("")]
            assert all(line.startswith("// ") and not line.endswith("\\") for line in head)
            assert "Grosse" in head[0] or "Gro?e" in " ".join(head)


def test_all_names_have_the_prefix() -> None:
    text = shadertoy(Shot(SMALL.replace(mapping="oklch", activation="gelu"))).decode()
    for line in text.splitlines():
        words = line.split("(")[0].split("=")[0].split()
        if line[0:1].isalpha() and words[0] in ("const", "float", "vec2", "vec3", "vec4"):
            assert words[-1].startswith("cppn"), line


def test_a_large_text_is_warned_of() -> None:
    assert size_words(b"a" * 1234, limited=True) == "1,234 characters"
    assert "more than the 65,535" in size_words(b"a" * (LONGEST + 1), limited=True)
    assert "more" not in size_words(b"a" * (LONGEST + 1), limited=False)


def test_what_stands_still_is_said_in_the_text_and_beside_it() -> None:
    preset = SMALL.replace(walk=[1, 2], stretch="minmax", dither=True, view="surface")
    shot = Shot(preset.replace(**{"animate.network.depth": [2, 4]}), time=1.5)
    said = words_of(shot, bare=False)
    assert said[0] == (
        "What moves by network.depth, a walk of seeds stands still: this is the picture at 1.5 s."
    )
    assert len(said) == 4
    text = " ".join(line.removeprefix("// ") for line in shadertoy(shot).decode().splitlines())
    assert all(words in text for words in said)
    assert words_of(Shot(SMALL), bare=False) == []


@pytest.mark.parametrize("name", ["learn-xor", "blocks", "convolutions-deep-relu", "best-pictures"])
def test_other_networks_are_refused_in_one_line(name: str) -> None:
    for write in (shadertoy, glsl_function):
        with pytest.raises(PresetError, match=r"network: .*GLSL"):
            write(Shot(load_preset(name)))
