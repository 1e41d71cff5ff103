"""The command `export`: what it writes, what it says, and the picture of its weights."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cppn_gl.output.exports import EXPORTS

Run = Callable[..., tuple[int, str, str]]
SMALL = ["--depth", "3", "--width", "6"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_format_is_written_and_named(run: Run, name: str) -> None:
    file = f"net{EXPORTS[name].suffixes[0]}"
    status, out, err = run("export", *SMALL, "-o", file, "--format", name)
    assert (status, out) == (0, f"{file}\n")
    assert err == "" or EXPORTS[name].size
    assert Path(file).stat().st_size > 500


def test_a_program_and_its_weights_are_both_named(run: Run) -> None:
    status, out, _ = run("export", "--width", "60", "-o", "net.py", "--format", "torch")
    assert (status, out.split()) == (0, ["net.py", "net_weights.safetensors"])
    assert all(Path(name).exists() for name in out.split())


def test_weights_beside_a_program_replace_only_those_of_that_program(run: Run) -> None:
    words = ["export", "--width", "60", "-o", "net.py", "--format", "torch"]
    weights = Path("net_weights.safetensors")
    weights.write_text("mine")
    status, out, err = run(*words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "net_weights.safetensors: already exists" in err
    assert weights.read_text() == "mine"
    assert not Path("net.py").exists()
    weights.unlink()
    assert run(*words)[0] == 0
    before = weights.read_bytes()
    assert run(*words, "--seed", "7")[0] == 0
    assert weights.read_bytes() != before


def test_a_network_is_not_replaced_by_its_export(run: Run) -> None:
    source = Path("net_weights.safetensors")
    assert run("export", "--width", "60", "-o", str(source))[0] == 0
    before = source.read_bytes()
    Path("net.py").touch()
    for words in (
        ["-o", "net.py", "--format", "torch"],
        ["-o", str(source)],
        ["-o", f"./{source}", "--weight-scale", "2"],
    ):
        status, out, err = run("export", str(source), *words)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "net_weights.safetensors: is the network that is exported" in err
        assert source.read_bytes() == before


def test_a_program_goes_to_standard_output(run: Run) -> None:
    status, out, err = run("export", *SMALL, "-o", "-", "--format", "numpy")
    assert (status, err) == (0, "")
    compile(out, "program", "exec")


def test_what_a_program_leaves_out_is_noted(run: Run) -> None:
    words = ["export", *SMALL, "--mapping", "viridis", "-o", "net.npz"]
    assert (
        run(*words)[2] == "cppn_gl: The preset's colours: mapping viridis are not part of this.\n"
    )
    assert run(*words, "--quiet")[2] == ""


@pytest.mark.parametrize("file", ["net.frag", "net.txt", "net.glsl"])
def test_the_size_of_a_shader_is_said(run: Run, file: str) -> None:
    status, out, err = run("export", *SMALL, "-o", file)
    assert (status, out) == (0, f"{file}\n")
    assert err == f"cppn_gl: {Path(file).stat().st_size:,} characters\n"
    status, out, err = run("export", *SMALL, "-o", "-", "--format", "shadertoy", "--quiet")
    assert (status, out.count("void mainImage"), err) == (0, 1, "")


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_exported_weights_give_the_same_picture(run: Run, suffix: str) -> None:
    drawn = [*SMALL, "--inputs", "x,y,t,z0,sin_2x", "--set", "period=3", "--weight-scale", "1.3"]
    seen = [
        "--set",
        "speed=0.5",
        "--time",
        "1.5",
        "--extent",
        "2",
        "--size",
        "64x40",
        "--engine",
        "native",
    ]
    assert run("export", *drawn, *seen[:4], "-o", f"net.{suffix}")[0] == 0
    assert run("render", *drawn, *seen, "-o", "a.png")[0] == 0
    status, _, err = run("render", "--network", f"net.{suffix}", *seen, "-o", "b.png")
    assert (status, err) == (0, "")
    from PIL import Image

    with Image.open("a.png") as one, Image.open("b.png") as other:
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "export needs -o FILE"),
        (["-o", "net.py"], "net.py: can be of several formats; give a format: numpy"),
        (["-o", "net.onnx"], "net.onnx: nothing is exported under this name"),
        (["-o", "no/net.npz"], "the folder no does not exist"),
        (["-o", "net.npz", "--set", "depth=0"], "network.depth: 0 is not an integer"),
        (["-o", "net.py", "--format", "tensorflow"], "--format: no format 'tensorflow'"),
    ],
)
def test_a_wrong_command_is_one_line_and_writes_nothing(
    run: Run, words: list[str], problem: str, tmp_path: Path
) -> None:
    status, out, err = run("export", *words)
    assert (status, out) == (2, "")
    assert problem in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
