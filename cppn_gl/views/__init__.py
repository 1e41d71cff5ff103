"""The views: one table. `view_of(preset)` is the one that a preset is shown by.

To add one: a class here, its name in show.VIEWS, and a shader where it draws by one. The V key,
--view, the help, the documentation and the tests follow.
"""

from cppn_gl.preset import Preset
from cppn_gl.views.base import View
from cppn_gl.views.curves import CurvesView
from cppn_gl.views.gradient import GradientView
from cppn_gl.views.layers import LayersView
from cppn_gl.views.picture import PictureView
from cppn_gl.views.regions import RegionsView
from cppn_gl.views.sensitivity import SensitivityView
from cppn_gl.views.sheet import SheetView
from cppn_gl.views.signal import SignalView
from cppn_gl.views.surface import SurfaceView
from cppn_gl.views.units import UnitsView
from cppn_gl.views.volume import VolumeView

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
