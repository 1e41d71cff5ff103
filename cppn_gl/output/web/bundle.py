"""The modules of web/ as one script, for a page that loads nothing.

    web/NAME.js, and what it imports -> modules, each behind those that it imports -> a script

A module is wrapped in a function, so that its private names are its own. Only these forms are
understood: `import { a, b as c } from "./name.js";` at the start of a line, and before a
declaration `export` of a function, an async or generator function, a class or a constant.
"""

import re
from functools import cache

from cppn_gl.nn.activations import js_activations
from cppn_gl.output.web.minify import joined
from cppn_gl.utils.resources import resource

ENTRY, ENTRY_CELLS = "main", "main_cells"  # of pages of one picture, and of many in a grid

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


def minified(entry: str = ENTRY, without: frozenset[str] = frozenset()) -> str:
    """The same as `bundle`, shorter: without comments and blanks, with short names of variables.

    `without`: modules that the page never calls; their functions only throw there.
    """
    order: list[str] = []
    _visit(entry, (), order, without)
    script = joined(
        {name: (_left_out(name), {}) for name in order if name in without}
        | {name: (_bare(name), _imported(name)) for name in order if name not in without},
        entry,
    )
    return f'(()=>{{"use strict";{script}}})();'


def _visit(
    name: str, above: tuple[str, ...], order: list[str], without: frozenset[str] = frozenset()
) -> None:
    """Append a module to `order`, behind those that it imports."""
    if name in above:
        raise ValueError(f"web/{name}.js imports itself by way of {' and '.join(above)}")
    if name not in order:
        for _, imported in _IMPORT.findall(_source(name)) if name not in without else ():
            _visit(imported, (*above, name), order, without)
        order.append(name)


def _left_out(name: str) -> str:
    """A module's exported functions as ones that say that it is missing."""
    words = f'throw new Error("{name} is not in this page");'
    return "".join(f"function {exported}() {{ {words} }}\n" for exported in _exported(name))


def _wrapped(name: str) -> str:
    """A module as a statement that sets its exports."""
    imports = "".join(
        f"const {{ {theirs}: {ours} }} = modules.{other};\n"
        for ours, (other, theirs) in _imported(name).items()
    )
    body = _COMMENT.sub("", _bare(name))
    exports = ", ".join(_exported(name))
    return f"modules.{name} = (() => {{\n{imports}{body}return {{ {exports} }};\n}})();\n"


def _imported(name: str) -> dict[str, tuple[str, str]]:
    """What a module imports, by its names for it: (the module, its name there)."""
    found = {}
    for names, other in _IMPORT.findall(_source(name)):
        for part in filter(None, map(str.strip, names.split(","))):
            theirs, _, ours = part.partition(" as ")
            found[ours or theirs] = (other, theirs)
    return found


def _exported(name: str) -> list[str]:
    return list(_EXPORT.findall(_source(name)))


def _bare(name: str) -> str:
    """A module's text without imports, and without the word `export`."""
    text = _EXPORT.sub("", _IMPORT.sub("", _source(name)))
    if wrong := _OTHER.search(text):
        raise ValueError(f"web/{name}.js: not understood: {wrong[0]}")
    return text


# Modules that are made from the tables of Python, by name.
GENERATED = {"activations": js_activations}


@cache
def _source(name: str) -> str:
    if name in GENERATED:
        return GENERATED[name]()
    path = resource("web") / f"{name}.js"
    if not path.is_file():
        raise ValueError(f"no module web/{name}.js")
    return path.read_text("utf-8")
