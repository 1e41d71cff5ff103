"""What a preset can be exported as, besides pictures: a page, weights, programs of its network.

    shot -> row of EXPORTS -> bytes of a file, and of a file of weights beside it, by name

To add a format, write a function of a shot and add a row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cppn_gl.nn.files import WRITERS
from cppn_gl.nn.source_code import LANGUAGES, program_tensors, source_code
from cppn_gl.nn.weights import tensors_of
from cppn_gl.preset.color import Color
from cppn_gl.preset.learned import shown_as
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError, nearest, show
from cppn_gl.utils.files import CaptureError, Remedy

MAX_INLINE = 2000  # weights and biases written into the text of a program

Files = dict[str, bytes]  # by name, in one folder; the first is the one that was asked for


@dataclass(frozen=True)
class Export:
    """A format: `make(shot, name)` gives the file of that name, and those beside it.

    With an empty name everything is in one file. `suffixes` are lower-case with the dot; formats
    may share one, which then does not tell which of them is meant. `text`: whether a terminal can
    show it. `whole`: whether it shows what the preset shows, colours and view as well. `left_out`:
    what it leaves out of a preset, in sentences, if that is not what weights do; `size`: what to
    say about the size of the file.
    """

    help: str
    suffixes: tuple[str, ...]
    make: Callable[[Shot, str], Files]
    text: bool = True
    whole: bool = False
    left_out: Callable[[Shot], list[str]] | None = None
    size: Callable[[bytes], str] | None = None

    def files(self, shot: Shot, name: str) -> Files:
        """What `make` gives. Raises PresetError for a network that no format can express."""
        if shot.preset.classifies:
            problem = "a network that sees pictures is not exported; its file has its weights"
            raise PresetError(problem, key="network.file")
        return self.make(shot, name)

    def notes(self, shot: Shot) -> list[str]:
        """What the file leaves out of a preset, in sentences."""
        return [] if self.whole else (self.left_out or notes)(shot)


def _program(language: str, shot: Shot, name: str) -> Files:
    preset = shot.preset.at(shot.time)
    network, said = preset.network(), [preset.title or preset.name, *notes(shot)]
    if preset.learns:
        network = shown_as(preset, network, "colors")
        if added := network.depth - network.trained.depth:
            said.append(f"Its last layers, {added}, turn the trained outputs into colours.")
    beside: Files = {}
    pixels = 0 if network.image is None else network.image.pixels.size
    if name and network.parameters + pixels > MAX_INLINE:
        suffix = LANGUAGES[language].suffix
        beside = {f"{Path(name).stem}_weights{suffix}": WRITERS[suffix](program_tensors(network))}
    text = source_code(
        network,
        language,
        weights=next(iter(beside), ""),
        notes=said,
        center=preset.view.center,
        extent=preset.view.extent,
        size=shot.size,
        clock=preset.animation.clock(shot.time),
        picture=f"{Path(name).stem or preset.name}_picture.png",
    )
    return {name: text.encode(), **beside}


def _weights(suffix: str, shot: Shot, name: str) -> Files:
    network = shot.preset.at(shot.time).network()
    return {name: WRITERS[suffix](tensors_of(network))}


def _page(shot: Shot, name: str) -> Files:
    from cppn_gl.output.web.page import page_of  # draws a still picture, with all that it needs

    return {name: page_of(shot)}


def _shadertoy(shot: Shot, name: str) -> Files:
    from cppn_gl.output.shadertoy import shadertoy  # measures pictures, with all that draws them

    return {name: shadertoy(shot)}


def _glsl(shot: Shot, name: str) -> Files:
    from cppn_gl.output.shadertoy import glsl_function

    return {name: glsl_function(shot)}


def _glsl_notes(shot: Shot, *, bare: bool) -> list[str]:
    from cppn_gl.output.shadertoy import words_of

    return words_of(shot, bare=bare)


def _glsl_size(text: bytes, *, limited: bool) -> str:
    from cppn_gl.output.shadertoy import size_words

    return size_words(text, limited=limited)


EXPORTS: dict[str, Export] = {
    "page": Export(
        "a web page that shows it live",
        (".html",),
        _page,
        whole=True,
        size=lambda page: f"{len(page) / 1000:.0f} KB in one file: open it in a browser",
    ),
    **{
        name: Export(f"a program in {language.title}", (".py",), partial(_program, name))
        for name, language in LANGUAGES.items()
    },
    "shadertoy": Export(
        "a shader for Shadertoy's image tab",
        (".frag", ".txt"),
        _shadertoy,
        left_out=partial(_glsl_notes, bare=False),
        size=partial(_glsl_size, limited=True),
    ),
    "glsl": Export(
        "the network as a function in GLSL",
        (".glsl",),
        _glsl,
        left_out=partial(_glsl_notes, bare=True),
        size=partial(_glsl_size, limited=False),
    ),
    **{
        suffix[1:]: Export("the weights", (suffix,), partial(_weights, suffix), text=False)
        for suffix in WRITERS
    },
}


def notes(shot: Shot) -> list[str]:
    """What a program or weights leave out of a preset, in sentences."""
    preset = shot.preset
    said = []
    if preset.network_moves:
        said.append(f"The network changes with time; this is the one at {shot.time:g} s.")
    if preset.color != Color():
        about = f": mapping {preset.color.mapping}" * (preset.color.mapping != "rgb")
        if preset.color.stretch != "none":
            about += f"{',' if about else ':'} stretch {preset.color.stretch}"
        said.append(f"The preset's colours{about} are not part of this.")
    if preset.show.view != "picture":
        said.append(f"The preset's view, {preset.show.view}, is not part of this.")
    return said


def export_of(path: Path | None, name: str | None) -> Export:
    """The row for a file's name, or for a format's; None for a stream. Raises CaptureError."""
    remedy = Remedy(f"give a format: {', '.join(EXPORTS)}", "format")
    if name is not None:
        if name not in EXPORTS:
            raise PresetError(f"no format {show(name)}{nearest(name, EXPORTS)}", key="format")
        row = EXPORTS[name]
        if path is not None and path.suffix.lower() not in row.suffixes:
            expected = " or ".join(f"FILE{suffix}" for suffix in row.suffixes)
            raise CaptureError(path, f"not the name of {row.help}; expected {expected}")
        return row
    if path is None:
        raise CaptureError("-", "a stream has no suffix", remedy)
    fitting = {n: row for n, row in EXPORTS.items() if path.suffix.lower() in row.suffixes}
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if fitting:
        words = f"give a format: {', '.join(fitting)}"
        raise CaptureError(path, "can be of several formats", Remedy(words, "format"))
    suffixes = dict.fromkeys(suffix for row in EXPORTS.values() for suffix in row.suffixes)
    names = " or ".join(f"FILE{suffix}" for suffix in suffixes)
    raise CaptureError(path, f"nothing is exported under this name; expected {names}")
