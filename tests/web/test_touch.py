"""Fingers and the mouse on the picture, as a browser reports them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, modules, watched
from fake_page import open_fake

from cppn_gl.utils.ladder import ladder
from cppn_gl.viewer.explorer import ZOOM_STEP

pytestmark = pytest.mark.browser

Point = tuple[float, float]


@pytest.fixture
def phone(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page on a phone, paused."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong = watched(page)
    yield open_fake(page, tmp_path)
    context.close()
    assert wrong == []


def touch(page: Any, *steps: Sequence[Point]) -> None:
    """Fingers come down at the places of the first step, move, and go up at the last."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, places: Sequence[Point]) -> None:
        points = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", steps[0])
    for step in steps[1:]:
        send("touchMove", step)
    send("touchEnd", [])


def plane(page: Any, x: float, y: float) -> list[float]:
    """The point of the plane under a place of the page."""
    found: list[float] = page.evaluate(
        """([x, y]) => {
          const { center, extent } = ui.explorer.view;
          const uv = modules.pointer.local(x, y, ui.canvas.getBoundingClientRect());
          return center.map((c, k) => c + uv[k] * extent);
        }""",
        [x, y],
    )
    return found


def test_a_finger_drags_what_is_under_it(phone: Any) -> None:
    grabbed = plane(phone, 115, 215)  # where the drag has begun: a tap's room away from the press
    touch(phone, [(100, 200)], [(115, 215)], [(150, 260)], [(220, 330)])
    assert plane(phone, 220, 330) == pytest.approx(grabbed)
    assert phone.evaluate("ui.explorer.view.extent") == 2.8
    assert phone.evaluate("ui.explorer.history.place") == [2, 2]


def test_two_fingers_zoom_about_their_middle(phone: Any) -> None:
    middle = plane(phone, 195, 230)
    touch(phone, [(145, 230), (245, 230)], [(120, 230), (270, 230)], [(95, 230), (295, 230)])
    assert phone.evaluate("ui.explorer.view.extent") == pytest.approx(1.4)
    assert plane(phone, 195, 230) == pytest.approx(middle, abs=1e-5)
    assert phone.evaluate("ui.explorer.history.place") == [2, 2]
    phone.evaluate("ui.perform('history_back')")
    assert phone.evaluate("ui.explorer.view.extent") == 2.8


def test_two_fingers_move_the_picture_too(phone: Any) -> None:
    middle = plane(phone, 150, 200)
    touch(phone, [(100, 200), (200, 200)], [(150, 300), (250, 300)])
    assert plane(phone, 200, 300) == pytest.approx(middle)
    assert phone.evaluate("ui.explorer.view.extent") == 2.8


def test_a_tap_changes_nothing_and_two_zoom_in(phone: Any) -> None:
    touch(phone, [(150, 200)])
    assert phone.evaluate("ui.explorer.history.place") == [1, 1]
    under = plane(phone, 150, 200)
    touch(phone, [(150, 200)])
    assert phone.evaluate("ui.explorer.view.extent") == 1.4
    assert plane(phone, 150, 200) == pytest.approx(under)


def test_a_tap_brings_the_text_back(phone: Any) -> None:
    phone.get_by_role("button", name="Picture only").tap()
    assert phone.locator("#app").get_attribute("data-overlay") == "nothing"
    touch(phone, [(150, 200)])
    phone.locator("#hud").wait_for()


def test_the_page_itself_is_neither_scrolled_nor_zoomed(phone: Any) -> None:
    touch(phone, [(150, 400)], [(150, 300)], [(150, 100)])
    touch(phone, [(145, 230), (245, 230)], [(95, 230), (295, 230)])
    assert phone.evaluate("[scrollX, scrollY, visualViewport.scale]") == [0, 0, 1]


def test_the_panel_scrolls_under_a_finger(phone: Any) -> None:
    before = phone.evaluate("ui.explorer.history.place")
    touch(phone, [(60, 780)], [(60, 740)], [(60, 640)], [(60, 560)])
    phone.wait_for_function("ui.find('panel').scrollTop > 0")
    assert phone.evaluate("ui.explorer.history.place") == before


def test_a_slider_follows_a_finger(phone: Any) -> None:
    box = phone.get_by_role("slider", name="depth").bounding_box()
    y = box["y"] + box["height"] / 2
    left = box["x"]
    touch(phone, [(left + 40, y)], [(left + 90, y)], [(left + box["width"] - 2, y)])
    phone.wait_for_function("ui.preset.get('network.depth') === 40")


def test_what_a_finger_touches_is_large(phone: Any) -> None:
    small = phone.evaluate(
        """() => [...document.querySelectorAll("button, select, input")].filter((one) => {
          const box = one.getBoundingClientRect();
          return box.width && Math.min(box.width, box.height) < 36;
        }).map((one) => one.outerHTML.slice(0, 60))"""
    )
    assert small == []
    low = phone.evaluate(
        """() => [...document.querySelectorAll(".row, .buttons button, #dock button")]
          .map((one) => one.getBoundingClientRect().height).filter((high) => high && high < 44)"""
    )
    assert low == []


def test_the_mouse_drags_from_where_it_was_pressed(page: Any, tmp_path: Path) -> None:
    open_fake(page, tmp_path)
    grabbed = plane(page, 200, 200)
    page.mouse.move(200, 200)
    page.mouse.down()
    page.mouse.move(202, 202)
    assert page.evaluate("ui.explorer.history.place") == [1, 1]  # not yet
    page.mouse.move(300, 150)
    page.mouse.up()
    assert plane(page, 300, 150) == pytest.approx(grabbed)


def test_the_wheel_zooms_about_the_cursor_by_the_steps_of_the_window(
    page: Any, tmp_path: Path
) -> None:
    open_fake(page, tmp_path)
    under = plane(page, 400, 100)
    page.mouse.move(400, 100)
    page.mouse.wheel(0, -100)
    page.wait_for_function("ui.explorer.view.extent < 2.8")
    assert page.evaluate("ui.explorer.view.extent") == ladder(2.8, 2.8, ZOOM_STEP, -1)
    assert plane(page, 400, 100) == pytest.approx(under)
    page.mouse.wheel(0, 100)
    page.wait_for_function("ui.explorer.view.extent === 2.8")
    assert page.evaluate("ui.explorer.view.center") == [0, 0]


WHEEL = [
    ({"deltaY": -100}, 1),
    ({"deltaY": 120}, -1),
    ({"deltaY": -240}, 2),
    ({"deltaY": 66.67}, -1),
    ({"deltaY": 3, "deltaMode": 1}, -1),
    ({"deltaY": -1, "deltaMode": 2}, 1),
    ({"deltaY": -4}, 0.04),
    ({"deltaY": 5, "ctrlKey": True}, -0.5),
    ({"deltaY": 0}, 0),
]


def test_trackpads_zoom_finely_and_wheels_in_steps(page: Any) -> None:
    events = [event for event, _ in WHEEL]
    found = modules(page).evaluate("(all) => all.map(modules.pointer.wheelSteps)", events)
    assert found == pytest.approx([steps for _, steps in WHEEL])


def test_a_view_is_held_within_its_limits(page: Any) -> None:
    view = {"center": [1, 2], "extent": 1}
    near = [[-0.5, 0], [0.5, 0]], [[-0.001, 0], [0.001, 0]]
    found = modules(page).evaluate(
        "([view, [from, to]]) => modules.pointer.moved(view, from, to, 0.5, 2)", [view, near]
    )
    assert found == {"center": [1, 2], "extent": 2}


def test_a_drag_in_a_cell_moves_its_picture_with_the_mouse(page: Any, tmp_path: Path) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_fake(page, tmp_path)
    page.wait_for_function("ui.loop.resting")
    page.evaluate(
        """() => {
          const box = ui.canvas.getBoundingClientRect();
          const shape = [box.width, box.height];
          ui._layout = new modules.cell_layout.Layout({ shape, boxes: [[0, 0, 100, 100]] });
        }"""
    )
    page.mouse.move(50, 50)
    page.mouse.down()
    page.mouse.move(75, 50)
    page.mouse.up()
    assert page.evaluate("ui.explorer.view.center") == pytest.approx([-1.4, 0])
