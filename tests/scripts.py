"""Calls of the modules of web/ in a browser, many at once, with the bits of their numbers."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from browser import modules
from numpy.typing import NDArray

from cppn_gl.nn.sources import Random

# Arrays become {type, bytes}, in base64; texts of digits with an n become BigInts.
CALL = """
async ([body, cases]) => {
  const revived = (_, one) => (/^[0-9]+n$/.test(one) ? BigInt(one.slice(0, -1)) : one);
  const bits = (array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return { type: array.constructor.name, bytes: btoa(text) };
  };
  const of = new (Object.getPrototypeOf(async function () {}).constructor)("one", body);
  const found = [];
  for (const one of JSON.parse(cases, revived)) found.push(await of(one));
  return JSON.stringify(found, (_, one) => (ArrayBuffer.isView(one) ? bits(one) : one));
}
"""

TYPES = {"Float32Array": "f4", "Float64Array": "f8", "Uint32Array": "u4", "Uint8Array": "u1"}


def called(page: Any, body: str, cases: Sequence[Any]) -> list[Any]:
    """What the body of an async function of `one` returns for each of the cases.

    Typed arrays come as arrays of one axis. Integers in the text form "7n" arrive as BigInts.
    """
    if not page.evaluate("'modules' in globalThis"):
        modules(page)
    text = page.evaluate(CALL, [body, json.dumps(cases)])
    found: list[Any] = json.loads(text, object_hook=_array)
    return found


def _array(table: dict[str, Any]) -> Any:
    if set(table) != {"type", "bytes"}:
        return table
    return np.frombuffer(base64.b64decode(table["bytes"]), TYPES[table["type"]])


def big(value: int) -> str:
    """An integer that arrives as a BigInt."""
    return f"{value}n"


def spec_of(source: Random) -> dict[str, Any]:
    """The spec of a random network, as web/preset.js gives it to web/network.js."""
    between = source.between
    return {
        "kind": "random",
        "depth": source.depth,
        "width": source.width,
        "inputs": list(source.inputs),
        "outputs": source.outputs,
        "activations": [*source.hidden_activations, source.output_activation],
        "init": source.init,
        "weightScale": source.weight_scale,
        "biasScale": source.bias_scale,
        "omega": source.omega,
        "seed": big(source.seed),
        "between": None if between is None else [big(between[0]), between[1]],
        "latent": None if source.latent is None else list(source.latent),
        "boost": [list(one) for one in source.boost],
        "period": source.period,
    }


def same_bits(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether arrays have the same bits, whatever their shapes."""
    return one.dtype == other.dtype and one.tobytes() == np.ascontiguousarray(other).tobytes()
