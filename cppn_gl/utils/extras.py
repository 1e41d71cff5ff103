"""Optional libraries: what to install when one is missing, in one line."""

from importlib.util import find_spec

from cppn_gl.utils.checks import PresetError

# Library to the extra of pyproject.toml that installs it.
EXTRAS = {"OpenEXR": "exr", "av": "video", "cryptography": "cluster", "distributed": "cluster"}


def require(what: str, library: str) -> None:
    """Raise PresetError, before any work, if `what` needs a library that is missing; "" is none."""
    if library and find_spec(library) is None:
        of = f"{library}, of the extra {EXTRAS[library]}"
        raise PresetError(f"{what} needs the library {of}: python -m pip install {library}")
