"""Pages give the shaders the same definitions and the same bytes as Python does."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rigs import bytes_of, network_json, scene_json, set_up

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.packing import (
    ES_TEXTURE_WIDTH,
    Limits,
    choose_layout,
    frame_block,
    layers_block,
    pack,
)
from cppn_gl.engines.gl.shader import ES, picture_source, structure
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import MAX_WIDTH
from cppn_gl.nn.network import Network
from cppn_gl.output.web.shaders import shader_texts
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.scene import Scene

pytestmark = pytest.mark.browser

LIMITS = Limits(16_384, 9, arrays=False)
# What only compute shaders and dual numbers use.
NOT_FOR_PAGES = re.compile(r"#define (LOCAL_X|LOCAL_Y|CURVE_DUAL\(.*?\)) ")
few = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
activations = st.sampled_from([*ACTIVATIONS])
inputs = st.lists(
    st.sampled_from(["x", "y", "r", "x2", "y2", "xy", "sin_x", "cos_3y", "sin_9y", "t", "z1"]),
    min_size=1,
    max_size=11,
    unique=True,
)


@st.composite
def networks(draw: st.DrawFn, deepest: int = 12, widest: int = 130) -> Network:
    depth = draw(st.integers(1, deepest))
    return Network.random(
        depth=depth,
        width=draw(st.integers(1, widest)),
        inputs=tuple(draw(inputs)),
        outputs=draw(st.sampled_from([1, 3, 4])),
        activation=[draw(activations) for _ in range(depth - 1)] or "tanh",
        output_activation=draw(activations),
        weight_scale=draw(st.floats(0.1, 10)),
        bias_scale=draw(st.floats(0.1, 10)),
        seed=draw(st.integers(0, 99)),
    )


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def head_of_python(network: Network, lanes: int) -> list[str]:
    """The lines between #version and the first file."""
    of = structure(network, choose_layout(network, LIMITS))
    text = picture_source(of, version=ES, lanes=lanes, file="page.frag").text
    head = text.split("#line 1 0\n")[1].split("#line 1 1\n")[0]
    return [line for line in lines_of(head) if not NOT_FOR_PAGES.match(line)]


def head_of_page(page: Any, network: Network, lanes: int) -> list[str]:
    script = f"""(json) => {{
      const network = networkFrom(json);
      const {{ layout, shader }} = modules;
      return shader.headOf(shader.structureOf(network, layout.chooseLayout(network)), {lanes});
    }}"""
    return lines_of(page.evaluate(script, network_json(network)))


@few
@given(network=networks(), lanes=st.sampled_from([1, 4]))
def test_the_head_of_a_program_is_that_of_python(page: Any, network: Network, lanes: int) -> None:
    set_up(page)
    assert head_of_page(page, network, lanes) == head_of_python(network, lanes)


@pytest.mark.parametrize(
    ("depth", "width"), [(1, 5), (10, 14), (40, 30), (27, 30), (14, 120), (64, 64), (3, MAX_WIDTH)]
)
def test_blocks_or_a_texture_are_chosen_as_in_python(page: Any, depth: int, width: int) -> None:
    network = Network.random(depth=depth, width=width)
    set_up(page)
    assert head_of_page(page, network, 4) == head_of_python(network, 4)


@few
@given(network=networks())
def test_weights_lie_where_python_puts_them(page: Any, network: Network) -> None:
    set_up(page)
    layout = choose_layout(network, LIMITS)
    script = """(json) => {
      const network = networkFrom(json);
      return modules.layout.pack(network, modules.layout.chooseLayout(network));
    }"""
    found, expected = bytes_of(page, script, network_json(network)), pack(network, layout)
    if not layout.blocks:  # a row of the texture is shorter, and the last one whole
        whole = np.zeros((max(len(expected), len(found) // 16), 4), np.float32)
        whole[: len(expected)] = expected
        assert len(found) % (16 * ES_TEXTURE_WIDTH) == 0
        assert not whole[len(found) // 16 :].any()
        expected = whole[: len(found) // 16]
    assert found == expected.tobytes()


@few
@given(
    network=networks(deepest=4, widest=9),
    center=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    extent=st.floats(1e-6, 9),
    size=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    offset=st.tuples(st.integers(0, 999), st.integers(0, 999)),
)
def test_the_numbers_of_a_draw_call_are_those_of_python(
    page: Any,
    network: Network,
    center: tuple[float, float],
    extent: float,
    size: tuple[int, int],
    offset: tuple[int, int],
) -> None:
    set_up(page)
    scene = Scene(network, Viewport(center=center, extent=extent), Clock(0.3), Preset())
    script = f"""(json) => {{
      const {{ network, view }} = sceneFrom(json);
      const {{ fold, layout }} = modules;
      const place = [{list(size)}, {list(offset)}];
      const angles = fold.waves(network, view.center, view.extent, ...place, [0, 0]);
      return layout.frameBlock(network, view, ...place, angles);
    }}"""
    region = Region.of(size).cut(*offset, 4, 4)
    assert bytes_of(page, script, scene_json(scene)) == frame_block(scene, region)
    script = """(json) => {
      const network = networkFrom(json);
      return modules.layout.layersBlock(network, modules.layout.chooseLayout(network));
    }"""
    expected = layers_block(network, choose_layout(network, LIMITS)).tobytes()
    assert bytes_of(page, script, network_json(network)) == expected


def test_literals_are_read_as_the_same_float32(page: Any) -> None:
    page = set_up(page)
    bits = np.random.default_rng(4).integers(0, 2**32, 4000, np.uint64).astype(np.uint32)
    drawn = bits.view(np.float32)
    special = np.array([0, 1, -1, 1e-3, 1e-30, -2.5e30, 16777216, 0.1, 1e-40], np.float32)
    values = np.concatenate([drawn[np.isfinite(drawn)], special])
    script = "(values) => values.map((value) => modules.shader.literal(value))"
    texts = page.evaluate(script, values.tolist())
    pattern = r"\d+\.\d*(e-?\d+)?|\.\d+(e-?\d+)?|\d+e-?\d+"
    for value, text in zip(values, texts, strict=True):
        bare = text.removeprefix("(-").removesuffix(")")
        assert re.fullmatch(pattern, bare), text  # a float in GLSL, without a cast
        assert np.float32(text.strip("()")) == value
    assert all(len(text) <= 17 for text in texts)


def test_texts_are_short_and_have_all_that_they_include() -> None:
    texts = shader_texts()
    assert sum(map(len, texts.values())) < 40_000
    assert "activation_tanh" in texts["picture"]
    for name, text in texts.items():
        assert not re.search(r"//|#include|#line|#version|^\s|\n\n", text), name
    assert texts["picture"].count("#pragma network\n") == 1
