"""The shaders of a page: texts for GLSL ES 3.00, which the page completes by heads of its own.

    shaders/ -> shader_texts() -> name: text without includes, comments and #version

A page puts before each text the lines that `opening` of gl.js has, and a head: definitions that
depend on the network, on the colours. "picture" has a line NETWORK_HERE, which the page replaces by
"network", or by the function of one network with literals.
"""

import re

from cppn_gl.engines.gl.recolor import flat_formulas, formulas
from cppn_gl.engines.gl.shader import ES, compose

NETWORK_HERE = "#pragma network"
NETWORK_FILES = ("rows.glsl", "steps.glsl")
# Names of texts, and their files.
FILES = {
    "full": "full.vert",
    "picture": "page.frag",
    "weave": "weave.frag",
    "colors": "page_colors.frag",
    "present": "page_present.frag",
}

_COMMENT = re.compile(r"//.*")
_SPACE = re.compile(r"[ \t]+")


def shader_texts() -> dict[str, str]:
    """The texts of a page's shaders by name. Raises ShaderError for a missing file."""
    here = dict(zip(NETWORK_FILES, (NETWORK_HERE, "\n"), strict=True))
    texts = {
        name: thrifty(compose(file, version=ES, replaced=here).text) for name, file in FILES.items()
    }
    texts["colors"] = _formulas() + texts["colors"]
    parts = (compose(file, version=ES).text for file in NETWORK_FILES)
    texts["network"] = "".join(map(thrifty, parts))
    return texts


def _formulas() -> str:
    """The formulas of mappings for the text "colors": with FLAT, those of flat colours, too."""
    flat, continuous = (make().splitlines()[-1] for make in (flat_formulas, formulas))
    return f"#ifdef FLAT\n{flat}\n#else\n{continuous}\n#endif\n"


def thrifty(text: str) -> str:
    """GLSL without its opening, comments, line numbers, indentation and empty lines."""
    lines = (_SPACE.sub(" ", _COMMENT.sub("", line)).strip() for line in text.splitlines())
    dropped = ("#version", "#line", "precision ")
    return "".join(f"{line}\n" for line in lines if line and not line.startswith(dropped))
