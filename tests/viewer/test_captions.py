"""The caption of a tour's page: legible and whole at any size, with places to click."""

import numpy as np
import pytest

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.tour import pages
from cppn_gl.viewer import typeset
from cppn_gl.viewer.captions import Caption
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.hud import CAPTION_SHARE, Spot
from cppn_gl.viewer.lesson import Lesson

PAGES = pages()
NUMBERS = range(1, len(PAGES) + 1)
SIZES = [(300, 200), (640, 400), (1280, 800), (3840, 2160)]


def caption_of(number: int) -> tuple[Caption, Lesson, Explorer]:
    explorer = Explorer(load_preset("embers"))
    lesson = Lesson(explorer)
    lesson.start(number)
    lesson.follow()
    lesson.advance(60.0)
    return Caption(lesson), lesson, explorer


def drawn(caption: Caption, size: tuple[int, int]) -> tuple[np.ndarray, tuple[Spot, ...]]:
    return caption.drawn(size[0], typeset.font_size(size), round(CAPTION_SHARE * size[1]))


def answer(lesson: Lesson, explorer: Explorer) -> None:
    page = lesson.page
    assert page is not None
    for _ in range(25):
        explorer.gesture = object()
        explorer.act(page.action, page.large)
        lesson.follow()
        lesson.advance(60.0)
        words = lesson.words()
        assert words is not None
        if words.answered:
            return
    raise AssertionError("no answer")


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("number", NUMBERS)
def test_everything_fits(
    number: int, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    caption, _, _ = caption_of(number)
    lost: list[int] = []
    paginate = typeset.paginate

    def watched(lines: list[typeset.Line], room: int) -> list[list[typeset.Line]]:
        parts = paginate(lines, room)
        lost.append(len(parts) - 1)
        return parts

    monkeypatch.setattr(typeset, "paginate", watched)
    pixels, spots = drawn(caption, size)
    assert lost[-1] == 0
    assert pixels.shape[0] <= round(CAPTION_SHARE * size[1])
    assert pixels.shape[1] <= size[0]
    for spot in spots:
        assert spot.x >= 0
        assert spot.x + spot.width <= pixels.shape[1] + 2
        assert spot.y + spot.height <= pixels.shape[0]
    read = [spot for spot in spots if spot.words == "the rest of this page"]
    for spot in read:  # the text, where it has no room beside what is asked
        assert callable(spot.action)
        spot.action()
        drawn(caption, size)
        assert lost[-1] == 0
    if size[0] >= 640:
        assert not read


@pytest.mark.parametrize("size", SIZES[:3], ids=str)
def test_an_answer_does_not_move_the_picture(size: tuple[int, int]) -> None:
    caption, lesson, explorer = caption_of(14)
    before, _ = drawn(caption, size)
    answer(lesson, explorer)
    after, _ = drawn(caption, size)
    assert after.shape == before.shape
    assert (after != before).any()


def test_ticks_lead_to_every_page() -> None:
    caption, lesson, explorer = caption_of(3)
    _, spots = drawn(caption, (1280, 800))
    ticks = spots[: len(PAGES)]
    assert [tick.words.split()[0] for tick in ticks] == [str(number) for number in NUMBERS]
    lefts = [tick.x for tick in ticks]
    assert lefts == sorted(set(lefts))
    assert callable(ticks[10].action)
    ticks[10].action()
    assert (lesson.number, explorer.preset) == (11, PAGES[10].preset)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_back_and_next_and_leave(size: tuple[int, int]) -> None:
    caption, lesson, _ = caption_of(5)
    turned = ("the next page (P)", 6), ("the page before (Shift+P)", 5), ("leave the tour (T)", 0)
    for words, number in turned:
        spot = next(spot for spot in drawn(caption, size)[1] if spot.words == words)
        assert callable(spot.action)
        spot.action()
        assert lesson.number == number
    assert not caption


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_one_can_click_through_at_one_place(size: tuple[int, int]) -> None:
    caption, lesson, _ = caption_of(1)
    places: dict[str, set[tuple[int, ...]]] = {}
    shapes = set()
    for number in NUMBERS:
        assert lesson.number == number
        pixels, spots = drawn(caption, size)
        shapes.add(pixels.shape)
        for spot in spots[len(PAGES) :]:
            if spot.action in (lesson.forward, lesson.back, lesson.leave) or number == 1:
                places.setdefault(str(spot.action), set()).add((spot.x, spot.y, spot.width))
        lesson.forward()
        lesson.follow()
    assert len(shapes) == 1
    for action in (lesson.forward, lesson.back, lesson.leave):
        assert len(places[str(action)]) == 1


def test_a_key_in_the_words_can_be_clicked_and_has_the_users_label() -> None:
    caption, _, _ = caption_of(14)
    before, spots = drawn(caption, (1280, 800))
    assert any(spot.action == "stronger" for spot in spots)
    caption.names = {"]": "+"}
    assert (drawn(caption, (1280, 800))[0] != before).any()


def test_what_is_drawn_is_kept() -> None:
    caption, _, _ = caption_of(2)
    assert drawn(caption, (640, 400))[0] is drawn(caption, (640, 400))[0]
