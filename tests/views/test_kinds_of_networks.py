"""Each view shows networks of points, or networks that see pictures; others are refused."""

import numpy as np
import pytest
from seers import grey

from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import PLAIN, VIEWS
from cppn_gl.utils.checks import PresetError
from cppn_gl.views import ALL, plain_view


def sees() -> Preset:
    return parse_preset('[network]\nfile = "squeezenet"\n')


@pytest.mark.parametrize("name", list(VIEWS))
def test_a_view_refuses_networks_of_the_other_kind(name: str) -> None:
    wanted = VIEWS[name].images
    for preset in (Preset(), sees()):
        shown = preset.replace(**{"show.view": name}) if name != PLAIN[0] else preset
        unfit = ALL[name].unfit(shown)
        if wanted is not None and wanted != preset.classifies:
            assert "whole pictures" in unfit
            assert "\n" not in unfit


def test_there_is_a_view_for_any_network_of_each_kind() -> None:
    for preset in (Preset(), sees()):
        assert not plain_view(preset).unfit(preset)


def test_a_renderer_draws_them_without_choosing_an_engine_for_them() -> None:
    with Renderer("numpy") as renderer:
        small = sees().replace(**{"preprocess.size": [64, 48]})
        assert renderer.render(small, (96, 64)).shape == (64, 96, 3)
        with pytest.raises(PresetError, match="see channels"):
            renderer.check(small.replace(**{"show.view": "units"}))
        with pytest.raises(PresetError, match="sees pictures"):
            renderer.render(small.network(), (8, 8))


def test_cells_of_a_sheet_are_laid_out_for_the_size_that_they_have() -> None:
    keys = {"show.view": "sheet", "sweep.labels": False, "sweep.gap": 0}
    with Renderer("numpy") as renderer:
        small, large = (
            renderer.render(grey(**keys, **{"sweep.cell": (side, side)}), (640, 420))
            for side in (64, 512)
        )
    assert np.array_equal(small, large)  # the picture below the words, as well as these
