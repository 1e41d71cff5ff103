"""The modules of web/ as one script, for a page that loads nothing.

    web/NAME.js, and what it imports -> modules, each behind those that it imports -> a script

A module is wrapped in a function, so that its private names are its own. Only these forms are
understood: `import { a, b as c } from "./name.js";` at the start of a line, and before a
declaration `export` of a function, an async or generator function, a class or a constant.
"""

import re
from functools import cache

from cppn_gl.nn import activations
from cppn_gl.utils.resources import resource

ENTRY = "main"

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./(\w+)\.js";\n?', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async function\*?|function\*?|class|const) ?(\w+))", re.MULTILINE
)
_OTHER = re.compile(r"^(?:import\b|export\b).*", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:.|\n)*?\*/[ \t]*)\n|^[ \t]*\n", re.MULTILINE)


def bundle(entry: str = ENTRY, *, expose: bool = False) -> str:
    """The script of the module `entry` and all that it imports, directly or not.

    It sets `globalThis.program` to the exports of `entry`. `expose`: all modules are in it, and it
    sets `globalThis.modules` to their exports, by name.

    Raises ValueError for a form that is not understood, a cycle and a missing module.
    """
    order: list[str] = []
    for name in module_names() if expose else [entry]:
        _visit(name, (), order)
    wrapped = "".join(_wrapped(name) for name in order)
    given = "globalThis.modules = modules" if expose else f"globalThis.program = modules.{entry}"
    return f'(() => {{\n"use strict";\nconst modules = {{}};\n{wrapped}{given};\n}})();\n'


def module_names() -> list[str]:
    """The names of all modules, of generated ones too."""
    return sorted({path.stem for path in resource("web").glob("*.js")} - {"boot"} | set(GENERATED))


def _visit(name: str, above: tuple[str, ...], order: list[str]) -> None:
    """Append a module to `order`, behind those that it imports."""
    if name in above:
        raise ValueError(f"web/{name}.js imports itself by way of {' and '.join(above)}")
    if name not in order:
        for _, imported in _IMPORT.findall(_source(name)):
            _visit(imported, (*above, name), order)
        order.append(name)


def _wrapped(name: str) -> str:
    """A module as a statement that sets its exports."""
    text = _source(name)
    imports = []
    for names, other in _IMPORT.findall(text):
        fields = ", ".join(part.strip().replace(" as ", ": ") for part in names.split(","))
        imports.append(f"const {{ {fields.rstrip(', ')} }} = modules.{other};\n")
    exported = _EXPORT.findall(text)
    text = _EXPORT.sub("", _IMPORT.sub("", text))
    if wrong := _OTHER.search(text):
        raise ValueError(f"web/{name}.js: not understood: {wrong[0]}")
    body = "".join(imports) + _COMMENT.sub("", text)
    return f"modules.{name} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"


def _activations() -> str:
    made = getattr(activations, "js_activations", lambda: "export const ACTIVATIONS = {};\n")
    return str(made())


# Modules that are made from the tables of Python, by name.
GENERATED = {"activations": _activations}


@cache
def _source(name: str) -> str:
    if name in GENERATED:
        return GENERATED[name]()
    path = resource("web") / f"{name}.js"
    if not path.is_file():
        raise ValueError(f"no module web/{name}.js")
    return path.read_text("utf-8")
