"""Scenes of Python as values of the modules of web/, for tests that draw in Chromium."""

import base64
import json
from typing import Any

import numpy as np
from browser import modules
from numpy.typing import NDArray

from cppn_gl.nn.network import Network
from cppn_gl.output.web.shaders import shader_texts
from cppn_gl.preset.scene import Scene

# Values of JavaScript that tests use, in a page that has the modules.
SETTING = """() => {
  const floats = (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };
  const layerOf = ({ weight, bias, ...rest }) => {
    return { ...rest, weight: floats(weight), bias: floats(bias) };
  };
  globalThis.networkFrom = (json) => ({ ...json, layers: json.layers.map(layerOf) });
  globalThis.sceneFrom = (json) => ({ ...json, network: networkFrom(json.network) });
  globalThis.textOf = (data) => {
    const bytes = new Uint8Array(data.buffer || data, data.byteOffset || 0, data.byteLength);
    let text = "";
    for (let k = 0; k < bytes.length; k += 8192) {
      text += String.fromCharCode(...bytes.subarray(k, k + 8192));
    }
    return btoa(text);
  };
  globalThis.painterOf = (shaders) => {
    const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
    return new modules.painter.Painter(gl, shaders);
  };
}"""


def set_up(page: Any) -> Any:
    """The page with all modules, the values of SETTING and `painter`; at most once."""
    if not page.evaluate("'painter' in globalThis"):
        modules(page)
        page.evaluate(SETTING)
        page.evaluate("(shaders) => { globalThis.painter = painterOf(shaders); }", shader_texts())
    return page


def network_json(network: Network) -> dict[str, Any]:
    """A network as `networkFrom` reads it."""
    layers = [
        {
            "rows": len(layer.bias),
            "columns": layer.weight.shape[1],
            "weight": base64.b64encode(layer.weight.tobytes()).decode(),
            "bias": base64.b64encode(layer.bias.tobytes()).decode(),
            "activation": layer.activation,
        }
        for layer in network.drawn
    ]
    return {
        "layers": layers,
        "scales": network.scales,
        "inputs": network.inputs,
        "latent": network.latent,
        "period": network.period,
        "outputs": network.outputs,
        "channels": network.channels,
    }


def scene_json(scene: Scene) -> dict[str, Any]:
    """A scene as `sceneFrom` reads it."""
    clock = {"time": scene.clock.time, "speed": scene.clock.speed, "loop": scene.clock.loop}
    view = {"center": list(scene.view.center), "extent": scene.view.extent}
    return {"network": network_json(scene.network), "view": view, "clock": clock}


def bytes_of(page: Any, expression: str, argument: Any = None) -> bytes:
    """The bytes of an array of JavaScript: of a function of `argument`, or of its promise."""
    given = json.dumps(argument)
    text = page.evaluate(f"(async () => textOf(await ({expression})({given})))()")
    return base64.b64decode(text)


def outputs(page: Any, scene: Scene, size: tuple[int, int], how: str = "{}") -> NDArray[np.float32]:
    """The outputs of a scene as the page's painter draws them, (height, width, channels)."""
    script = f"""async (json) => {{
      const scene = sceneFrom(json);
      const planes = painter.planes({size[0]}, {size[1]}, scene.network.channels);
      await painter.draw(scene, planes, {how});
      const read = await painter.read(planes);
      planes.release();
      return read;
    }}"""
    data = np.frombuffer(bytes_of(page, script, scene_json(scene)), np.float32)
    return data.reshape(size[1], size[0], -1)
