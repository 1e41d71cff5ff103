"""Draw the pictures that presets learn: a lighthouse, and an anchor in black and white.

python tools/make_drawings.py [--folder presets]

Both are drawn by the formulas here, SCALE times as large, and reduced by averaging, so that the
files have the same pixels on every machine. The photographs chelsea.png, cat.png and coffee.png are
not ours: presets/NOTICE says where they are from, and `--photographs FOLDER` makes them of
scikit-image's files chelsea.png and coffee.png.
"""

import argparse
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

SIDE, SCALE = 192, 8  # pixels of the drawings, and samples along the side of each
WIDE = 336, 192  # of the anchor: its distances are to fill a wide picture
CAT, CAT_SIDE = (62, 0, 362, 300), 192  # the part of the photograph, and its size here
PHOTOGRAPH = 450, 300  # pixels of the whole ones

NIGHT = ("#0f2440", "#17456a", "#2b7f8c", "#f2b48a")  # the sky from the top to the horizon
SEA, FOAM, CREST = "#0d3550", "#f4ead2", "#1c6a80"
CREAM, RED, SHADE, SLATE, LAMP = "#fbf2df", "#e2492f", "#b9331f", "#152238", "#ffd85e"
HILL, HILL_LIGHT = "#1d3b2f", "#3f7a4a"


class Canvas:
    """The plane, y from -1 to 1 and up, drawn by Pillow. `size`: of the picture in the end."""

    def __init__(self, mode: str, ground: str, size: tuple[int, int] = (SIDE, SIDE)):
        self.size, self.pixels = size, (size[0] * SCALE, size[1] * SCALE)
        self.image = Image.new(mode, self.pixels, ground)
        self.draw = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float) -> tuple[float, float]:
        wide, high = self.pixels
        return (wide + x * high - 1) / 2, ((1 - y) * high - 1) / 2

    def polygon(self, points: list[tuple[float, float]], color: str) -> None:
        self.draw.polygon([self.at(*point) for point in points], fill=color)

    def disc(self, x: float, y: float, r: float, color: str) -> None:
        left, top = self.at(x - r, y + r)
        right, bottom = self.at(x + r, y - r)
        self.draw.ellipse((left, top, right, bottom), fill=color)

    def box(self, left: float, bottom: float, right: float, top: float, color: str) -> None:
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)], color)

    def reduced(self) -> Image.Image:
        return self.image.resize(self.size, Image.Resampling.BOX)


def rgb(color: str) -> np.ndarray:
    return np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)], float)


def lighthouse() -> Image.Image:
    """A lighthouse at dusk: flat colours, with stripes, stars and waves as fine detail."""
    c = Canvas("RGB", SEA)
    horizon = -0.42
    stops = np.stack([rgb(color) for color in NIGHT])
    rows = int(c.at(0, horizon)[1])
    place = np.linspace(0, len(NIGHT) - 1, rows)
    sky = np.stack([np.interp(place, range(len(NIGHT)), stops[:, k]) for k in range(3)], axis=-1)
    band = np.repeat(np.round(sky).astype(np.uint8)[:, None], c.pixels[0], axis=1)
    c.image.paste(Image.fromarray(band), (0, 0))
    _stars(c)
    c.disc(-0.55, 0.60, 0.225, "#fff3cf")  # the moon, with three craters
    for x, y, r in ((-0.63, 0.67, 0.05), (-0.47, 0.56, 0.036), (-0.58, 0.50, 0.024)):
        c.disc(x, y, r, "#f0dca6")
    lamp = 0.315, 0.60
    c.polygon([lamp, (-1.2, 0.34), (-1.2, -0.16)], "#f6cf7a")  # the beam, with a bright core
    c.polygon([lamp, (-1.2, 0.22), (-1.2, -0.04)], "#ffe9a8")
    _waves(c, horizon)
    _island(c)
    _tower(c, lamp)
    return c.reduced()


def _stars(c: Canvas) -> None:
    """Four-pointed stars."""
    places = (
        *((-0.88, 0.86, 0.050), (-0.18, 0.83, 0.060), (-0.02, 0.62, 0.035)),
        *((0.66, 0.86, 0.055), (0.88, 0.58, 0.040), (0.70, 0.36, 0.032), (0.08, 0.90, 0.030)),
        *((0.93, 0.20, 0.030), (-0.92, 0.52, 0.030), (0.62, 0.62, 0.024)),
    )
    for x, y, r in places:
        points = []
        for k in range(8):
            far = r if k % 2 == 0 else 0.3 * r
            turn = k * math.pi / 4
            points.append((x + far * math.sin(turn), y + far * math.cos(turn)))
        c.polygon(points, FOAM)


def _waves(c: Canvas, horizon: float) -> None:
    """Rows of scales like those of Japanese prints: each a crest with two rings."""
    across, down = 0.25, 0.105
    for row in range(8):
        y = horizon - 0.055 - row * down
        shift = across / 2 if row % 2 else 0.0
        for column in range(-6, 7):
            x = column * across + shift
            for r, color in ((0.125, FOAM), (0.108, CREST), (0.076, FOAM), (0.062, SEA)):
                c.disc(x, y - 0.075, r, color)


def _island(c: Canvas) -> None:
    """A round hill that rises from the right edge, with a lighter slope."""
    steps = np.linspace(-0.36, 1.1, 120)
    hill = [(x, -0.98 + 0.60 * math.sin(math.pi * (x + 0.36) / 1.46) ** 0.55) for x in steps]
    c.polygon([(-0.36, -1.1), *hill, (1.1, -1.1)], HILL)
    slope = [(x, y - 0.05 - 0.22 * (x - 0.1) ** 2) for x, y in hill]
    c.polygon([(-0.3, -1.1), *slope, (1.1, -1.1)], HILL_LIGHT)
    for x, y in ((-0.16, -0.86), (0.02, -0.74), (0.72, -0.72), (0.86, -0.88), (0.52, -0.88)):
        c.polygon([(x - 0.03, y), (x, y + 0.085), (x + 0.03, y)], HILL)


def _tower(c: Canvas, lamp: tuple[float, float]) -> None:
    """The tower: bands of red and cream, a gallery, the lantern and its roof."""
    x, (low, high), (wide, narrow) = lamp[0], (-0.50, 0.42), (0.215, 0.125)

    def half(y: float) -> float:
        return wide + (narrow - wide) * (y - low) / (high - low)

    bands = 5
    for k in range(bands):
        bottom = low + (high - low) * k / bands
        top = low + (high - low) * (k + 1) / bands
        sides = (x - half(bottom), bottom), (x + half(bottom), bottom)
        color = RED if k % 2 == 0 else CREAM
        c.polygon([*sides, (x + half(top), top), (x - half(top), top)], color)
        dark = SHADE if k % 2 == 0 else "#dccdb0"  # the side away from the moon
        c.polygon(
            [
                (x + 0.35 * half(bottom), bottom),
                sides[1],
                (x + half(top), top),
                (x + 0.35 * half(top), top),
            ],
            dark,
        )
    for y in (-0.02, 0.23):  # windows
        c.box(x - 0.035, y - 0.045, x + 0.035, y + 0.03, SLATE)
        c.disc(x, y + 0.03, 0.035, SLATE)
    c.box(x - 0.055, -0.50, x + 0.055, -0.37, SLATE)  # the door
    c.disc(x, -0.37, 0.055, SLATE)
    c.box(x - 0.185, 0.41, x + 0.185, 0.455, SLATE)  # the gallery
    for k in range(-3, 4):
        c.box(x + k * 0.056 - 0.009, 0.45, x + k * 0.056 + 0.009, 0.525, SLATE)
    c.box(x - 0.185, 0.517, x + 0.185, 0.535, SLATE)
    c.box(x - 0.10, 0.45, x + 0.10, 0.68, SLATE)  # the lantern
    c.box(x - 0.075, 0.54, x + 0.075, 0.665, LAMP)
    c.disc(x, 0.60, 0.05, "#fffbe6")
    c.polygon([(x - 0.135, 0.68), (x + 0.135, 0.68), (x + 0.02, 0.83), (x - 0.02, 0.83)], RED)
    c.polygon([(x + 0.045, 0.68), (x + 0.135, 0.68), (x + 0.02, 0.83)], SHADE)
    c.disc(x, 0.845, 0.035, CREAM)


def anchor() -> Image.Image:
    """An anchor, black on white, for its distance field: holes, arms, points, and thin places."""
    c = Canvas("L", "white", WIDE)

    def thick(points: list[tuple[float, float]], r: float) -> None:
        for x, y in points:
            c.disc(x, y, r, "black")

    def line(a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
        return [
            (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for t in np.linspace(0, 1, 400)
        ]

    def arc(x: float, y: float, r: float, start: float, end: float) -> list[tuple[float, float]]:
        turns = np.radians(np.linspace(start, end, 600))
        return [(x + r * math.cos(turn), y + r * math.sin(turn)) for turn in turns]

    thick(arc(0, 0.70, 0.145, 0, 360), 0.055)  # the ring
    thick(line((0, 0.56), (0, -0.72)), 0.075)  # the shank
    thick(line((-0.36, 0.37), (0.36, 0.37)), 0.062)  # the stock, with knobs
    for x in (-0.38, 0.38):
        c.disc(x, 0.37, 0.10, "black")
    thick(arc(0, -0.12, 0.62, 197, 343), 0.082)  # the arms
    end = np.radians(-17)
    x, y = 0.62 * math.cos(end), -0.12 + 0.62 * math.sin(end)
    along, out = (-math.sin(end), math.cos(end)), (math.cos(end), math.sin(end))
    fluke = ((0.40, 0.03), (-0.07, -0.25), (0.0, 0.0), (-0.07, 0.23))  # along the arm, outwards
    points = [
        (x + far * along[0] + to * out[0], y + far * along[1] + to * out[1]) for far, to in fluke
    ]
    for side in (-1, 1):
        c.polygon([(side * across, up) for across, up in points], "black")
    c.polygon([(-0.26, -0.75), (0.26, -0.75), (0, -0.95)], "black")  # the crown
    return c.reduced().point(lambda value: 255 if value > 127 else 0).convert("1")


def cat(path: Path) -> Image.Image:
    """The face in scikit-image's photograph, reduced."""
    face = Image.open(path).convert("RGB").crop(CAT)
    return face.resize((CAT_SIDE, CAT_SIDE), Image.Resampling.LANCZOS)


def whole(path: Path) -> Image.Image:
    """The photograph, reduced to the size of PHOTOGRAPH, and cropped to its shape."""
    photograph = Image.open(path).convert("RGB")
    return ImageOps.fit(photograph, PHOTOGRAPH, Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1] / "presets")
    parser.add_argument("--photographs", type=Path, help="the folder of scikit-image's pictures")
    args = parser.parse_args()
    made = {"lighthouse": lighthouse(), "anchor": anchor()}
    if args.photographs:
        chelsea = args.photographs / "chelsea.png"
        made["chelsea"], made["cat"] = cat(chelsea), whole(chelsea)
        made["coffee"] = whole(args.photographs / "coffee.png")
    for name, image in made.items():
        image.save(args.folder / f"{name}.png", optimize=True)
        print(args.folder / f"{name}.png")


if __name__ == "__main__":
    main()
