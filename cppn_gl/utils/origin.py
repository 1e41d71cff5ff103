"""Which files the text of a preset may name: that depends on where the text comes from."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

# Names that Windows gives to devices, whatever their suffix.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ .]*(\.|$)", re.I)


@dataclass(frozen=True)
class Origin:
    """Where the text of a preset comes from.

    folder: what relative names in it are relative to; None where it may name no files.
    trusted: whether it is the user's own file or command, which may name any file. Others come out
    of pictures, pages, videos and drops: they may name files in their folder and below only.
    weights: a network file (.safetensors) that comes with the text, and is read instead of any.
    sha256: of the file that these weights come from, if it is another one.
    network: a network file of the user's that is read instead of any.
    checkpoint: of a training (.safetensors), that comes with the text.
    data: a file of the user's own that was sent with the text, and is learned instead of any.
    image: an image file that comes with the text, and is read instead of any input image.
    """

    folder: Path | None = None
    trusted: bool = False
    weights: bytes | None = field(default=None, repr=False)
    sha256: str = ""
    network: Path | None = None
    checkpoint: bytes | None = field(default=None, repr=False)
    data: Path | None = None
    image: bytes | None = field(default=None, repr=False)

    def resolve(self, name: str) -> Path:
        """The absolute path of a file named in the text. Raises ValueError if it may not be."""
        if not name or "\0" in name:
            raise ValueError("not the name of a file")
        if self.trusted:
            return Path(os.path.abspath((self.folder or Path()) / name))
        if self.folder is None:
            raise ValueError("a preset from elsewhere cannot name files")
        parts = re.split(r"[/\\]", name)
        if "" in parts or ".." in parts or ":" in name or any(map(_DEVICE.match, parts)):
            raise ValueError("a preset from elsewhere can only name files beside it or below")
        folder = Path(os.path.realpath(self.folder))
        path = Path(os.path.realpath(folder.joinpath(*parts)))
        if not path.is_relative_to(folder):
            raise ValueError("a symbolic link that leads out of the preset's folder")
        return path


NOWHERE = Origin()  # no files
# The command line, and Python: any file, from the current folder.
USER = Origin(Path(), trusted=True)
