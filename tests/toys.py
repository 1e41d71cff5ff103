"""Exported GLSL drawn as Shadertoy draws it: by the desktop driver."""

from typing import Any

import moderngl
import numpy as np

from cppn_gl.preset.shot import Shot
from cppn_gl.utils.arrays import Float32

UNIFORMS = """
uniform vec3 iResolution;
uniform float iTime;
uniform vec4 iMouse;
out vec4 shadertoy_color;
"""
MAIN = """
void main() {
    vec4 color = vec4(1e20);
    mainImage(color, gl_FragCoord.xy);
    shadertoy_color = vec4(color.rgb, 1.0);
}
"""
CALL = """
void mainImage(out vec4 color, in vec2 at) {{
    vec2 p = {extent} * (2.0 * at - iResolution.xy) / min(iResolution.x, iResolution.y);
    color = vec4(cppn(p + vec2({x}, {y}), iTime{latent}){channels});
}}
"""
CORNERS = """
void main() {
    gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}
"""


def called(text: str, shot: Shot, latent: str = "") -> str:
    """The text of a bare function, with a mainImage that shows its outputs unchanged."""
    view, network = shot.preset.view, shot.preset.network()
    channels = {1: "", 3: ", 1.0", 4: ""}[network.outputs]
    at = {"x": f"{view.center[0]:.9f}", "y": f"{view.center[1]:.9f}"}
    return text + CALL.format(extent=f"{view.extent:.9f}", latent=latent, channels=channels, **at)


def drawn(
    context: moderngl.Context,
    text: str,
    size: tuple[int, int],
    time: float,
    mouse: tuple[float, ...] = (0, 0, 0, 0),
) -> Float32:
    """The display values (height, width, 3) of a shader of Shadertoy, row 0 on top."""
    source = f"#version 330 core\n{UNIFORMS}\n{text}\n{MAIN}"
    with context:
        program = context.program(
            vertex_shader=f"#version 330 core\n{CORNERS}", fragment_shader=source
        )
        values: dict[str, Any] = {"iResolution": (*size, 1), "iTime": time, "iMouse": mouse}
        for name in values.keys() & set(program):
            program[name] = values[name]
        texture = context.texture(size, 4, dtype="f4")
        target, array = context.framebuffer([texture]), context.vertex_array(program, [])
        target.use()
        array.render(moderngl.TRIANGLES, vertices=3)
        data = target.read(components=3, dtype="f4")
        for one in (array, target, texture, program):
            one.release()
    return np.frombuffer(data, np.float32).reshape(size[1], size[0], 3)[::-1]


def levels(values: Any) -> Any:
    """Display values as numbers from 0 to 255; bytes stay."""
    array = np.asarray(values)
    if array.dtype == np.uint8:
        return array.astype(float)
    return np.round(255 * np.clip(array, 0, 1))


def alike(one: Any, other: Any, *, most: float = 2, share: float = 0.999) -> None:
    """Fail unless pictures differ by at most 2 of 255 on 99.9 % of their values."""
    apart = np.abs(levels(one) - levels(other))
    assert (apart <= most).mean() >= share, (
        f"{(apart > most).mean():.4f} differ, up to {apart.max()}"
    )
