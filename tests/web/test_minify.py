"""Shorter scripts and shaders mean the same."""

import re
from typing import Any

import pytest

from cppn_gl.output.web import bundle
from cppn_gl.output.web.bundle import ENTRY, ENTRY_CELLS, minified, module_names
from cppn_gl.output.web.minify import GLOBALS, KEYWORDS, joined, tokens_of
from cppn_gl.output.web.minify_shaders import shorter_shaders

HELPER = """
const hidden = 3;
let count = 0;
class Base {
  static made = 0;
  constructor(first, { second = 2, ...others } = {}) {
    Object.assign(this, { first, second, others });
    this._own = first + second;
    Base.made++;
  }
  get own() { return this._own; }
  *each() { for (const value of [this.first, this.second]) yield value; }
  async later() { return (await Promise.resolve(this._own)) + count++; }
}
function total(...values) {
  return values.reduce((sum, value) => sum + value, 0);
}
"""
MAIN = """
const hidden = 4;
const texts = { class: "a", let: `b${hidden > 3 ? `c${hidden}` : ""}d`, "x-y": /[/"`]{2}\\/(\\d+)/g };
function start(first) {
  const { first: one, second } = new Thing(first, { second: 5, third: 6 });
  const found = [1, -1, - -1, 2 / 2, +(1 + +1)];
  let at = 0;
  for (let i = 0, j = 9; i < j; i++, j--) { at += i; }
  for (;;) { if (at++ > 20) break; }
  const named = { one, two: second, get three() { return at; }, four(value) { return value * 2; } };
  const [a, , b = 7] = found;
  switch (a) { case 1: at += 100; break; default: at = 0; }
  const arrow = (value) => ({ value });
  const later = async (value) => value;
  const match = "x\\"/`/12".replace(texts["x-y"], "$1");
  return [one, second, named.three, named.four(3), a, b, at, arrow(1).value, texts.let, match,
    [...new Thing(1).each()], Thing.made, sum(...found), typeof later, new Thing(2).own];
}
"""
IMPORTS = {"Thing": ("helper", "Base"), "sum": ("helper", "total")}


@pytest.mark.browser
def test_a_shorter_script_gives_the_same(page: Any) -> None:
    script = joined({"helper": (HELPER, {}), "main": (MAIN, IMPORTS)}, "main")
    page.set_content("<!doctype html><title>t</title>")
    page.add_script_tag(content=f'(()=>{{"use strict";{script}}})()')
    found = page.evaluate("program.start(3)")
    whole = HELPER + MAIN.replace("const hidden = 4;", "").replace("hidden", "4")
    whole = whole.replace("Thing", "Base").replace("sum(", "total(")
    page.add_script_tag(content=f'(()=>{{"use strict";{whole}globalThis.whole={{start}}}})()')
    assert found == page.evaluate("whole.start(3)")
    assert len(script) < 0.75 * len(HELPER + MAIN)


@pytest.mark.parametrize("entry", [ENTRY, ENTRY_CELLS])
def test_no_name_is_declared_twice(entry: str) -> None:
    text = minified(entry)
    assert "//" not in re.sub(r'"[^"]*"|`[^`]*`|/[^/ ]+/', "", text[:2000])
    declared = re.findall(r"(?:^|[;}])(?:async )?(?:function\*? ?|class )(\w+)", text)
    assert len(declared) > 50
    tops = [name for name in declared if len(name) > 1]
    assert len(set(tops)) > 0.9 * len(tops)


@pytest.mark.browser
def test_what_modules_use_of_the_browser_is_known(page: Any) -> None:
    """A name that is no module's own is one of GLOBALS, which are not renamed."""
    names = {}
    for module in module_names():
        text = bundle._bare(module)
        for token in tokens_of(text):
            if token.role == "variable" and token.text not in GLOBALS | KEYWORDS:
                names.setdefault(token.text, set()).add(module)
    known = page.evaluate("(names) => names.filter((name) => name in globalThis)", list(names))
    for name in known:
        for module in names[name]:
            text = bundle._bare(module)
            imported = name in bundle._imported(module)
            declared = re.search(
                rf"\b(?:const|let|function\*?|class)\s+(?:{name}\b|[\[{{(][^;=]*\b{name}\b)"
                rf"|[(,{{\[.]\s*{name}\b[^()]*?\)?\s*(?:=>|\)\s*{{)|\b{name}\s*=>|catch \({name}\)",
                text,
            )
            assert imported or declared, f"{module}: {name}"


def test_names_that_scripts_set_stay_in_shaders() -> None:
    text = "uniform float extent;\n#define TWICE(x) \\\n(2.0 * x)\nfloat activation_tanh(float long_name)"
    text += " {\nreturn TWICE(long_name) - -extent;\n}\n"
    found = shorter_shaders({"a": text}, ['"extent"', "`activation_${"])["a"]
    assert "uniform float extent;" in found
    assert "activation_tanh(" in found
    assert "long_name" not in found
    assert "TWICE" not in found
    assert "- -extent" in found
    assert "\n#define " in found
