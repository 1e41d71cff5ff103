"""Shorter shaders with the same meaning: few blanks, short names.

Names stay that GLSL gives, and all that occur in texts within the page's scripts: those set and
compose shaders by them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from cppn_gl.output.web.minify import short_names

# Words of GLSL ES 3.00 that the shaders may use.
_WORDS = """
    attribute bool break bvec2 bvec3 bvec4 case const continue default define defined
    discard do else elif endif error extension false flat float for highp if ifdef ifndef in
    inout int invariant isampler2D ivec2 ivec3 ivec4 layout line location lowp main mat2
    mat3 mat4 mediump out pragma precision return sampler2D sampler3D samplerCube smooth
    std140 struct switch true uint undef uniform usampler2D uvec2 uvec3 uvec4 varying vec2
    vec3 vec4 version void while abs acos acosh all any asin asinh atan atanh ceil clamp cos
    cosh cross dFdx dFdy degrees determinant distance dot equal exp exp2 faceforward
    floatBitsToInt floatBitsToUint floor fract fwidth greaterThan greaterThanEqual
    intBitsToFloat inverse inversesqrt isinf isnan length lessThan lessThanEqual log log2
    matrixCompMult max min mix mod modf normalize not notEqual outerProduct packHalf2x16
    packSnorm2x16 packUnorm2x16 pow radians reflect refract round roundEven sign sin sinh
    smoothstep sqrt step tan tanh texelFetch texelFetchOffset texture textureGrad textureLod
    textureOffset textureProj textureSize transpose trunc uintBitsToFloat unpackHalf2x16
    unpackSnorm2x16 unpackUnorm2x16
"""
WORDS = frozenset(_WORDS.split())

_NAME = re.compile(r"(?<![\w.#])[A-Za-z_]\w*|(?<=#)\w+")
_WORD = re.compile(r"[A-Za-z_]\w*")
_BLANK = re.compile(r" ?([*/=<>(){}\[\],;?:&|!^%]) ?| ?(?<![-+])(?<![-+] )([-+]) ?(?![-+ ])")


def shorter_shaders(texts: Mapping[str, str], scripts: Iterable[str]) -> dict[str, str]:
    """Texts by name, without comments, for the same uses; `scripts`: texts within the scripts."""
    kept = set(WORDS)
    for script in scripts:
        kept.update(_WORD.findall(script))
    # Of names that scripts put together: `activation_${name}`, `${color}_plane`.
    begins = ("gl_", "GL_", *(word for word in kept if word.endswith("_")))
    ends = tuple(word for word in kept if word.startswith("_"))
    counts = Counter(
        name
        for text in texts.values()
        for name in _NAME.findall(text)
        if not (name in kept or name.startswith(begins) or name.endswith(ends))
    )
    free = (name for name in short_names() if name not in kept)
    names = dict(zip((name for name, _ in counts.most_common()), free, strict=False))
    return {
        key: _joined(_NAME.sub(lambda found: names.get(found[0], found[0]), text))
        for key, text in texts.items()
    }


def _joined(text: str) -> str:
    """Lines without blanks that mean nothing; directives keep a line of their own."""
    written: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("#"):
            if written and not written[-1].endswith("\n"):
                written.append("\n")
            written.append(f"{line}\n")
        elif line:
            if written and re.match(r"\w", line) and re.search(r"\w$", written[-1]):
                written.append(" ")
            written.append(_BLANK.sub(r"\1\2", line))
    return "".join(written) + "\n"
