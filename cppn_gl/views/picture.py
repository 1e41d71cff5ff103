"""The picture: outputs as colours at every point."""

from cppn_gl.engines.coloring import begin
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import Scene
from cppn_gl.views.base import Drawing, Stage, View


class PictureView(View):
    """The network's outputs as colours, by whatever engine is fastest."""

    bakes = True
    colors = True

    def begin(self, stage: Stage, planes: Planes, scene: Scene) -> Drawing:
        """Begin to draw."""
        engine = stage.engine_for(scene.network)
        return begin(stage.painter, planes, scene, engine)
