"""The widgets of the window: loads Dear ImGui when they are first needed, opens and closes them.

The window works without it: then the keys remain, and `problem` says what to install.
"""

import importlib
import os
from typing import TYPE_CHECKING

from cppn_gl.viewer.layout import Rect

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui, Part

# Name -> module and class, drawn from back to front. A part is made with the App as its argument.
PARTS = {
    "panel": ("cppn_gl.viewer.gui.panel", "Panel"),
    "chooser": ("cppn_gl.viewer.gui.chooser", "Chooser"),
    "film": ("cppn_gl.viewer.gui.film", "FilmDialog"),
}
BASE = "cppn_gl.viewer.gui.base"
CLOSABLE = ("chooser", "film")  # parts that Esc closes
COVERED = ("buttons", "view")  # panels of the HUD that tooltips may cover
OFFER = "the panel and the chooser need Dear ImGui: pip install imgui-bundle"
GLFW = "PYGLFW_LIBRARY"  # the environment variable that names GLFW's library
MIDDLE = 0.54  # lightness of the picture above which the widgets are light when the panel opens
LIGHT, DARK = 0.8, 0.25  # above or below which they follow a picture at rest later


class Interface:
    """The parts that are open over the picture."""

    def __init__(self, app: "App"):
        self._app = app
        self._parts: dict[str, Part] = {}
        self.gui: Gui | None = None
        self.problem = ""  # why there are no widgets, in one line

    def load(self) -> bool:
        """Import Dear ImGui and make the parts, once; whether there are widgets."""
        if self.gui is None and not self.problem:
            self.problem = _problem()
            if self.problem:
                return False
            base = importlib.import_module(BASE)
            gui = base.Gui(self._app.window)
            for name, (module, kind) in PARTS.items():
                self._parts[name] = getattr(importlib.import_module(module), kind)(self._app)
            gui.parts = tuple(self._parts.values())
            self._app.connect(gui)
            self.gui = gui
        return self.gui is not None

    def is_open(self, name: str) -> bool:
        """Whether a part is open."""
        return name in self._parts and self._parts[name].open

    def show(self, name: str, shown: bool = True) -> bool:
        """Open or close a part; False if it cannot be opened."""
        if not shown and name not in self._parts:
            return True
        if not self.load():
            return False
        assert self.gui is not None
        if self._parts[name].open != shown:
            self._parts[name].open = shown
            self.gui.let_go()
        self.gui.touch()
        return True

    def find(self) -> bool:
        """Open the panel with its search in use; False if there is none."""
        if not self.show("panel"):
            return False
        self._parts["panel"].find()  # type: ignore[attr-defined]
        assert self.gui is not None
        self.gui.typing = True  # from now on, though the field is drawn later
        return True

    def close_one(self) -> bool:
        """Close what Esc closes: first the list or the text field in use; whether any was."""
        if self.gui is not None and self.gui.leave():
            return True
        return any(self.is_open(name) and self.show(name, False) for name in CLOSABLE)

    @property
    def covered(self) -> Rect | None:
        """Where the open panel lies, in pixels of the window."""
        return self._parts["panel"].area if self.is_open("panel") else None

    @property
    def places(self) -> dict[str, Rect]:
        """Where the marked items of the last frame lie; empty if no part is open."""
        shown = self.gui is not None and any(part.open for part in self.gui.parts)
        return self.gui.places if self.gui is not None and shown else {}

    @property
    def frames(self) -> int:
        """Frames built so far: it only increases."""
        return self.gui.frames if self.gui is not None else 0

    @property
    def restless(self) -> bool:
        """Whether frames are due soon without further input."""
        return self.gui is not None and self.gui.restless

    def frame(
        self,
        now: float,
        size: tuple[int, int],
        unit: float,
        shown: object,
        *,
        calm: bool = False,
    ) -> None:
        """Build a frame if one is due; `shown` and `calm` are as for `Gui.due`."""
        gui = self.gui
        if gui is not None:
            look = size, unit, shown, tuple(part.open for part in gui.parts)
            gui.size, gui.unit = size, unit
            gui.kept = [
                Rect(one.x, one.y, one.pixels.shape[1], one.pixels.shape[0])
                for one in self._app.events.panels
                if one.alpha and one.name not in COVERED
            ]
            if gui.due(now, look, calm=calm):
                gui.frame(now, look)

    def follow(self, lightness: float, *, chosen: bool) -> None:
        """Take the colours that suit a picture of this mean lightness, from 0 to 1.

        `chosen`: they were chosen before, and only a very different picture changes them.
        """
        gui = self.gui
        if gui is None:
            return
        bound = (LIGHT if gui.dark else DARK) if chosen else MIDDLE
        if gui.dark == (lightness > bound):
            gui.dark = not gui.dark
            gui.touch()

    def render(self) -> None:
        """Draw the last frame into the framebuffer in use."""
        if self.gui is not None:
            self.gui.render()

    def release(self) -> None:
        """Free everything."""
        if self.gui is not None:
            self.gui.release()


def _problem() -> str:
    """Import Dear ImGui; why it cannot be used, in one line, or ""."""
    library = os.environ.get(GLFW)
    try:
        importlib.import_module("imgui_bundle")
        importlib.import_module(BASE)
    except ModuleNotFoundError:
        return OFFER
    # It is there, but not a library that it needs; or it is too old.
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        words = str(error).partition("\n")[0] or f"{type(error).__name__} of imgui-bundle"
        return f"the panel and the chooser cannot be shown: {words}"
    finally:
        # It names its own GLFW for this process's children, which have one already.
        os.environ.pop(GLFW, None)
        if library is not None:
            os.environ[GLFW] = library
    return ""
