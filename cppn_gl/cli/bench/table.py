"""The benchmark's report as text of at most 100 columns."""

import textwrap
from collections.abc import Sequence
from typing import Any

COLUMNS = 100
EMPTY = "-"


def table(report: dict[str, Any]) -> str:
    """Format the report: the renderer, our rows, the comparison with the peers, and remarks."""
    rows = report["rows"]
    parts = [_head(report), _ours(rows)]
    if report["peers"]:
        parts.append(_against(rows, list(report["peers"])))
    if report["growth"]:
        parts.append(_growth(report["growth"]))
    parts.append("\n".join(_remarks(report)))
    return "\n\n".join(parts) + "\n"


def _head(report: dict[str, Any]) -> str:
    lines = [f"cppn_gl {report['version']}, {report['renderer'] or 'no renderer'}"]
    for peak in report["peaks"]:
        count = peak["threads"]
        where = f" with {count} thread{'s' if count > 1 else ''}" if count else ""
        lines.append(f"peak {peak['gflops']:.0f} GFLOP/s{where}: {peak['how']}")
    lines += [f"{name}: {label}" for name, label in report["peers"].items()]
    return "\n".join(map(_cut, lines))


def _ours(rows: Sequence[dict[str, Any]]) -> str:
    titles = ["network", "size", "engine", "threads", "ms/frame", "Mpixel/s", "GFLOP/s"]
    titles += ["of peak", "compile s", "startup s"]
    cells: list[list[str]] = []
    reasons: dict[int, str] = {}
    for row in rows:
        if row["ms"] is None:
            reasons[len(cells)] = row["reason"] or EMPTY
            cells.append([row["network"], row["size"]])
            continue
        of_peak = EMPTY if row["share"] is None else f"{100 * row['share']:.1f} %"
        cells.append(
            [
                *(row["network"], row["size"], row["engine"], str(row["threads"])),
                _ms(row["ms"], row["estimated"]),
                *(figure(row["mpixel_s"]), figure(row["gflop_s"]), of_peak),
                *(figure(row["compile_s"]), figure(row["first_picture_s"])),
            ]
        )
    return _grid(titles, cells, left=3, endings=reasons)


def _against(rows: Sequence[dict[str, Any]], peers: Sequence[str]) -> str:
    titles = ["network", "size", "threads", "ours ms"]
    for name in peers:
        titles += [f"{name} ms", "ratio"]
    cells = []
    for row in rows:
        if row["peers"]:
            ours = _ms(row["ms"], row["estimated"])
            cells.append([row["network"], row["size"], str(row["threads"]), ours])
            for name in peers:
                ms = row["peers"].get(name)
                ratio = EMPTY if ms is None else f"{ms / row['ms']:.2f}"
                cells[-1] += [_ms(ms, row["estimated"]), ratio]
    return _grid(titles, cells, left=2, endings={})


def _growth(growth: Sequence[dict[str, Any]]) -> str:
    titles = ["time grows with", "from", "to", "threads", *growth[0]["exponents"]]
    cells = []
    for fit in growth:
        limits = [EMPTY if fit[key] is None else str(fit[key]) for key in ("from", "to", "threads")]
        powers = [EMPTY if e is None else f"^{e:.2f}" for e in fit["exponents"].values()]
        cells.append([fit["quantity"], *limits, *powers])
    return _grid(titles, cells, left=1, endings={})


def _remarks(report: dict[str, Any]) -> list[str]:
    rows = report["rows"]
    remarks = [
        "ms/frame: median of at least 5 frames, with readback. GFLOP/s: 2 x the multiply-adds of "
        "all layers."
    ]
    if any(row["first_picture_s"] for row in rows):
        remarks.append(
            "compile s: compiling shaders. startup s: from starting the program to its first "
            "640x360 picture. Both are measured without shader caches."
        )
    if any(row["estimated"] for row in rows):
        remarks.append("~ estimated: from a band of the picture, or from fewer than 5 pictures.")
    if report["growth"]:
        remarks.append(
            "time grows with: the exponent, fitted to the times above; width with 8 layers, the "
            "others with layers of 30; pixels by whole pictures only."
        )
    if report["peers"]:
        remarks.append(
            "ratio: the peer's ms / ours, same pixels, measured alternately; above 1, ours is "
            "faster."
        )
    if any(row["peers_kept"] for row in rows):
        remarks.append("torch: read back as uint8; the JSON also has the time without readback.")
    remarks += dict.fromkeys(row["reason"] for row in rows if row["ms"] and row["reason"])
    remarks += report["notes"]
    remarks.append(f"took {report['elapsed_s']:.0f} s of a budget of {report['budget_s']:g} s")
    return [line for remark in remarks for line in textwrap.wrap(remark, COLUMNS)]


def figure(value: float | None) -> str:
    """A number with about three digits."""
    if value is None:
        return EMPTY
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def _ms(value: float | None, estimated: bool) -> str:
    return EMPTY if value is None else f"{'~' if estimated else ''}{figure(value)}"


def _grid(
    titles: Sequence[str], cells: Sequence[Sequence[str]], *, left: int, endings: dict[int, str]
) -> str:
    """Aligned columns, the first `left` ones to the left; `endings`: text after a row's cells."""
    whole = [titles, *(row for number, row in enumerate(cells) if number not in endings)]
    widths = [max(len(row[k]) for row in whole) for k in range(len(titles))]
    for row in cells:
        for k, cell in enumerate(row):
            widths[k] = max(widths[k], len(cell))
    lines = [_cut(_line(titles, widths, left))]
    for number, row in enumerate(cells):
        line = _line(row, widths, left)
        if number in endings:
            line = f"{line:{sum(widths[:2]) + 4}}{endings[number]}"
        lines.append(_cut(line))
    return "\n".join(lines)


def _cut(line: str) -> str:
    return line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…"


def _line(row: Sequence[str], widths: Sequence[int], left: int) -> str:
    cells = (f"{cell:{'<' if k < left else '>'}{widths[k]}}" for k, cell in enumerate(row))
    return "  ".join(cells).rstrip()
