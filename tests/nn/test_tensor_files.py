"""Files of numbers: read as the libraries write them, refused in one line, in bounded memory."""

import io
import json
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.nn.files import (
    MAX_FILE,
    READERS,
    WRITERS,
    Tensors,
    format_of,
    npz_bytes,
    read_bytes,
    read_tensors,
    safetensors_bytes,
)
from cppn_gl.utils.checks import PresetError

ROOT = Path(__file__).resolve().parents[2]
ARRAYS = {
    "0.weight": np.arange(6, dtype=np.float32).reshape(3, 2) / 7,
    "0.bias": np.array([0.5, -1e-30, 1e30], np.float32),
}


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def safetensors_file(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(shape: Any = (2, 2), kind: Any = "F32", offsets: Any = (0, 16)) -> dict[str, Any]:
    return {"dtype": kind, "shape": list(shape), "data_offsets": list(offsets)}


def problem(data: bytes, suffix: str) -> str:
    """Why a file is refused; "" if it is read."""
    try:
        read_tensors(data, suffix)
    except ValueError as error:
        return str(error)
    return ""


def refused(data: bytes, suffix: str) -> str:
    words = problem(data, suffix)
    assert len(words.splitlines()) == 1
    assert len(words) < 400
    return words


# What libraries write


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4", ">f8"])
def test_npz_files_of_numpy_are_read(kind: Any) -> None:
    arrays = {name: array.astype(kind) for name, array in ARRAYS.items() if name == "0.weight"}
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, allow_pickle=False, **arrays)
        found = read_tensors(stream.getvalue(), ".npz").arrays
        np.testing.assert_array_equal(found["0.weight"], arrays["0.weight"].astype(np.float32))
        assert found["0.weight"].dtype == np.float32


def test_fortran_order_and_texts_in_npz() -> None:
    array = np.asfortranarray(ARRAYS["0.weight"])
    found = read_tensors(
        npz(w=array, inputs="x,y", omega=30.0, activations=np.array(["sin"])), ".npz"
    )
    np.testing.assert_array_equal(found.arrays["w"], array)
    assert found.texts == {"inputs": "x,y", "omega": "30.0", "activations": "sin"}


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_safetensors_files_of_the_library_are_read(kind: Any) -> None:
    arrays = {"0.weight": ARRAYS["0.weight"].astype(kind)}
    found = read_tensors(safetensors.numpy.save(arrays, {"inputs": "x,y"}), ".safetensors")
    np.testing.assert_array_equal(found.arrays["0.weight"], arrays["0.weight"].astype(np.float32))
    assert found.texts == {"inputs": "x,y"}


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    values = np.array([[1.0, -2.5], [2.0**14, 1 / 256]], np.float32)  # exact in 8 bits
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    data = safetensors_file({"w": entry(kind="BF16", offsets=(0, 8))}, halves)
    np.testing.assert_array_equal(read_tensors(data, ".safetensors").arrays["w"], values)


# What is written


@pytest.mark.parametrize("suffix", WRITERS)
def test_what_is_written_comes_back(suffix: str) -> None:
    tensors = Tensors(ARRAYS, {"inputs": "x,y", "activations": "sin,tanh", "omega": "30"})
    data = WRITERS[suffix](tensors)
    found = read_tensors(data, suffix)
    assert found.texts == tensors.texts
    assert set(found.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)
    assert WRITERS[suffix](tensors) == data


def test_libraries_read_what_is_written() -> None:
    tensors = Tensors(ARRAYS, {"inputs": "x,y"})
    for name, array in safetensors.numpy.load(safetensors_bytes(tensors)).items():
        np.testing.assert_array_equal(array, ARRAYS[name])
    with np.load(io.BytesIO(npz_bytes(tensors))) as found:
        np.testing.assert_array_equal(found["0.weight"], ARRAYS["0.weight"])
        assert str(found["inputs"]) == "x,y"


def test_the_bytes_do_not_depend_on_the_process() -> None:
    code = (
        "import sys, numpy as np; from cppn_gl.nn.files import Tensors, WRITERS;"
        "t = Tensors({'w': np.ones((2, 2), 'f4')}, {k: k for k in 'abcdefgh'});"
        "sys.stdout.buffer.write(b''.join(write(t) for write in WRITERS.values()))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != b""


# What is refused


WRONG_SAFETENSORS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "cut short"),
    "no header": (b"\x01", "cut short"),
    "a header longer than the file": (safetensors_file(b"{}", length=2**62), "cut short"),
    "a huge header": (safetensors_file(b" " * 2**21), "a header of 2097152 bytes"),
    "a pickle": (b"\x80\x02}q\x00." * 40, "cut short"),
    "no JSON": (safetensors_file(b"{what}"), "its header"),
    "not UTF-8": (safetensors_file(b'{"\xff": 1}'), "its header"),
    "deep": (safetensors_file(b"[" * 100_000), "nested too deep"),
    "a list": (safetensors_file([]), "no JSON object"),
    "twice": (safetensors_file(b'{"w": 1, "w": 2}'), "'w' occurs twice"),
    "no entry": (safetensors_file({"w": 3}), "expected dtype, shape and data_offsets"),
    "integers": (safetensors_file({"w": entry(kind="I64")}, bytes(32)), "type 'I64'"),
    "type no text": (safetensors_file({"w": entry(kind=[1])}, bytes(16)), "type \\[1\\]"),
    "shape of texts": (safetensors_file({"w": entry(shape="ab")}, bytes(16)), "lists of integers"),
    "shape of true": (safetensors_file({"w": entry(shape=[True, 2])}), "lists of integers"),
    "negative shape": (safetensors_file({"w": entry((-2, -2))}, bytes(16)), "shape \\(-2, -2\\)"),
    "huge shape": (safetensors_file({"w": entry((2**40, 2**40))}), "shape \\(1099511627776"),
    "three dimensions": (safetensors_file({"w": entry((1, 1, 2))}), "a matrix or a vector"),
    "kernels": (safetensors_file({"w": entry((1, 1, 2, 2))}), "list its layers in a preset"),
    "negative offset": (safetensors_file({"w": entry(offsets=(-16, 0))}, bytes(16)), "damaged"),
    "huge offset": (safetensors_file({"w": entry(offsets=(0, 2**80))}, bytes(16)), "damaged"),
    "cut short": (safetensors_file({"w": entry()}, bytes(15)), "damaged"),
    "too long": (safetensors_file({"w": entry()}, bytes(17)), "damaged"),
    "wrong size": (safetensors_file({"w": entry((2, 3))}, bytes(16)), "damaged"),
    "overlapping": (safetensors_file({"v": entry(), "w": entry()}, bytes(16)), "damaged"),
    "metadata": (safetensors_file({"__metadata__": {"a": 1}}), "metadata"),
    "many": (safetensors_file({f"w{n}": entry() for n in range(600)}), "600 tensors"),
    "a long name": (safetensors_file({"w" * 201: entry()}), "no name for a tensor"),
    "a name of two lines": (safetensors_file({"a\nb": entry()}), "no name for a tensor"),
    "not a number": (
        safetensors_file({"w": entry()}, struct.pack("<4f", 0, 1, 2, float("nan"))),
        "NaN",
    ),
    "beyond float32": (
        safetensors_file(
            {"w": entry(kind="F64", offsets=(0, 32))}, struct.pack("<4d", 0, 1, 2, 1e300)
        ),
        "beyond ±1e\\+30",
    ),
}


@pytest.mark.parametrize("name", WRONG_SAFETENSORS)
def test_a_wrong_safetensors_file_gets_one_line(name: str) -> None:
    data, expected = WRONG_SAFETENSORS[name]
    assert re.search(expected, refused(data, ".safetensors"))


def zipped(content: bytes, name: str = "w.npy", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of a member; of several with the same content for "a|b"."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for each in name.split("|"):
            archive.writestr(each, content)
    return stream.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def header(descr: str = "'<f4'", shape: str = "(2, 2)", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def changed(data: bytes, change: Callable[[bytearray], None]) -> bytes:
    copy = bytearray(data)
    change(copy)
    return bytes(copy)


def with_count(copy: bytearray) -> None:
    copy[-12:-10] = struct.pack("<H", 65535)


def with_size(copy: bytearray) -> None:
    copy[-10:-6] = struct.pack("<I", 2**32 - 1)


def with_number(copy: bytearray) -> None:
    at = copy.index(b"\x93NUMPY")
    copy[at + len(GOOD) - 1] ^= 1


GOOD = npy(header(), bytes(16))
WRONG_NPZ: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "cut short"),
    "a pickle": (b"\x80\x02}q\x00." * 40, "not an npz file"),
    "cut short": (npz(w=np.ones((2, 2)))[:-30], "cut short"),
    "a zip of other things": (zipped(b"hello", "a.txt"), "not an array"),
    "an object": (npz(w=np.array([{}], dtype=object)), "pickle"),
    "integers": (npz(w=np.ones((2, 2), int)), "type '<i8'"),
    "complex": (npz(w=np.ones((2, 2), complex)), "type '<c16'"),
    "records": (npz(w=np.zeros(2, [("a", "f4")])), "type"),
    "three dimensions": (npz(w=np.ones((2, 2, 2))), "a matrix or a vector"),
    "wide": (npz(w=np.ones((1, 513), "f4")), "up to 512 units"),
    "nothing": (npz(w=np.ones((0, 2))), "shape \\(0, 2\\)"),
    "not a number": (npz(w=np.array([[np.inf]])), "NaN or infinity"),
    "huge shape": (zipped(npy(header(shape="(99999999999, 99999999999)"))), "shape"),
    "shape beyond data": (zipped(npy(header(shape="(512, 512)"), bytes(16))), "expected 1048576"),
    "shape within data": (zipped(npy(header(shape="(1, 1)"), bytes(16))), "16 bytes; expected 4"),
    "a bomb": (zipped(bytes(2**24), "w.npy"), "larger than any layer"),
    "code": (zipped(npy("{'descr': __import__('os').system('true')}")), "not an array"),
    "nested": (zipped(npy(header(shape="(" * 1000))), "not an array"),
    "a text for a matrix": (npz(w=np.array(["a", "b"])), "type '<U1'"),
    "a long text": (npz(w=np.array("a" * 5000)), "type"),
    "many": (npz(**{f"w{n}": np.ones(1) for n in range(600)}), "600 arrays"),
    "a name of two lines": (zipped(GOOD, "a\nb.npy"), "no name for a tensor"),
    "twice": (zipped(GOOD, "w|w.npy"), "'w' occurs twice"),
    "bzip2": (zipped(GOOD, method=zipfile.ZIP_BZIP2), "deflate"),
    "a wrong checksum": (changed(zipped(GOOD, method=zipfile.ZIP_STORED), with_number), "checksum"),
    "more entries than there are": (changed(zipped(GOOD), with_count), "65535 arrays"),
    "a huge directory": (changed(zipped(GOOD), with_size), "arrays|damaged"),
    "bytes before": (b"MZ" + zipped(GOOD), "damaged"),
    "bytes after": (zipped(GOOD) + b"\0", "not an npz file"),
}


@pytest.mark.parametrize("name", WRONG_NPZ)
def test_a_wrong_npz_file_gets_one_line(name: str) -> None:
    data, expected = WRONG_NPZ[name]
    assert re.search(expected, refused(data, ".npz"))


def test_a_zip_bomb_allocates_nothing() -> None:
    """1 GB of zeros in 1 MB: neither as an array nor as a member is it unpacked."""
    import zlib

    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(
        [squeeze.compress(GOOD[:-16]), *(squeeze.compress(bytes(2**20)) for _ in range(64))]
    )
    packed += squeeze.flush()
    bomb = bytearray(zipped(GOOD))
    start = 30 + len("w.npy")
    directory = bomb[bomb.index(b"PK\1\2") :]
    directory[20:24] = struct.pack("<I", len(packed))  # packed; unpacked stays small
    local = bomb[:start]
    bomb = local + packed + directory
    bomb[-6:-2] = struct.pack("<I", len(local) + len(packed))
    tracemalloc.start()
    try:
        assert "checksum" in refused(bytes(bomb), ".npz")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_many_names_of_the_same_bytes_are_refused_before_they_fill_the_memory() -> None:
    """256 entries of the directory for one packed array: 256 × 2 MiB from 20 kB."""
    one = zipped(npy(header("'<f8'", "(512, 512)"), bytes(8 * 512**2)), "w000.npy")
    start = one.index(b"PK\1\2")
    entry_, end = one[start:-22], bytearray(one[-22:])
    entries = b"".join(entry_.replace(b"w000", b"w%03d" % n) for n in range(256))
    end[8:16] = struct.pack("<HHI", 256, 256, len(entries))
    tracemalloc.start()
    try:
        assert "more than 144 MiB" in refused(one[:start] + entries + bytes(end), ".npz")
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", READERS)
def test_reading_allocates_a_small_multiple_of_the_file(suffix: str) -> None:
    arrays = {f"{n}.weight": np.ones((512, 512), np.float32) for n in range(4)}
    data = WRITERS[suffix](Tensors(arrays))
    tracemalloc.start()
    try:
        read_tensors(data, suffix)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(data)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", READERS)
@given(data=st.data())
def test_damaged_files_end_in_one_line(suffix: str, data: st.DataObject) -> None:
    whole = bytearray(WRITERS[suffix](Tensors(ARRAYS, {"inputs": "x,y"})))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.sampled_from([0, 1, 4]))] = data.draw(
            st.one_of(
                st.binary(max_size=8), st.sampled_from([b'"', b"[", b"-1", b"9" * 40, b"\xff" * 8])
            )
        )
    assert len(problem(bytes(whole), suffix).splitlines()) <= 1


def test_the_fuzzing_tool_finds_nothing() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "fuzz_weights.py"), "--files", "300"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("300 files from seed 0: ")


# Names and files


@pytest.mark.parametrize("name", ["net.pt", "net.PTH", "a.ckpt", "a.pkl", "pytorch_model.bin"])
def test_a_pickle_is_refused_with_its_conversion(name: str) -> None:
    with pytest.raises(
        ValueError, match=r"pickle can run any program.*safetensors.torch.save_file"
    ):
        format_of(name)


@pytest.mark.parametrize("name", ["net", "net.npy", "net.toml"])
def test_another_suffix_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected \.safetensors, \.npz, \.onnx, or squeezenet"):
        format_of(name)


def test_only_regular_files_of_some_size_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    large = tmp_path / "large.npz"
    with large.open("wb") as file:
        file.truncate(MAX_FILE + 1)  # sparse
    for path, words in (
        (tmp_path, "Is a directory"),
        (tmp_path / "pipe.npz", "a device or a pipe"),
        (Path("/dev/zero"), "a device or a pipe"),
        (tmp_path / "none.npz", "No such file"),
        (Path("a\0b"), "null"),
        (large, "larger than 272 MiB"),
    ):
        with pytest.raises(PresetError, match=words):
            read_bytes(path)
