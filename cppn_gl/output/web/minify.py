"""Shorter scripts with the same meaning: no comments, few blanks, short names of variables.

    modules in the order of their imports -> tokens -> names by module -> one flat script

Modules are joined without functions around them: what a module declares gets a name of its own in
the whole script, so that private names of two modules cannot meet. Names of properties stay, except
for those that begin with `_`, which are ours alone.

It understands the JavaScript of web/: one kind of thing a line ends with `;`, no labels, no `with`,
and no name that is declared in one place of a module and means the browser's in another.
"""

import itertools
import re
import string
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_KEYWORDS = """
    arguments as async await break case catch class const constructor continue debugger
    default delete do else extends false finally for from function get if import in
    instanceof let new null of return set static super switch this throw true try typeof
    undefined var void while yield eval
"""
KEYWORDS = frozenset(_KEYWORDS.split())
# Names of the language and the browser that the modules use.
_GLOBALS = """
    AbortController Array ArrayBuffer BigInt BigInt64Array BigUint64Array Blob Boolean CSS
    ClipboardItem CompressionStream CustomEvent DOMException DOMMatrix DataView Date
    DecompressionStream Error Event File Float32Array Float64Array FontFace HTMLElement
    ImageData Infinity Int32Array IntersectionObserver Intl JSON KeyboardEvent Map Math
    MessageChannel MutationObserver NaN Number Object OffscreenCanvas Promise Proxy
    RangeError Reflect RegExp ResizeObserver Response Set String Symbol TextDecoder
    TextEncoder TypeError URL Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap
    WeakRef WeakSet WebGL2RenderingContext Worker atob btoa cancelAnimationFrame
    clearInterval clearTimeout console crypto devicePixelRatio document fetch globalThis
    innerHeight innerWidth isFinite isNaN localStorage location matchMedia navigator
    parseFloat parseInt performance queueMicrotask requestAnimationFrame requestIdleCallback
    screen sessionStorage setInterval setTimeout structuredClone window
"""
GLOBALS = frozenset(_GLOBALS.split())

_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<number>0[xX][\da-fA-F_]+n?|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?n?)
    |(?P<name>[#$A-Za-z_][\w$]*)
    |(?P<sign>=>|\.\.\.|\?\.(?!\d)|[-+*/%&|^<>=!?~]+|[{}()\[\];,.:])""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_CHUNK = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*", re.DOTALL)
# Behind these a slash begins a regular expression, and a brace an object.
_OPENERS = """
    = ( , : [ ? && || ?? ! + - * ... => return typeof case of in yield throw
"""
_OPENS = frozenset(_OPENERS.split())
Key = tuple[str, str]  # the module at whose top a name is declared, or "", or "_" for properties
Place = tuple[str, int]  # a module and a unit in it
_WORD = re.compile(r"[\w$#]")


@dataclass
class Token:
    """`kind`: blank, string, number, name, sign, text (of a template), regex.

    `role` of a name: "variable", "property" or "shorthand" (both at once).
    """

    kind: str
    text: str
    role: str = ""
    unit: int = 0  # the number of the statement of a module, or of the member of a class


def tokens_of(text: str) -> list[Token]:
    """The tokens of a module, without blanks. Raises ValueError for what is not understood."""
    found: list[Token] = []
    braces: list[str] = []  # of templates: "$", of others: "{"
    at = 0
    while at < len(text):
        last = found[-1].text if found else ";"
        if text[at] == "`" or (text[at] == "}" and braces and braces[-1] == "$"):
            if text[at] == "}":
                braces.pop()
            chunk = _CHUNK.match(text, at + 1)
            assert chunk is not None
            end = chunk.end() + (1 if text[chunk.end()] == "`" else 2)
            if end - chunk.end() == 2:
                braces.append("$")
            found.append(Token("text", text[at:end]))
            at = end
            continue
        if text[at] == "/" and text[at + 1] not in "/*" and last in _OPENS | {";", "{", "}"}:
            match = _REGEX.match(text, at)
            if match is None:
                raise ValueError(f"not understood: {text[at : at + 40]!r}")
            found.append(Token("regex", match[0]))
            at = match.end()
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not understood: {text[at : at + 40]!r}")
        kind = match.lastgroup or ""
        if match[0] == "{":
            braces.append("{")
        elif match[0] == "}":
            braces.pop()
        if kind != "blank":
            found.append(Token(kind, match[0]))
        at = match.end()
    _give_roles(found)
    return found


def _give_roles(tokens: list[Token]) -> None:
    """Tell variables from properties, by what stands around them."""
    inside: list[str] = []  # "(", "[", "object", "block", "class", "switch", "$"
    before = Token("sign", ";")
    pending = ""  # "class" between that word and its brace
    at_key = False  # whether the next name is a key of an object or a member of a class
    unit = 0
    for index, token in enumerate(tokens):
        token.unit = unit
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        text, where = token.text, inside[-1] if inside else "block"
        if token.kind == "text":
            if text[0] == "}":
                inside.pop()
            if text.endswith("${"):
                inside.append("$")
            at_key = False
        elif token.kind == "sign":
            if text in ("(", "["):
                inside.append(text)
                at_key = False
            elif text == "{":
                opens = before.text in _OPENS - {"=>", "case"} or before.text in ("const", "let")
                kind = pending or ("object" if opens else "block")
                inside.append(kind)
                pending, at_key = "", kind != "block"
            elif text in (")", "]", "}"):
                closed = inside.pop()
                where = inside[-1] if inside else "block"
                at_key = text == "}" and where == "class" and closed == "block"
                unit += text == "}" and (not inside or where == "class")
            elif text == ",":
                at_key = where == "object"
            elif text == ";":
                at_key = where == "class"
                unit += not inside or where == "class"
            elif text != "*":
                at_key = False
        elif token.kind == "name":
            if before.text in (".", "?."):
                token.role = "property"
            elif at_key:
                if text in ("get", "set", "static", "async") and re.match(r"[\w$#*\[\"]", after):
                    before = token
                    continue  # and the next is the key
                shorthand = where == "object" and after in (",", "}", "=")
                token.role = "shorthand" if shorthand else "property"
                at_key = False
            elif text == "class":
                pending = "class"
            elif text not in KEYWORDS:
                token.role = "variable"
        else:
            at_key = False
        before = token


def shortened(text: str) -> str:
    """A script on its own, with short names within its statements."""
    return joined({"": (text, {})})


def texts_in(text: str) -> list[str]:
    """What names things outside of a script: its strings, texts of templates, and properties."""
    return [
        token.text
        for token in tokens_of(text)
        if token.kind in ("string", "text") or token.role in ("property", "shorthand")
    ]


def joined(
    modules: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]], entry: str = ""
) -> str:
    """One script of modules {name: (text, {imported name: (module, its name there)})}, in order.

    The texts have neither `import` nor `export`. What the module `entry`, if any, declares as
    `start` is `globalThis.program.start` at the end.
    """
    texts = {module: tokens_of(text) for module, (text, _) in modules.items()}
    tops = {module: _declared(tokens) for module, tokens in texts.items()}

    def meant(module: str, name: str) -> tuple[str, str]:
        imported = modules[module][1]
        if name in imported:
            return imported[name]
        return (module if name in tops[module] else "", name)

    def key(module: str, token: Token) -> Key:
        return ("_", token.text) if token.role == "property" else meant(module, token.text)

    counts: Counter[Key] = Counter()
    places: dict[Key, set[Place]] = defaultdict(set)
    for module, tokens in texts.items():
        for token in filter(_renamed, tokens):
            counts[key(module, token)] += 1
            places[key(module, token)].add((module, token.unit))
    names = _named(counts, places)
    written = _Writer()
    for module, tokens in texts.items():
        for token in _fewer(tokens):
            text = token.text
            if _renamed(token):
                short = names[key(module, token)]
                text = f"{text}:{short}" if token.role == "shorthand" else short
            written.put(text)
    if entry:
        written.put(f"globalThis.program={{start:{names[entry, 'start']}}};")
    return "".join(written.parts)


class _Writer:
    """Joins tokens, with a blank where two of them would be another one."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def put(self, text: str) -> None:
        last = self.parts[-1][-1] if self.parts else ";"
        words = _WORD.match(last) and _WORD.match(text[0])
        if words or (last in "+-/" and text[0] == last):
            self.parts.append(" ")
        self.parts.append(text)


def _fewer(tokens: list[Token]) -> Iterator[Token]:
    """The tokens without those that mean nothing.

    Constants are variables, and those declared one after another share a `let`; an arrow's only
    parameter has no parentheses; nothing stands before a closing brace.
    """
    declares = [False]  # whether the statement is a `let`, by depth
    skipped = 0  # tokens that are skipped
    for index, token in enumerate(tokens):
        text, sign = token.text, token.kind == "sign"
        after = [one.text for one in tokens[index + 1 : index + 4]] + [""] * 3
        before = tokens[index - 1].text if index else ";"
        if skipped:
            skipped -= 1
            continue
        if sign and text == "(" and after[1:3] == [")", "=>"] and tokens[index + 1].role:
            if before != "async":
                yield tokens[index + 1]
                skipped = 2
                continue
        elif sign and text == ";":
            if declares[-1] and after[0] in ("const", "let"):
                yield Token("sign", ",")
                skipped = 1
                continue
            declares[-1] = False
            if after[0] == "}":
                continue
        elif sign and text == "," and after[0] in (")", "]", "}") and before not in (",", "["):
            continue
        elif token.kind == "name" and not token.role and text in ("const", "let"):
            declares[-1] = True
            token = Token("name", "let")
        if (sign and text in ("(", "[", "{")) or (token.kind == "text" and text.endswith("${")):
            if token.kind == "text" and text[0] == "}":
                declares.pop()
            declares.append(False)
        elif (sign and text in (")", "]", "}")) or (token.kind == "text" and text[0] == "}"):
            declares.pop()
        yield token


def _named(counts: Counter[Key], places: Mapping[Key, set[Place]]) -> dict[Key, str]:
    """Short names, the shortest for the most frequent.

    Two variables have the same one if they never meet in a function or method, and at most one of
    them is declared at the top of a module.
    """
    names: dict[Key, str] = {}
    taken: dict[str, set[Place]] = defaultdict(set)
    tops: set[str] = set()
    properties = short_names()
    for found, _ in counts.most_common():
        scope = found[0]
        if scope == "_":
            names[found] = f"_{next(properties)}"
            continue
        for short in short_names():
            if not (taken[short] & places[found] or (scope and short in tops)):
                break
        names[found] = short
        taken[short] |= places[found]
        if scope:
            tops.add(short)
    return names


def _renamed(token: Token) -> bool:
    if token.role == "property":
        return token.text.startswith("_")
    return token.role != "" and token.text not in GLOBALS | KEYWORDS


def _declared(tokens: list[Token]) -> set[str]:
    """The names that a module declares at its top."""
    names, depth = set(), 0
    for index, token in enumerate(tokens):
        if token.kind == "sign" and token.text in ("{", "(", "["):
            depth += 1
        elif token.kind == "sign" and token.text in ("}", ")", "]"):
            depth -= 1
        elif token.kind == "text":
            depth += token.text.endswith("${") - token.text.startswith("}")
        elif depth == 0 and token.text in ("const", "let", "function", "class"):
            names |= _first_names(tokens, index + 1)
    return names


def _first_names(tokens: list[Token], index: int) -> set[str]:
    """The name, or the names of a pattern, that are declared there."""
    if tokens[index].text == "*":
        index += 1
    if tokens[index].kind == "name":
        return {tokens[index].text}
    names, depth = set(), 0
    for token in tokens[index:]:
        if token.text in ("{", "["):
            depth += 1
        elif token.text in ("}", "]"):
            depth -= 1
            if not depth:
                break
        elif token.role in ("variable", "shorthand"):
            names.add(token.text)
    return names


def short_names() -> Iterator[str]:
    """a, b … that are no words of the language."""
    letters = string.ascii_letters
    long = (first + second for first in letters for second in letters + string.digits)
    longer = (
        first + second + third for first in letters for second in letters for third in letters
    )
    names = itertools.chain(letters, long, longer)
    return (name for name in names if name not in KEYWORDS and name not in GLOBALS)
