"""The diagram of a trained image network: its layers as bars, a stripe for each channel.

The shown picture's Scene -> Sight: a pass -> ImageDiagram.draw(): in a column of an open part
mouse -> hover: the layer and the channel in words; click: look at them
"""

import time as wall
from typing import TYPE_CHECKING

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from cppn_gl.utils.quantising import quantise
from cppn_gl.viewer.gui.style import ACCENT
from cppn_gl.viewer.gui.unit_words import begin, dim
from cppn_gl.viewer.gui.wires import at, color, ink
from cppn_gl.viewer.image_plan import MOST_CLASSES, Board, bits_of, image_plan
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.seeing import Unit, unit_words
from cppn_gl.viewer.sight import operation_words, peaks, reads_words, share
from cppn_gl.views.text import significant
from cppn_gl.views.vision.shades import STEPS, ember

if TYPE_CHECKING:
    from cppn_gl.nn.vision.running import Pass
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui

WORDS_FROM = 7.5, 22.0  # the least width and height of a column with words below, in font sizes
GROUT = 0xB0100C08  # behind bars, ABGR


class ImageDiagram:
    """The diagram of the network explored, drawn within the window of an open part."""

    def __init__(self, app: "App"):
        self._app, self._explorer = app, app.explorer
        self._strips: tuple[object, NDArray[np.uint8]] | None = None
        self._peaks: tuple[object, list[NDArray[np.float32]]] = (None, [])

    def draw(self, gui: "Gui", rect: Rect) -> None:
        """Draw within `rect` of the window, in an imgui window; handle the mouse over it."""
        if min(rect.size) < 16:
            return
        explorer = self._explorer
        network = explorer.eye
        done = explorer.sight.done
        foot = self._write_foot(gui, rect)
        rows, columns = network.size
        top = explorer.sight.top(MOST_CLASSES)
        board = image_plan(
            bits_of(network),
            (rect.width, rect.height - foot),
            gui.unit,
            round(columns / rows, 3),
            min(len(network.classes), MOST_CLASSES),
        )
        imgui.set_cursor_screen_pos(imgui.ImVec2(rect.x, rect.y))
        imgui.invisible_button("##network", imgui.ImVec2(*rect.size))
        gui.mark("network")
        hovered = imgui.is_item_hovered()
        mouse = imgui.get_io().mouse_pos
        place = mouse.x - rect.x, mouse.y - rect.y
        pointed = board.at(place) if hovered else None
        named = None
        if hovered and pointed is None:
            named = self._named(gui, board, place)
        self._paint(gui, rect, board, done, pointed)
        self._write_classes(gui, rect, board, top)
        for layer, box in enumerate(board.bars, 1):
            left, high, right, low = box
            name = f"layer {network.stages[layer - 1].name}"
            gui.places[name] = Rect(rect.x + left, rect.y + high, right - left, low - high)
        wanted = pointed or ((named, None) if named is not None else None)
        if wanted is None:
            return
        imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
        if imgui.is_item_active() and imgui.is_mouse_clicked(imgui.MouseButton_.left):
            gui.gesture()
            explorer.message = ""
            explorer.look_at(*wanted)
            self._app.hud.say(explorer.message, wall.perf_counter())
            gui.finish()
        layer = wanted[0]
        self._describe(gui, rect, (layer, wanted[1] or explorer.channel_in(layer)), done)

    def _write_foot(self, gui: "Gui", rect: Rect) -> int:
        """Write what the bars are, at the bottom of the column; the height in pixels."""
        if any(side < least * gui.unit for side, least in zip(rect.size, WORDS_FROM, strict=True)):
            return 0
        words = "A bar is a layer, a stripe a channel: bright if it answers to the picture."
        small, wide = 0.8 * gui.unit, max(1.0, rect.width - 0.5 * gui.unit)
        imgui.push_font(gui.fonts.italic, small)
        high = round(imgui.calc_text_size(words, False, 0.95 * wide).y)
        place = at(rect, 0.25 * gui.unit, rect.height - high)
        pen = imgui.get_window_draw_list()
        pen.add_text(gui.fonts.italic, small, place, ink(0.6), words, wide)
        imgui.pop_font()
        return high + round(0.4 * gui.unit)

    def _paint(
        self,
        gui: "Gui",
        rect: Rect,
        board: Board,
        done: "Pass | None",
        pointed: Unit | None,
    ) -> None:
        pen = imgui.get_window_draw_list()
        for left, top, right, bottom in board.frames:
            low, high = at(rect, left, top), at(rect, right, bottom)
            pen.add_rect_filled(low, high, ink(0.05), 0.3 * gui.unit)
            pen.add_rect(low, high, ink(0.2), 0.3 * gui.unit)
        for link in board.links:
            pen.add_polyline([at(rect, *point) for point in link], ink(0.35), 1.0, 0)
        for left, top, right, bottom in board.bars:
            pen.add_rect_filled(at(rect, left, top), at(rect, right, bottom), GROUT)
        if done is not None:
            strips = self._strips_of(board, done)
            pen.add_image(
                gui.texture("image network", strips), at(rect, 0, 0), at(rect, *board.size)
            )
            self._paint_picture(gui, rect, board, done)
        now = self._explorer.unit
        for unit, shade in ((now, color(ACCENT, 1)), (pointed, ink(0.9))):
            if unit is None:
                continue
            left, top, right, bottom = board.bars[unit[0] - 1]
            thick = max(1.5, gui.unit / 10)
            low, high = at(rect, left - 1, top - 1), at(rect, right + 1, bottom + 1)
            pen.add_rect(low, high, shade, 0.0, thickness=thick)
            start, end = board.stripe(*unit)
            middle, arm = (start + end) / 2, 0.3 * gui.unit
            pen.add_triangle_filled(
                at(rect, middle - arm, top - 1 - 1.3 * arm),
                at(rect, middle + arm, top - 1 - 1.3 * arm),
                at(rect, middle, top - 1),
                shade,
            )
        self._write_names(gui, rect, board, now[0])

    def _paint_picture(self, gui: "Gui", rect: Rect, board: Board, done: "Pass") -> None:
        """The picture as the network sees it, on top."""
        pixels = self._explorer.sight.picture
        if pixels is None:
            return
        left, top, right, bottom = board.picture
        shown = np.full((*pixels.shape[:2], 4), 255, np.uint8)
        shown[..., :3] = pixels
        texture = gui.texture(
            "seen", shown, done.source.tobytes()[:64] + bytes(str(pixels.shape), "ascii")
        )
        imgui.get_window_draw_list().add_image(
            texture, at(rect, left, top), at(rect, right, bottom)
        )

    def _write_names(self, gui: "Gui", rect: Rect, board: Board, layer: int) -> None:
        """The names at the left, as many as there is room for; first that of the layer shown."""
        pen, small = imgui.get_window_draw_list(), 0.72 * gui.unit
        network = self._explorer.eye
        own = next((k for k, one in enumerate(board.names) if self._owns(board, k, layer)), 0)
        room = min(box[0] for box in board.bars) - 0.5 * gui.unit
        order = [own, 0, len(board.names) - 1, *range(len(board.names))]
        written: list[float] = []
        imgui.push_font(gui.fonts.regular, small)
        for k in dict.fromkeys(order):
            name = board.names[k]
            if any(abs(name.middle - other) < 0.95 * small for other in written):
                continue
            written.append(name.middle)
            words = name.words
            while len(words) > 2 and imgui.calc_text_size(words).x > room:
                words = words[:-2].rstrip(" …") + "…"
            font, shade = (gui.fonts.bold, ink(1)) if k == own else (gui.fonts.regular, ink(0.65))
            pen.add_text(font, small, at(rect, 0, name.middle - small / 2), shade, words)
            sides = round(room), round(small)
            corner = at(rect, 0, name.middle - small / 2)
            gui.places[f"name {name.words}"] = Rect(round(corner.x), round(corner.y), *sides)
        imgui.pop_font()
        assert network is not None

    def _owns(self, board: Board, k: int, layer: int) -> bool:
        """Whether a name is that of a layer, or of its module."""
        stage = self._explorer.eye.stages[layer - 1].name
        return (stage.rpartition("/")[0] or stage).rpartition("/")[2] == board.names[k].words

    def _named(self, gui: "Gui", board: Board, place: tuple[float, float]) -> int | None:
        """The layer whose name, or whose module's, is at a place."""
        if place[0] > min(box[0] for box in board.bars):
            return None
        near = min(board.names, key=lambda one: abs(one.middle - place[1]))
        return near.layer if abs(near.middle - place[1]) <= 0.6 * gui.unit else None

    def _write_classes(
        self, gui: "Gui", rect: Rect, board: Board, top: list[tuple[str, float]]
    ) -> None:
        """The most probable classes, below the last layer."""
        pen, small = imgui.get_window_draw_list(), 0.78 * gui.unit
        left, high, right, low = board.classes
        if not top or low <= high:
            return
        step = (low - high - 0.3 * gui.unit) / len(top)
        for k, (name, value) in enumerate(top):
            y = high + 0.3 * gui.unit + k * step
            wide = max(1.0, (right - left) * value)
            ground = at(rect, left, y), at(rect, left + wide, y + 0.92 * step)
            pen.add_rect_filled(*ground, color(ACCENT, 0.35), 0.15 * gui.unit)
            words = f"{share(value)}  {name}"
            clip = imgui.ImVec4(rect.x + left, rect.y + y, rect.x + right, rect.y + y + step)
            place = at(rect, left + 0.2 * gui.unit, y)
            pen.add_text(
                gui.fonts.regular, small, place, ink(1 if k == 0 else 0.75), words, 0.0, clip
            )

    def _strips_of(self, board: Board, done: "Pass") -> NDArray[np.uint8]:
        """An image of the bars: each channel's largest response, relative to its layer's."""
        key = done, board
        if self._strips is None or self._strips[0] != key:
            image = np.zeros((board.size[1], board.size[0], 4), np.uint8)
            for (left, top, right, bottom), values in zip(
                board.bars, self._peaks_of(done), strict=True
            ):
                reach = float(values.max(initial=0.0)) or 1.0
                across = ((np.arange(right - left) + 0.5) / (right - left) * len(values)).astype(
                    int
                )
                places = (np.clip(values / reach, 0, 1) * STEPS).astype(int)
                rgb = quantise(np.ascontiguousarray(ember()[places]))
                image[max(0, top) : bottom, left:right, :3] = rgb[across]
                image[max(0, top) : bottom, left:right, 3] = 255
            self._strips = key, image
        return self._strips[1]

    def _peaks_of(self, done: "Pass") -> list[NDArray[np.float32]]:
        """Of each layer the largest unit of each channel."""
        if self._peaks[0] is not done:
            self._peaks = done, peaks(done)
        return self._peaks[1]

    def _describe(self, gui: "Gui", rect: Rect, unit: Unit, done: "Pass | None") -> None:
        """The layer and the channel in words, beside the column."""
        network = self._explorer.eye
        layer, channel = unit
        stage = network.stages[layer - 1]
        begin(gui, rect, f"{stage.name}, channel {channel}")
        imgui.text(unit_words(network, unit).partition(", ")[2])
        imgui.text(operation_words(stage))
        imgui.text(reads_words(network, layer))
        if done is not None:
            peak = float(self._peaks_of(done)[layer - 1][channel - 1])
            imgui.text(f"its largest value in this picture: {significant(peak)}")
        dim(gui, "click: look at it")
        imgui.end_tooltip()
