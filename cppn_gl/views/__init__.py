"""The views: one table. `view_of(preset)` is the one that a preset is shown by.

To add one: a class here, its name in show.VIEWS, and a shader where it draws by one. The V key,
the command line, the help, the documentation and the tests follow.
"""

from cppn_gl.preset.preset import Preset
from cppn_gl.views.base import View
from cppn_gl.views.layers import LayersView
from cppn_gl.views.picture import PictureView
from cppn_gl.views.plots.curves import CurvesView
from cppn_gl.views.plots.signal import SignalView
from cppn_gl.views.sheet import SheetView
from cppn_gl.views.slopes.gradient import GradientView
from cppn_gl.views.slopes.regions import RegionsView
from cppn_gl.views.slopes.sensitivity import SensitivityView
from cppn_gl.views.solid.surface import SurfaceView
from cppn_gl.views.solid.volume import VolumeView
from cppn_gl.views.units.units import UnitsView

PICTURE = "picture"


def view_of(preset: Preset) -> View:
    """The view that a preset is shown by."""
    return ALL[preset.show.view]


ALL: dict[str, View] = {
    view.name: view
    for view in (
        PictureView(),
        SheetView(view_of),
        LayersView(),
        UnitsView(),
        SignalView(),
        SurfaceView(),
        CurvesView(),
        VolumeView(),
        RegionsView(),
        GradientView(),
        SensitivityView(),
    )
}
