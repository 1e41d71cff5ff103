"""Files that the text of a preset may name: the user's own any, others those beside it or below."""

import os
from pathlib import Path

import pytest

from cppn_gl.utils.origin import NOWHERE, USER, Origin


def test_the_users_own_text_may_name_any_file(tmp_path: Path) -> None:
    own = Origin(tmp_path / "presets", trusted=True)
    assert own.resolve("w.npz") == tmp_path / "presets" / "w.npz"
    assert own.resolve("../w.npz") == tmp_path / "w.npz"
    assert own.resolve(str(tmp_path / "w.npz")) == tmp_path / "w.npz"
    assert USER.resolve("w.npz") == Path.cwd() / "w.npz"


def test_text_from_elsewhere_names_files_beside_it_or_below(tmp_path: Path) -> None:
    foreign = Origin(tmp_path)
    assert foreign.resolve("w.npz") == tmp_path / "w.npz"
    assert foreign.resolve("a/b/w.npz") == tmp_path / "a" / "b" / "w.npz"


@pytest.mark.parametrize(
    "name",
    [
        *("../w.npz", "a/../../w.npz", "a/..", "..", "/etc/passwd", "//server/share/w.npz"),
        *("C:\\w.npz", "C:w.npz", "\\w.npz", "a\\..\\..\\w.npz", "w.npz:stream", "a//w.npz"),
        *("con", "NUL.npz", "com1.safetensors", "a/aux", "LPT¹.npz", "nul .npz"),
    ],
)
def test_text_from_elsewhere_names_nothing_above_and_no_device(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="beside it or below"):
        Origin(tmp_path).resolve(name)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        USER.resolve(name)


def test_a_symbolic_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "w.npz").touch()
    (inside / "real.npz").touch()
    os.symlink(tmp_path / "w.npz", inside / "out.npz")
    os.symlink(tmp_path, inside / "up")
    os.symlink("real.npz", inside / "in.npz")
    for name in ("out.npz", "up/w.npz"):
        with pytest.raises(ValueError, match="leads out"):
            Origin(inside).resolve(name)
    assert Origin(inside).resolve("in.npz") == inside / "real.npz"


def test_text_from_nowhere_names_no_file() -> None:
    with pytest.raises(ValueError, match="cannot name files"):
        NOWHERE.resolve("w.npz")
