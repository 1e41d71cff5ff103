"""The command `export --gallery`: a site of all presets or of some, and what it refuses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cppn_gl.cli import gallery
from cppn_gl.nn.vision import squeezenet
from cppn_gl.output.web import site
from cppn_gl.preset.library import load_preset, shipped

Run = Callable[..., tuple[int, str, str]]
SMALL = ["--depth", "2", "--width", "4"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.gl
def test_presets_by_name_and_file_become_a_site(run: Run) -> None:
    Path("mine.toml").write_text(load_preset("lab").replace(title="My <own>").to_toml())
    status, out, err = run("export", "--gallery", "made/site", "default", "mine.toml", *SMALL)
    assert (status, out) == (0, "made/site\n")
    assert "2 presets, 2 live" in err
    folder = Path("made/site")
    assert sorted(path.name for path in folder.glob("*.html")) == [
        "default.html",
        "index.html",
        "mine.html",
    ]
    index = (folder / "index.html").read_text("utf-8")
    assert "My &lt;own&gt;" in index
    assert "tour.html" not in index
    assert run("export", "--gallery", "made/site", "default", *SMALL, "--quiet")[2] == ""


@pytest.mark.gl
def test_without_a_preset_it_is_all_shipped_ones_and_the_tour(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def write_site(renderer: object, shots: list[object], folder: Path, **keys: object) -> str:
        seen.extend(shot.preset.name for shot in shots)  # type: ignore[attr-defined]
        assert keys["tour"] == ["told"]
        return site.Written(len(shots), 0, 1, 1, 1, ("index.html", 1), ())  # type: ignore[return-value]

    monkeypatch.setattr(site, "write_site", write_site)
    monkeypatch.setattr(gallery, "_tour", lambda args: ["told"])
    assert run("export", "--gallery", "site")[0] == 0
    assert seen == list(shipped())


@pytest.mark.gl
def test_what_lacks_a_library_is_told_and_does_not_fail(
    run: Run, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    squeezenet._read.cache_clear()
    request.addfinalizer(squeezenet._read.cache_clear)
    monkeypatch.setattr("cppn_gl.utils.extras.find_spec", lambda library: None)
    two = {name: shipped()[name] for name in ("squeezenet", "relu-curve")}
    monkeypatch.setattr(gallery.library, "shipped", lambda: two)
    monkeypatch.setattr(gallery, "_tour", lambda args: [])
    status, _, err = run("export", "--gallery", "site")
    assert status == 0
    assert "squeezenet: no picture: " in err
    assert "pip install" in Path("site/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--gallery", "site", "-o", "x.html"], "--gallery DIR and --output exclude each other"),
        (["--gallery", "site", "--size", "9x9"], "--gallery DIR and --size exclude each other"),
        (["--gallery", "site", "--samples", "2"], "--gallery DIR and --samples exclude each other"),
        (["--gallery", "site", "--format", "page"], "--gallery DIR and --format exclude"),
        (["--overwrite", "-o", "x.npz"], "--overwrite is for --gallery DIR"),
        (["default", "lab", "-o", "x.npz"], "unexpected argument 'lab': --gallery DIR takes"),
        (["--gallery", ""], "empty name"),
        (["--gallery", "site", "no-such"], "no preset 'no-such'"),
        (["--gallery", "site", "lab", "--depth", "0"], "lab: network.depth: 0 is not"),
        (["--gallery", "site", "--depth", "9999"], "default: network.depth: 9999 is not"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(run: Run, words: list[str], problem: str) -> None:
    status, out, err = run("export", *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert problem in err
    assert not Path("site").exists()


@pytest.mark.gl
def test_a_folder_of_other_files_is_left_alone(run: Run) -> None:
    Path("site").mkdir()
    Path("site/index.html").write_text("mine")
    words = ["export", "--gallery", "site", "default", *SMALL, "--quiet"]
    status, _, err = run(*words)
    assert (status, err.count("\n")) == (2, 1)
    assert "index.html: is not of a site by cppn_gl" in err
    assert "(--overwrite)" in err
    assert Path("site/index.html").read_text() == "mine"
    assert run(*words, "--overwrite")[0] == 0
    assert Path("site/index.html").read_text() != "mine"
