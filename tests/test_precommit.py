"""The hooks before a commit check what `make lint` checks."""

import re

import pytest

from cppn_gl.utils.resources import resource

ROOT = resource("presets").parent
HOOKS = ROOT / ".pre-commit-config.yaml"

pytestmark = pytest.mark.skipif(not HOOKS.exists(), reason="only in a checkout")


def test_the_hooks_are_the_commands_of_make_lint() -> None:
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe is not None
    commands = re.findall(r"^\t\$\(python\) (.*)", recipe[1], re.M)
    entries = re.findall(r"^ +entry: \.venv/bin/python (.*)", HOOKS.read_text("utf-8"), re.M)
    assert entries == commands
