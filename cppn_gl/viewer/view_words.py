"""A view's lines and labels over its picture, drawn again only when they change."""

from cppn_gl.preset.scene import Scene
from cppn_gl.viewer.hud import Panel
from cppn_gl.views import view_of

Key = tuple[Scene, tuple[int, int], tuple[float, float] | None]


class ViewWords:
    """Caches a view's overlay as a panel."""

    def __init__(self) -> None:
        self._key: tuple[Key, int] | None = None
        self._panels: list[Panel] = []

    def forget(self) -> None:
        """Draw them again the next time: the view has found more."""
        self._key = None

    def panels(
        self,
        scene: Scene | None,
        size: tuple[int, int],
        cursor: tuple[float, float] | None,
        picture: int = 0,
    ) -> list[Panel]:
        """The panel for the scene that is shown, or none. `cursor`: the pixel under it.

        picture: the number of the picture shown, which changes with each refinement.
        """
        if scene is None:
            return []
        view = view_of(scene.preset)
        key: Key = (scene, size, cursor if view.uses_cursor else None)
        known = key, picture if view.evolves else 0
        if known != self._key:
            words = view.overlay(*key)
            self._panels = [] if words is None else [Panel("view", words, 0, 0)]
            self._key = known
        return self._panels
