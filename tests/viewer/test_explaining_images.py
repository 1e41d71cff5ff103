"""The page that explains a trained image network and what its maps mean, and do not mean."""

import pytest
from seers import color, grey

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import ATTRIBUTIONS, VIEWS
from cppn_gl.viewer.explaining import explanation
from cppn_gl.viewer.explaining_images import MEANINGS, meaning_words, origin_words, third_of
from cppn_gl.viewer.explorer import Explorer


def told(of: Explorer) -> str:
    return "\n".join("".join(r.words for r in p.runs) for p in explanation(of, of.eye))


def test_the_page_tells_of_pictures_and_not_of_points() -> None:
    of = Explorer(grey())
    of.look_at(3, 2)
    while not of.see(10.0):
        pass
    page = told(of)
    assert "32×24 pixels go in, as grey, and a share for each of 4 classes" in page
    assert "5 layers, 3 with weights" in page
    assert "The weights of this network are random: it has not been trained." in page
    assert "In the picture cat it sees: " in page
    assert "You look at second, layer 3 of 5: channel 2 of 3" in page
    assert "What it means" in page
    assert "What it does not mean" in page
    assert "drop a picture of your own" in page.lower()
    for word in ("saturated", "random, drawn", "Nothing has been trained"):
        assert word not in page


def test_without_classes_it_tells_numbers() -> None:
    page = told(Explorer(color()))
    assert "as blue, green and red" in page
    assert "In the picture" not in page


@pytest.mark.parametrize("method", [*ATTRIBUTIONS, "all"])
def test_every_method_says_what_it_means_and_what_not(method: str) -> None:
    preset = grey(**{"show.view": "attribution", "attribution.method": method})
    means, means_not = meaning_words(preset, "attribution")
    assert means
    assert means_not
    assert means != means_not


def test_every_view_for_such_networks_has_a_meaning() -> None:
    views = {name for name, row in VIEWS.items() if row.images is True}
    assert views - {"attribution"} <= set(MEANINGS)


def test_early_middle_and_late_layers_are_told_apart() -> None:
    eye = Explorer(Preset().replace(**{"network.file": "squeezenet"})).eye
    thirds = [third_of(eye, layer) for layer in range(1, len(eye.stages) + 1)]
    assert thirds == sorted(thirds)
    assert set(thirds) == {0, 1, 2}
    assert thirds[0] == 0
    assert thirds[-1] == 2


def test_origin_and_licence_are_shown() -> None:
    of = Explorer(Preset().replace(**{"network.file": "squeezenet"}))
    assert "Licence: " in origin_words(of.preset)
    assert "This network has been trained." in told(of)
    assert origin_words(Preset()) == ""
