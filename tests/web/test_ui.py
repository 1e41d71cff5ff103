"""The page as one sees and touches it, with an engine that draws no network."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, watched
from fake_page import open_fake

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import read_text
from cppn_gl.viewer import explorer
from cppn_gl.viewer.bindings import by_key
from cppn_gl.viewer.gui import style

pytestmark = pytest.mark.browser

WIDE, PHONE, LANDSCAPE = (1280, 800), (390, 844), (844, 390)
Open = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """A function that opens a page in a window of a size. The test fails if it says an error."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def opens(size: tuple[int, int] = WIDE, preset: str = "default", **options: Any) -> Any:
        keys = options.pop("keys", {})
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        wrong.append(watched(page))  # type: ignore[arg-type]
        return open_fake(page, tmp_path, preset, **keys)

    yield opens
    for context in contexts:
        context.close()
    assert [each for each in wrong if each] == []


def value(page: Any, key: str) -> Any:
    """A key of the preset shown, as text or number."""
    found = page.evaluate(f"String(ui.preset.get({key!r}))")
    try:
        return json.loads(found)
    except ValueError:
        return found


def slider(page: Any, label: str) -> Any:
    return page.get_by_role("slider", name=label, exact=True)


def settled(page: Any) -> None:
    """Wait until the picture of all pixels is shown."""
    page.wait_for_function("ui.loop.resting")


def test_at_first_it_shows_the_preset_in_words_and_a_picture_of_all_pixels(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    settled(page)
    assert page.title() == "Slow tide"
    assert page.locator("h1").inner_text() == "Slow tide"
    assert "melt into one another" in page.locator("#description").inner_text()
    assert "seed 19" in page.locator("#words").inner_text()
    label = page.locator("canvas").get_attribute("aria-label")
    assert label.startswith("Slow tide. 10 layers of 14 units")
    assert page.locator("canvas").get_attribute("role") == "img"
    size = page.evaluate("[fake.shown.width, fake.shown.height]")
    assert size == page.evaluate("[ui.stage.clientWidth, ui.stage.clientHeight]")


def test_a_screen_of_fine_pixels_is_drawn_with_all_of_them(opened: Open) -> None:
    page = opened(PHONE, device_scale_factor=3, reduced_motion="reduce")
    settled(page)
    assert page.evaluate("fake.shown.width") == 3 * 390


def test_sliders_change_the_preset_and_show_it(opened: Open) -> None:
    page = opened()
    slider(page, "depth").fill("12")  # the place of 13 layers: the slider begins at 1
    assert value(page, "network.depth") == 13
    page.wait_for_function("document.querySelector('#words').innerText.includes('13 layers')")
    slider(page, "weight scale").fill("1000")
    assert value(page, "network.weight_scale") == 10
    slider(page, "zoom").fill("1000")
    assert value(page, "view.extent") == pytest.approx(0.0028)
    for label, text in (("weight scale", "10"), ("depth", "13"), ("zoom", "1000×")):
        page.wait_for_function(
            "([label, text]) => [...document.querySelectorAll('.row')].some((row) => "
            "row.innerText.startsWith(label) && row.querySelector('output').value === text "
            "&& row.querySelector('input').getAttribute('aria-valuetext') === text)",
            arg=[label, text],
        )


def test_the_time_slider_pauses_and_moves_within_the_loop(opened: Open) -> None:
    page = opened()
    slider(page, "time").fill("500")
    assert page.evaluate("[ui.time, ui.explorer.running]") == [6, False]
    page.get_by_role("button", name="play", exact=True).click()
    page.wait_for_function("ui.time > 6.1")


def test_a_slider_that_is_moved_is_one_step_of_the_history(opened: Open) -> None:
    page = opened()
    box = slider(page, "width").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, y)
    page.mouse.down()
    for x in (40, 60, 80, 100):
        page.mouse.move(box["x"] + x, y)
    page.mouse.up()
    assert value(page, "network.width") > 14
    page.locator("canvas").focus()
    page.keyboard.press("z")
    assert value(page, "network.width") == 14
    assert page.evaluate("ui.explorer.history.place") == [1, 2]


def test_a_seed_is_a_number_or_words(opened: Open) -> None:
    page = opened()
    field = page.get_by_role("textbox", name="seed")
    field.fill("9223372036854775807")
    field.press("Enter")
    assert page.evaluate("String(ui.preset.get('network.seed'))") == "9223372036854775807"
    field.fill("late light")
    field.press("Enter")
    page.wait_for_function("document.title === 'late light'")
    field.fill("-5")
    field.press("Enter")
    page.wait_for_function("document.querySelector('#message').innerText.includes('-5')")
    assert page.title() == "late light"


def test_a_new_seed_is_another_network(opened: Open) -> None:
    page = opened()
    page.locator("#dock").get_by_role("button", name="new seed").click()
    assert value(page, "network.seed") != 19
    page.locator("canvas").focus()
    page.keyboard.press("z")
    assert value(page, "network.seed") == 19
    page.keyboard.press("x")
    assert value(page, "network.seed") != 19


def test_menus_change_activation_initialisation_and_colours(opened: Open) -> None:
    page = opened()
    page.get_by_role("combobox", name="activation").select_option("gaussian")
    page.get_by_role("combobox", name="init").select_option("normal")
    page.get_by_role("combobox", name="colours").select_option("hsv")
    assert value(page, "network.activation") == "gaussian"
    assert value(page, "network.init") == "normal"
    assert value(page, "color.mapping") == "hsv"


# Keys as Playwright names them, and as the window does.
PRESSED = {
    "ArrowUp": "Up",
    "Shift+ArrowUp": "Shift+Up",
    "Shift+ArrowDown": "Shift+Down",
    "ArrowLeft": "Left",
    "Shift+ArrowRight": "Shift+Right",
    "BracketRight": "]",
    "Shift+BracketLeft": "Shift+[",
    "d": "D",
    "Shift+D": "Shift+D",
    "Equal": "=",
    "Shift+Minus": "Shift+-",
    "Alt+ArrowRight": "Alt+Right",
    "Shift+Alt+ArrowDown": "Shift+Alt+Down",
    "a": "A",
    "Shift+A": "Shift+A",
    "i": "I",
    "c": "C",
}


def changed(key: str) -> Preset:
    """The preset that a key of the window makes of the default one."""
    window = explorer.Explorer(load_preset("default"))
    window.keep_signal = False
    action, _ = by_key()[key.removeprefix("Shift+")]
    window.act(action, key.startswith("Shift+"))
    return window.preset


def test_keys_make_the_presets_that_they_make_in_the_window(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    page.locator("canvas").focus()
    for key, name in PRESSED.items():
        page.keyboard.press(key)
        found = parse_preset(page.evaluate("ui.preset.toToml()"))
        expected = changed(name)
        assert (found.spec, found.view) == (expected.spec, expected.view), key
        assert found.color.mapping == expected.color.mapping
        page.evaluate("ui.explorer.restore()")


def test_keys_pause_and_step_time(opened: Open) -> None:
    page = opened()
    page.locator("canvas").focus()
    page.keyboard.press("Space")
    assert page.evaluate("ui.explorer.running") is False
    page.evaluate("ui.explorer.time = 1")
    page.keyboard.press("Period")
    assert page.evaluate("ui.time") == 1.125
    page.keyboard.press("Shift+Comma")
    assert page.evaluate("ui.time") == 0.625


def test_a_held_key_is_one_step_of_the_history(opened: Open) -> None:
    page = opened()
    page.locator("canvas").focus()
    for _ in range(4):
        page.keyboard.down("ArrowUp")  # all but the first are repeats
    page.keyboard.up("ArrowUp")
    assert value(page, "network.depth") == 14
    page.keyboard.press("z")
    assert value(page, "network.depth") == 10


def test_zooming_in_and_out_ends_where_it_began(opened: Open) -> None:
    page = opened()
    page.mouse.move(300, 200)
    for key in ["Equal"] * 7 + ["Minus"] * 7:
        page.keyboard.press(key)
    assert page.evaluate("[ui.preset.get('view.extent'), ...ui.preset.get('view.center')]") == [
        *(2.8, 0, 0),
    ]


def test_keys_are_those_of_the_element_that_has_the_focus(opened: Open) -> None:
    page = opened()
    field = page.get_by_role("textbox", name="seed")
    field.fill("")
    field.press_sequentially("add ")
    assert value(page, "network.activation") == "sin,tanh,tanh,tanh,tanh,tanh,tanh,tanh,tanh"
    slider(page, "width").press("ArrowRight")
    assert [value(page, "network.width"), value(page, "network.depth")] == [15, 10]


def test_tab_goes_through_all_controls(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    controls = page.locator("button:visible, input:visible, select:visible, canvas")
    met = set()
    page.keyboard.press("Tab")
    for _ in range(controls.count() + 2):
        met.add(
            page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        )
        page.keyboard.press("Tab")
    assert len(met) >= controls.count()


def test_layers_are_shown_one_by_one(opened: Open) -> None:
    page = opened()
    page.locator("canvas").focus()
    page.keyboard.press("PageDown")
    assert value(page, "network.depth") == 9
    page.wait_for_function("document.querySelector('#hud').textContent.includes('layer 9 of 10')")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("ui.explorer.preset.get('network.depth')") == 8
    page.keyboard.press("Backspace")
    page.keyboard.press("Shift+PageUp")
    assert value(page, "network.depth") == 10


def test_reset_shows_the_preset_as_it_was(opened: Open) -> None:
    page = opened()
    page.locator("canvas").focus()
    for key in ("ArrowUp", "r", "Equal", "Alt+ArrowUp"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Reset", exact=True).click()
    assert page.evaluate("ui.preset === ui.explorer.loaded")


def test_the_panel_and_the_text_can_be_put_away(opened: Open) -> None:
    page = opened()
    seen = ["#panel", "#hud", "#dock"]

    def visible() -> list[bool]:
        return [page.locator(part).is_visible() for part in seen]

    assert visible() == [True, False, True]
    wide = page.evaluate("ui.stage.clientWidth")
    slider(page, "depth").focus()
    page.keyboard.press("Escape")
    assert visible() == [False, True, True]
    assert page.evaluate("document.activeElement === ui.tools.panel")
    assert page.evaluate("ui.stage.clientWidth") > wide
    page.locator("canvas").focus()
    for shown in ("panel", "nothing", "text"):
        page.keyboard.press("Backquote")
        assert page.locator("#app").get_attribute("data-overlay") == shown
    page.get_by_role("button", name="show the panel").click()
    page.get_by_role("button", name="Picture only").click()
    page.wait_for_function("getComputedStyle(document.querySelector('#dock')).opacity === '0'")
    page.locator("canvas").click(position={"x": 200, "y": 200})
    assert visible() == [False, True, True]


def test_help_lists_the_keys_and_escape_closes_it(opened: Open) -> None:
    page = opened()
    page.locator("canvas").focus()
    page.keyboard.press("h")
    sheet = page.get_by_role("dialog", name="Keys and gestures")
    sheet.wait_for()
    assert "weight scale up / down" in sheet.inner_text()
    page.keyboard.press("r")  # nothing happens below
    assert value(page, "network.seed") == 19
    page.keyboard.press("h")
    sheet.wait_for(state="hidden")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="What am I seeing?").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_the_saved_picture_carries_its_preset(opened: Open, tmp_path: Path) -> None:
    page = opened(reduced_motion="reduce")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowUp")
    with page.expect_download() as found:
        page.get_by_role("button", name="Save picture").click()
    file = tmp_path / found.value.suggested_filename
    found.value.save_as(file)
    assert file.name == "default.png"
    shot = json.loads(read_text(file))
    assert parse_preset(shot["preset"]).spec.depth == 11
    assert shot["size"] == page.evaluate("[ui.stage.clientWidth, ui.stage.clientHeight]")
    page.wait_for_function("document.querySelector('#message').innerText.includes('default.png')")


def test_the_preset_is_saved_as_toml(opened: Open, tmp_path: Path) -> None:
    page = opened()
    page.locator("canvas").focus()
    page.keyboard.press("ArrowLeft")
    with page.expect_download() as found:
        page.keyboard.press("Control+s")
    file = tmp_path / found.value.suggested_filename
    found.value.save_as(file)
    assert parse_preset(file.read_text("utf-8")).spec.width == 13


def test_the_preset_is_copied(opened: Open) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy preset").click()
    page.wait_for_function("document.querySelector('#message').innerText.includes('copied')")
    text = page.evaluate("navigator.clipboard.readText()")
    assert parse_preset(text).spec.seed == 19


def test_where_the_clipboard_is_refused_the_text_is_selected(opened: Open) -> None:
    page = opened()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(Error('no')); }")
    page.get_by_role("button", name="Copy preset").click()
    area = page.get_by_role("textbox", name="the preset as TOML")
    area.wait_for()
    assert parse_preset(area.input_value()).spec.seed == 19
    assert page.evaluate("getSelection().toString().length || document.activeElement.selectionEnd")


def test_full_screen_shows_the_picture_and_returns(opened: Open) -> None:
    page = opened()
    page.locator("canvas").focus()
    page.keyboard.press("F11")
    page.wait_for_function("document.fullscreenElement === ui.root")
    page.wait_for_function("ui.root.dataset.overlay === 'text'")
    page.get_by_role("button", name="leave full screen").click()
    page.wait_for_function("!document.fullscreenElement")
    page.wait_for_function("ui.root.dataset.overlay === 'panel'")


def test_less_motion_starts_paused_and_says_so(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    assert page.evaluate("[ui.time, ui.explorer.running]") == [0, False]
    assert "paused" in page.locator("#message").inner_text()
    page.get_by_role("button", name="play", exact=True).click()
    page.wait_for_function("ui.time > 0")
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function("!ui.still.matches")
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function("!ui.explorer.running")


def colors(page: Any) -> list[list[int]]:
    """Ground and ink as [red, green, blue]."""
    found = page.evaluate(
        "['backgroundColor', 'color'].map((name) => getComputedStyle(document.body)[name])"
    )
    return [[int(part) for part in text[4:-1].split(",")] for text in found]


def test_colours_are_those_of_the_window(opened: Open) -> None:
    ink, ground = (0.92, 0.94, 0.96), (0.055, 0.065, 0.08)  # of a dark window
    page = opened(color_scheme="dark")
    assert colors(page) == [[round(255 * one) for one in part] for part in (ground, ink)]
    accent = page.evaluate("getComputedStyle(document.body).getPropertyValue('--accent')")
    assert [int(accent[k : k + 2], 16) for k in (1, 3, 5)] == [
        round(255 * one) for one in style.ACCENT
    ]
    page.emulate_media(color_scheme="light")
    light = [
        [round(255 * one) for one in part] for part in ((0.97, 0.975, 0.98), (0.09, 0.11, 0.14))
    ]
    assert colors(page) == light


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_words_are_legible(opened: Open, scheme: str) -> None:
    """The contrast of WCAG, at least 4.5 for words and 3 for what is not words."""
    page = opened(color_scheme=scheme)
    found = page.evaluate(
        """() => {
          const canvas = document.createElement("canvas")
            .getContext("2d", { willReadFrequently: true });
          const style = getComputedStyle(document.body);
          const over = (names) => {
            for (const name of names) {
              canvas.fillStyle = style.getPropertyValue(name);
              canvas.fillRect(0, 0, 1, 1);
            }
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const light = (rgb) => {
            const [r, g, b] = rgb.map((v) => v / 255)
              .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const contrast = (a, b) => {
            const [low, high] = [light(over(a)), light(over(b))].sort((x, y) => x - y);
            return (high + 0.05) / (low + 0.05);
          };
          const ground = ["--ground"];
          return {
            words: contrast(ground, ["--ground", "--quiet"]),
            fields: contrast(["--ground", "--field"], ["--ground", "--field", "--ink"]),
            accent: contrast(ground, ["--ground", "--accent"]),
          };
        }"""
    )
    assert found["words"] >= 4.5
    assert found["fields"] >= 4.5
    assert found["accent"] >= 3


SIZES = [(320, 568), (390, 844), (640, 400), (768, 1024), LANDSCAPE, WIDE, (1920, 1080)]


def test_nothing_is_cut_off_at_any_size(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for overlay in ("text", "panel"):
            page.evaluate("(name) => ui.overlay(name)", overlay)
            found = page.evaluate(
                """() => [...document.querySelectorAll("#app *")].filter((one) => {
                  const box = one.getBoundingClientRect();
                  return box.width && (box.left < -0.5 || box.right > innerWidth + 0.5);
                }).map((one) => one.outerHTML.slice(0, 80))"""
            )
            assert found == [], (width, height, overlay)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.documentElement.scrollHeight") <= height
            share = page.evaluate("ui.stage.clientWidth * ui.stage.clientHeight")
            assert share >= 0.5 * width * height, (width, height, overlay)


def test_long_words_are_broken(opened: Open) -> None:
    page = opened((320, 568), keys={"title": "w" * 200, "description": "verylong" * 60})
    assert page.evaluate("ui.find('panel').scrollWidth <= ui.find('panel').clientWidth")
    page.evaluate("ui.overlay('text')")
    assert page.locator("#hud").bounding_box()["width"] <= 320


def test_a_small_window_shows_the_picture_first(opened: Open) -> None:
    assert opened((640, 400)).locator("#app").get_attribute("data-overlay") == "text"
    assert opened(LANDSCAPE).locator("#app").get_attribute("data-overlay") == "text"
    assert opened(PHONE).locator("#app").get_attribute("data-overlay") == "panel"


def test_a_window_of_another_size_has_another_picture(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    settled(page)
    page.set_viewport_size({"width": 900, "height": 600})
    page.wait_for_function("ui.loop.resting && fake.shown.height === 600")
    assert page.evaluate("fake.shown.width") == page.evaluate("ui.stage.clientWidth")


def test_what_goes_wrong_is_a_line_on_the_page(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    settled(page)
    page.evaluate("fake.broken = true")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("document.querySelector('[role=alert]').innerText.includes('broken')")
    page.evaluate("fake.broken = false")
    page.keyboard.press("ArrowUp")
    settled(page)
    assert page.locator("[role=alert]").text_content() == ""


def test_a_long_picture_shows_that_it_is_under_way(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    settled(page)
    page.evaluate("() => { fake.slow = true; ui.perform('deeper'); }")
    page.locator("#progress").wait_for()
    page.evaluate("fake.slow = false")
    page.locator("#progress").wait_for(state="hidden")


def test_a_preset_with_given_weights_offers_what_it_can_change(opened: Open) -> None:
    page = opened(preset="s-curves", keys={"show.view": "picture"})
    rows = page.locator(".row:visible label").all_inner_texts()
    assert {"zoom", "colours"} <= set(rows)
    assert not {"depth", "width", "seed", "weight scale", "activation"} & set(rows)
    page.locator("canvas").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("document.querySelector('#message').innerText.includes('fixes')")


def test_what_does_not_move_has_no_clock(opened: Open) -> None:
    page = opened(preset="neylon-27")
    settled(page)
    assert "time" not in page.locator(".row:visible label").all_inner_texts()
    assert not page.get_by_role("button", name="pause").is_visible()


def test_a_cell_of_a_sheet_opens_by_a_click_and_closes_by_a_button(opened: Open) -> None:
    page = opened(preset="depth-sheet")
    page.evaluate(
        """() => {
          const { clientWidth: width, clientHeight: height } = ui.stage;
          const grid = modules.cells.cellsOf(ui.given, ui.preset, 0);
          fake.layout = modules.cells.layoutOf(grid, [width, height], { adapt: true });
          ui.perform("next_color");
        }"""
    )
    page.wait_for_function("ui._layout && ui.loop.resting")
    assert page.locator("#labels").inner_text().startswith("layer 1")
    box = page.evaluate("ui._layout.boxes[13]")  # the fourth of ten in the second row
    page.locator("canvas").click(position={"x": box[0] + 9, "y": box[1] + 9})
    page.wait_for_function("!ui._layout && ui.loop.resting")
    assert page.evaluate("[ui.preset.get('network.depth'), ui.preset.get('show.view')]") == [
        *(4, "picture"),
    ]
    assert value(page, "network.seed") == 23
    page.get_by_role("button", name="return from what was opened").click()
    page.wait_for_function("ui.preset.get('show.view') === 'sheet'")


def test_what_differs_from_the_preset_is_marked(opened: Open) -> None:
    page = opened()
    marked = "[...document.querySelectorAll('.changed label')].map((one) => one.innerText)"
    assert page.evaluate(marked) == []
    slider(page, "depth").fill("12")
    page.wait_for_function(f"{marked}.includes('depth')")
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function(f"{marked}.length === 0")
