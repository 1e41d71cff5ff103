"""Exported GLSL in WebGL2, as Shadertoy compiles it, against `render`."""

import base64
from typing import Any

import numpy as np
import pytest
from browser import BLANK
from toys import MAIN, UNIFORMS, alike, called

from cppn_gl import Preset, load_preset, render
from cppn_gl.output.shadertoy import glsl_function, shadertoy
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.alpha import over

pytestmark = pytest.mark.browser

SIZE = 64, 36
TIMES = 0.0, 2.3
PRESETS = ["neylon-01", "relu", "siren", "petal", "rings", "loop", "default", "neuralart"]
HEAD = "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision mediump sampler3D;"
# Draws a shader at some times; row 0 is the lowest.
DRAW = """({source, size: [width, height], times}) => {
  const canvas = new OffscreenCanvas(width, height);
  const gl = canvas.getContext("webgl2", { antialias: false });
  const program = gl.createProgram();
  const add = (kind, text) => {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
      throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  };
  add(gl.VERTEX_SHADER, `#version 300 es
    void main() {
      vec2 at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
      gl_Position = vec4(at, 0.0, 1.0);
    }`);
  add(gl.FRAGMENT_SHADER, source);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  gl.viewport(0, 0, width, height);
  gl.uniform3f(gl.getUniformLocation(program, "iResolution"), width, height, 1);
  const bytes = new Uint8Array(4 * width * height);
  return times.map((time) => {
    gl.uniform1f(gl.getUniformLocation(program, "iTime"), time);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    return btoa(String.fromCharCode(...bytes));
  });
}"""


def in_chromium(page: Any, text: str, times: tuple[float, ...]) -> list[Any]:
    """The pictures (height, width, 3) of a shader at some times, row 0 on top."""
    page.set_content(BLANK)
    source = "\n".join([HEAD, UNIFORMS, text, MAIN])
    found = page.evaluate(DRAW, {"source": source, "size": SIZE, "times": times})
    pixels = (np.frombuffer(base64.b64decode(one), np.uint8) for one in found)
    return [one.reshape(SIZE[1], SIZE[0], 4)[::-1, :, :3] for one in pixels]


@pytest.mark.parametrize("name", PRESETS)
def test_a_shader_draws_in_a_browser_what_render_draws(name: str, page: Any) -> None:
    preset = load_preset(name)
    text = shadertoy(Shot(preset, SIZE)).decode("ascii")
    for time, picture in zip(TIMES, in_chromium(page, text, TIMES), strict=True):
        alike(picture, over(render(preset, size=SIZE, time=time)))


@pytest.mark.parametrize("mapping", ["viridis", "hsv", "lab", "oklch", "grey"])
def test_colours_are_the_same_in_a_browser(mapping: str, page: Any) -> None:
    keys = {"mapping": mapping, "stretch": "percentile", "output_activation": "tanh"}
    preset = Preset().replace(depth=3, width=6, **keys)
    (picture,) = in_chromium(page, shadertoy(Shot(preset, SIZE)).decode(), (0.0,))
    alike(picture, render(preset, size=SIZE))


def test_keys_move_in_a_browser(page: Any) -> None:
    moving = {"animate.network.weight_scale": [0.4, 1.2], "animate.view.extent": [0.5, 3.0, 1.0]}
    preset = Preset().replace(depth=3, width=6, inks=3, mapping="moss", **moving)
    pictures = in_chromium(page, shadertoy(Shot(preset, SIZE)).decode(), TIMES)
    for time, picture in zip(TIMES, pictures, strict=True):
        alike(picture, render(preset, size=SIZE, time=time), share=0.9)  # but for edges


def test_a_function_can_be_called_in_a_browser(page: Any) -> None:
    preset = load_preset("default").replace(depth=3, width=7, inputs=["x", "t", "z0", "cos_2y"])
    shot = Shot(preset, SIZE)
    text = called(glsl_function(shot).decode("ascii"), shot)
    for time, picture in zip(TIMES, in_chromium(page, text, TIMES), strict=True):
        alike(picture, render(preset, size=SIZE, time=time))
