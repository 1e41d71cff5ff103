"""The options of `bench`, checked before anything is measured, and its JSON file.

words -> bench_plan -> Plan; --json FILE -> check_json … write_json
"""

import argparse
import itertools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cppn_gl.cli.bench.growth import CELLS
from cppn_gl.cli.bench.peers import PEERS, missing
from cppn_gl.cli.bench.rows import MIN_ROUNDS, NETWORKS, SIZES, Pair, Plan, Sizes
from cppn_gl.cli.options import UsageError, size_value
from cppn_gl.engines.names import engine_name
from cppn_gl.nn.blocks import STRUCTURES
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH
from cppn_gl.preset.shot import SIZE
from cppn_gl.utils import native, threads
from cppn_gl.utils.checks import PresetError, checked, choice, integer, nearest, number, pair, show
from cppn_gl.utils.files import CaptureError, check_target, write_atomic
from cppn_gl.utils.toml import toml_value

MAX_BUDGET = 86_400  # seconds
_ROUNDS = integer(MIN_ROUNDS, 1000)
_THREADS = integer(1, threads.MAX)


def bench_plan(args: argparse.Namespace) -> Plan:
    """The plan of the arguments. Raises PresetError, and UsageError if a peer is not installed."""
    native.library(), threads.thread_count()  # their environment variables are checked, too
    changes: dict[str, Any] = {"engine": checked(engine_name, args.engine, "--engine")}
    if args.growth and (args.networks, args.sizes) != (None, None):
        raise UsageError(
            "--growth has its own networks and sizes: leave --networks and --sizes out"
        )
    networks, sizes = NETWORKS, SIZES
    if args.networks is not None:
        networks = several_of(args.networks, "--networks", network_value)
    if args.sizes is not None:
        sizes = several_of(args.sizes, "--sizes", _size)
    cells = CELLS if args.growth else tuple(itertools.product(networks, sizes))
    changes |= {"cells": cells, "growth": args.growth}
    if args.rounds is not None:
        changes["rounds"] = checked(_ROUNDS, toml_value(args.rounds), "--rounds")
    if args.threads is not None:
        changes["threads"] = several_of(args.threads, "--threads", _thread_count)
    if args.against is not None:
        changes["against"] = several_of(args.against, "--against", choice(PEERS))
    if args.budget is not None:
        value = toml_value(args.budget)
        changes["budget"] = checked(number(1, MAX_BUDGET), value, "--budget")
    plan = Plan(**changes)
    if plan.against and any(network[2:] for network, _ in plan.cells):
        raise UsageError("--against compares networks of dense layers; leave the structures out")
    for name in plan.against:
        if problem := missing(name):
            raise UsageError(f"--against {name}: {problem}")
    return plan


def several_of(text: str, option: str, read: Callable[[str], Any]) -> tuple[Any, ...]:
    """The values of a comma-separated list, without duplicates. Raises PresetError."""
    words = [word.strip() for word in text.split(",")]
    if "" in words:
        problem = f"{show(text)} has an empty item; expected a comma-separated list"
        raise PresetError(problem, key=option)
    return tuple(dict.fromkeys(checked(read, word, option) for word in words))


def network_value(text: str) -> Sizes:
    """Depth and width: (10, 30) from "10x30", (11, 32, "vgg") from "vgg-11x32".

    Raises ValueError.
    """
    structure, dash, sizes = text.rpartition("-")
    network = pair(sizes)
    if network is None:
        raise ValueError(f"{show(text)} is not a network as depth x width, like 10x30 or vgg-11x32")
    if dash and structure not in STRUCTURES:
        raise ValueError(f"no structure {show(structure)}{nearest(structure, list(STRUCTURES))}")
    depth, width = network
    for name, value, most in (("depth", depth, MAX_DEPTH), ("width", width, MAX_WIDTH)):
        try:
            integer(1, most)(value)
        except ValueError as error:
            raise ValueError(f"{show(text)}: {name} {error}") from None
    return (depth, width, structure) if dash else (depth, width)


def _thread_count(text: str) -> int:
    return _THREADS(toml_value(text))


def _size(text: str) -> Pair:
    try:
        size: Pair = SIZE(size_value(text))
    except PresetError as error:
        raise ValueError(error.problem) from None
    return size


def check_json(path: Path) -> None:
    """Raise CaptureError if the file cannot be written, before the measurement starts."""
    check_target(path, overwrite=True)
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        problem = f"cannot be written: {error.strerror}; choose another folder"
        raise CaptureError(path, problem) from None


def write_json(path: Path, report: dict[str, Any]) -> None:
    """Write the report atomically. Raises CaptureError."""
    write_atomic(path, json.dumps(report, indent=1).encode() + b"\n", overwrite=True)
