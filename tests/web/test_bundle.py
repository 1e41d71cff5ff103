"""The modules of web/ as one script."""

from pathlib import Path
from typing import Any

import pytest

from cppn_gl.output.web import bundle


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for web/ in this test, with no generated modules."""
    monkeypatch.setattr(bundle, "resource", lambda name: tmp_path)
    monkeypatch.setattr(bundle, "GENERATED", {})
    monkeypatch.setattr(bundle, "_source", bundle._source.__wrapped__)
    return tmp_path


def write(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, "utf-8")


MAIN = """
import { start as begin, Two } from "./other.js";
import {
  three,
} from "./c.js";
const hidden = 1;
export function all() {
  return [begin(), new Two().x, three];
}
export function sees() {
  return typeof own + typeof hidden;
}
"""

OTHER = """// A comment
import { three } from "./c.js";
const own = 5;
/** Another,
    on lines. */
export function start() {
  return own + three;
}
export class Two {
  x = 2;
}
"""

THIRD = """
export const three = 3;
export async function later() {}
export function* each() {}
"""


@pytest.mark.browser
def test_modules_see_what_they_import_and_nothing_else(folder: Path, page: Any) -> None:
    write(folder, main=MAIN, other=OTHER, c=THIRD)
    page.set_content("<!doctype html><title>t</title>")
    page.add_script_tag(content=bundle.bundle())
    assert page.evaluate("program.all()") == [8, 2, 3]
    assert page.evaluate("program.sees()") == "undefinednumber"
    assert page.evaluate("typeof modules") == "undefined"
    page.add_script_tag(content=bundle.bundle(expose=True))
    assert page.evaluate("Object.keys(modules).sort()") == ["c", "main", "other"]
    assert page.evaluate("Object.keys(modules.c)") == ["three", "later", "each"]


def test_a_module_stands_once_behind_those_that_it_imports(folder: Path) -> None:
    write(
        folder,
        main='import { a } from "./a.js";\nimport { b } from "./b.js";\n',
        a='import { b } from "./b.js";\nexport const a = b;\n',
        b="export const b = 1;\n",
        unused="export const unused = 1;\n",
    )
    script = bundle.bundle()
    assert script.count("modules.b = ") == 1
    assert (
        script.index("modules.b = ") < script.index("modules.a = ") < script.index("modules.main")
    )
    assert "unused" not in script


def test_comments_are_left_out_and_code_is_not(folder: Path) -> None:
    code = 'export const url = "http://x"; // why\nexport const s = `/*\n * no */`;\n'
    write(folder, main="// What it is.\n\n/** A\n * b */\n" + code)
    script = bundle.bundle()
    assert "What it is" not in script
    assert "* b" not in script
    assert '"http://x"' in script
    assert "* no */`" in script


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('import { a } from "./main.js";\n', "main.js imports itself"),
        ('import { a } from "./absent.js";\n', "no module web/absent.js"),
        ('import a from "./main.js";\n', "not understood: import a from"),
        ("export default 1;\n", "not understood: export default 1"),
        ("export let a = 1;\n", "not understood: export let"),
    ],
)
def test_other_forms_are_refused(folder: Path, text: str, problem: str) -> None:
    write(folder, main=text)
    with pytest.raises(ValueError, match=problem):
        bundle.bundle()
