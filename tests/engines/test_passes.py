"""A pass draws only within its rectangle, with textures set by name."""

from collections.abc import Iterator

import moderngl
import numpy as np
import pytest
from windowless import windowless

from cppn_gl.engines.gl.passes import ADDITIVE, Pass
from cppn_gl.engines.gl.shader import ShaderError, Source, compose
from cppn_gl.engines.gl.targets import release_target

pytestmark = pytest.mark.gl

SIZE = (8, 6)
FRAGMENT = """#version 330 core
uniform sampler3D deep;
uniform sampler2D flat_[2];
uniform sampler2D unused;
uniform float factor;
uniform bool three;
out vec4 color;
void main() {
    color = factor * (three ? texture(deep, vec3(0.5)) : texture(flat_[1], vec2(0.5)));
}
"""


@pytest.fixture(scope="module")
def ctx() -> Iterator[moderngl.Context]:
    with windowless() as renderer:
        assert renderer.ctx is not None
        yield renderer.ctx


@pytest.fixture
def target(ctx: moderngl.Context) -> Iterator[moderngl.Framebuffer]:
    texture = ctx.texture(SIZE, 4, dtype="f4")
    one = ctx.framebuffer([texture])
    one.clear()
    yield one
    release_target(one)
    texture.release()
    assert ctx.error == "GL_NO_ERROR"


@pytest.fixture
def drawer(ctx: moderngl.Context) -> Iterator[Pass]:
    one = Pass(ctx, compose("full.vert"), Source(FRAGMENT, ("generated",)))
    yield one
    one.release()


def red(target: moderngl.Framebuffer) -> np.ndarray:
    data = np.frombuffer(target.read(components=1, dtype="f4"), np.float32)
    return data.reshape(SIZE[::-1])


def filled(ctx: moderngl.Context, value: float) -> moderngl.Texture:
    return ctx.texture((1, 1), 4, np.full(4, value, np.float32).tobytes(), dtype="f4")


def test_draws_within_its_scissor_with_textures_by_name(
    ctx: moderngl.Context, target: moderngl.Framebuffer, drawer: Pass
) -> None:
    textures = [filled(ctx, 0.25), filled(ctx, 0.5)]
    drawer.set(flat_=textures, factor=1.0, three=False, nothing_of_it=3)
    drawer.draw(target, (0, 0, *SIZE), (2, 1, 3, 4))
    expected = np.zeros(SIZE[::-1], np.float32)
    expected[1:5, 2:5] = 0.5
    assert np.array_equal(red(target), expected)
    drawer.draw(target, (0, 0, *SIZE), blend=ADDITIVE)
    assert np.array_equal(red(target), expected + 0.5)
    for texture in textures:
        texture.release()


def test_samplers_of_two_kinds_never_share_a_unit(
    ctx: moderngl.Context, target: moderngl.Framebuffer, drawer: Pass
) -> None:
    deep = ctx.texture3d((1, 1, 1), 4, np.full(4, 0.75, np.float32).tobytes(), dtype="f4")
    drawer.set(deep=deep, factor=1.0, three=True)  # and no other texture
    drawer.draw(target, (0, 0, *SIZE))
    assert (red(target) == 0.75).all()
    deep.release()


def test_an_error_names_the_file_and_line(ctx: moderngl.Context) -> None:
    broken = Source(FRAGMENT.replace("factor *", "facto *"), ("generated",))
    with pytest.raises(ShaderError, match="facto"):
        Pass(ctx, compose("full.vert"), broken)
