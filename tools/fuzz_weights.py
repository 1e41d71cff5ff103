"""Feeds damaged and hostile network files to the readers, and counts what happens.

python tools/fuzz_weights.py [--files 100000] [--seed 0] [--megabytes 64]

Each file is a valid one, .safetensors or .npz, with a few mutations: bytes changed, cut, repeated
or inserted, numbers in it made huge or negative, parts of another file spliced in, and headers
and descriptions of graphs edited as text. A file is either read or refused with one line
(ValueError). Anything else is printed with the number that makes that file again, and the exit
status is 1. So it is if memory grows by more than the limit: no file here is larger than a few kB.
"""

import argparse
import io
import json
import random
import re
import resource
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable

import numpy as np

from cppn_gl.nn.file_source import File
from cppn_gl.nn.files import Tensors, npz_bytes, safetensors_bytes
from cppn_gl.nn.graph_source import GraphFile
from cppn_gl.nn.network import Network
from cppn_gl.nn.weights import Weights, tensors_of
from cppn_gl.preset.preset import Preset

INPUTS = ("x", "y", "z0")  # of every valid file
LONGEST = 400  # characters of an error
HUGE = (0, 1, 2, 127, 255, 256, 513, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63, 2**64 - 1)
WORDS = (
    *('"shape":[-1,2]', '"shape":[1e9]', '"dtype":"BF16"', '"dtype":"I64"', '"data_offsets":[9,1]'),
    *("null", "{}", "[]", "[" * 200, '{"a":' * 200, "1e999", "NaN", "-1", "9" * 5000, '"\\ud800"'),
    *("'|O'", "'<f4'", "'<U99999'", "(0, 0)", "(99999, 99999)", "True", "PK\5\6", "PK\1\2", "\0"),
)


def seeds() -> list[tuple[bytes, str]]:
    """The valid files that are mutated."""
    network = Network.random(depth=3, width=5, inputs=INPUTS, seed=1)
    tensors = tensors_of(network)
    halves = {name: array.astype(np.float16) for name, array in tensors.arrays.items()}
    packed = io.BytesIO()
    np.savez_compressed(packed, *tensors.arrays.values(), activations="sin,sin,tanh")
    plain = io.BytesIO()
    np.savez(plain, **halves)
    odd = {"0.weight": np.asfortranarray(np.ones((4, 3), ">f8")), "0.bias": np.zeros(4)}
    fortran = io.BytesIO()
    np.savez(fortran, **odd)
    files = [(npz_bytes(tensors), ".npz")]
    files += [(stream.getvalue(), ".npz") for stream in (packed, plain, fortran)]
    files += [(safetensors_bytes(tensors), ".safetensors")] * 3
    bare = Tensors({"0.weight": tensors.arrays["layers.0.weight"][:3]})
    fourier = {"B": np.ones((4, 3), np.float32), "0.weight": np.ones((3, 8), np.float32)}
    texts = {"fourier_order": "cos,sin", "output_range": "-1,1", "omega": "6.28", "period": "2"}
    files += [(safetensors_bytes(each), ".safetensors") for each in (bare, Tensors(fourier, texts))]
    keys = {"depth": 3, "width": 4, "inputs": INPUTS, "boost": [[2, 1, 3.0]]}
    graph = tensors_of(Preset().replace(structure="inception", which="hidden", **keys).network())
    return [*files, (npz_bytes(graph), ".npz"), *[(safetensors_bytes(graph), ".safetensors")] * 3]


def flip(data: bytearray, chance: random.Random, _: bytes) -> None:
    for _ in range(chance.choice((1, 1, 2, 8))):
        data[chance.randrange(len(data))] = chance.randrange(256)


def cut(data: bytearray, chance: random.Random, _: bytes) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 8, 64, len(data)))]


def repeat(data: bytearray, chance: random.Random, _: bytes) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.choice((1, 8, 100))] * chance.choice((1, 2, 30))


def number(data: bytearray, chance: random.Random, _: bytes) -> None:
    form = chance.choice(("<H", "<I", "<Q"))
    at = chance.randrange(max(1, len(data) - 8))
    value = chance.choice(HUGE) % (1 << 8 * struct.calcsize(form))
    data[at : at + struct.calcsize(form)] = struct.pack(form, value)


def splice(data: bytearray, chance: random.Random, other: bytes) -> None:
    at, start = chance.randrange(len(data)), chance.randrange(len(other))
    data[at : at + chance.choice((0, 40))] = other[start : start + chance.choice((40, 400))]


def insert(data: bytearray, chance: random.Random, _: bytes) -> None:
    at = chance.randrange(len(data))
    data[at : at + chance.choice((0, 4))] = chance.choice(WORDS).encode("utf-8", "surrogatepass")


def digits(data: bytearray, chance: random.Random, _: bytes) -> None:
    """Another number in a header that is text."""
    found = list(re.finditer(rb"\d+", data))
    if found:
        where = chance.choice(found)
        data[where.start() : where.end()] = str(chance.choice(HUGE)).encode()


def header(data: bytearray, chance: random.Random, _: bytes) -> None:
    """A safetensors header with another value somewhere, and its right length."""
    length = int.from_bytes(data[:8], "little")
    try:
        entries = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        return
    if not isinstance(entries, dict) or not entries:
        return
    name = chance.choice(sorted(entries))
    value = chance.choice((None, -1, [], {}, [2**40, 2**40], [-3, 5], "F64", "", 1.5, True, [[1]]))
    if isinstance(entries[name], dict) and entries[name] and chance.random() < 0.8:
        entries[name][chance.choice(sorted(entries[name]))] = value
    else:
        entries[chance.choice((name, "0.weight", "x" * 300))] = value
    text = json.dumps(entries).encode()
    data[: 8 + length] = len(text).to_bytes(8, "little") + text


def graph(data: bytearray, chance: random.Random, _: bytes) -> None:
    """Another value somewhere in the description of a graph, in a safetensors header."""
    length = int.from_bytes(data[:8], "little")
    try:
        entries = json.loads(data[8 : 8 + length])
        found = json.loads(entries["__metadata__"]["graph"])
    except (ValueError, RecursionError, LookupError, TypeError):
        return
    if not isinstance(found, dict) or not found.get("nodes"):
        return
    value = chance.choice(
        (None, -2, 3, 10**9, 1.5, "add", "normalize", [], [[]], {}, [-1, 0], True)
    )
    into = chance.choice([found, *([found["nodes"]] if isinstance(found["nodes"], list) else [])])
    if isinstance(into, list):
        node = chance.choice(into)
        if chance.random() < 0.2:
            into.append(value if chance.random() < 0.5 else node)
        elif isinstance(node, dict) and node:
            node[chance.choice((*sorted(node), "size", "groups", "dilation"))] = value
    else:
        into[chance.choice(("grid", "region", "boost", "nodes", "others"))] = value
    entries["__metadata__"]["graph"] = json.dumps(found)
    text = json.dumps(entries).encode()
    data[: 8 + length] = len(text).to_bytes(8, "little") + text


MUTATIONS: tuple[Callable[[bytearray, random.Random, bytes], None], ...] = (
    *(flip, cut, repeat, number, splice, insert, digits, header, graph, graph),
)


def mutated(files: list[tuple[bytes, str]], seed: int) -> tuple[bytes, str]:
    """A hostile file and its suffix, which follow from the seed."""
    chance = random.Random(seed)
    content, suffix = chance.choice(files)
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if data:
            chance.choice(MUTATIONS)(data, chance, chance.choice(files)[0])
    return bytes(data), suffix


def outcome(data: bytes, suffix: str) -> str:
    """What the readers make of a file: "read", or the first words of the error."""
    try:
        weights = Weights(data, suffix)
        if weights.graph is None:
            File(f"a{suffix}", inputs=INPUTS, weights=weights).network()
        else:
            network = GraphFile(f"a{suffix}", weights=weights).network()
            assert network.parameters <= len(data)
    except ValueError as error:
        words = str(error)
    else:
        return "read"
    if len(words.splitlines()) != 1 or len(words) > LONGEST:
        raise AssertionError(f"not one line: {words}")
    return "refused"


def peak() -> int:
    """The most memory that the process has had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--megabytes", type=int, default=64)
    args = parser.parse_args()
    files = seeds()
    assert {outcome(*each) for each in files} == {"read"}
    counts: Counter[str] = Counter()
    before, started = peak(), time.monotonic()
    for seed in range(args.seed, args.seed + args.files):
        data, suffix = mutated(files, seed)
        try:
            counts[outcome(data, suffix)] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            counts["failed"] += 1
            print(f"--seed {seed} --files 1 ({suffix}):")
            traceback.print_exc()
    grown, seconds = (peak() - before) / 2**20, time.monotonic() - started
    words = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    print(f"{args.files} files from seed {args.seed}: {words}; {seconds:.0f} s, +{grown:.1f} MiB")
    return 1 if counts["failed"] or grown > args.megabytes else 0


if __name__ == "__main__":
    sys.exit(main())
