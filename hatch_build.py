"""Compiles the native library when a wheel is built, or the checkout is installed for editing.

A wheel that contains it has a platform tag, and no Python tag: ctypes loads it. Without a C
compiler there is a warning and a wheel without the library. CPPN_GL_NATIVE=0 leaves it out.
"""

import importlib.util
import os
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeHook(BuildHookInterface):
    """Builds into the wheel; for an editable install, into the package in the checkout."""

    _folder: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or os.environ.get("CPPN_GL_NATIVE") == "0":
            return
        try:
            native = _module(Path(self.root, "native", "build.py"))
            if version == "editable":
                native.build(Path(self.root, "cppn_gl"))
                return
            self._folder = tempfile.TemporaryDirectory(prefix="cppn_gl-")
            path = native.build(Path(self._folder.name))
        except Exception as error:  # whatever it is, the program works without the library
            self.app.display_warning(f"cppn_gl is installed without its native library: {error}")
            return
        build_data["force_include"][str(path)] = f"cppn_gl/{path.name}"
        build_data["pure_python"] = False
        platform = self.build_config.builder.get_best_matching_tag().rpartition("-")[2]
        build_data["tag"] = f"py3-none-{platform}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self._folder:
            self._folder.cleanup()


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("cppn_gl_native_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
