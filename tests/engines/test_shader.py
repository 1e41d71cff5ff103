"""Shader sources: includes, line numbers, structures, and one-line messages from drivers' logs."""

import re
from pathlib import Path

import pytest

from cppn_gl.engines.gl.packing import Limits, choose_layout
from cppn_gl.engines.gl.shader import ShaderError, compose, explain_log, picture_source, structure
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.network import Network
from cppn_gl.utils.resources import resource

SMALL, COMMON = Limits(16_384, 9, arrays=False), Limits(65_536, 12)


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.glsl").write_text(text, "utf-8")
    return folder


def test_includes_are_put_in_place_with_their_files_and_lines(tmp_path: Path) -> None:
    folder = written(
        tmp_path, a='one\n#include "b.glsl"\nthree\n', b='uno\n  #include "c.glsl" \ntres', c="I"
    )
    source = compose("a.glsl", head="head", version=410, folder=folder)
    assert source.files == ("generated", "a.glsl", "b.glsl", "c.glsl")
    assert source.text.splitlines() == [
        "#version 410 core",
        "#line 1 0",
        "head",
        "#line 1 1",
        "one",
        "#line 1 2",
        "uno",
        "#line 1 3",
        "I",
        "#line 3 2",
        "tres",
        "#line 3 1",
        "three",
    ]


def lines_by_driver(text: str) -> dict[tuple[int, int], str]:
    """(file, line) to text, as a compiler counts: GLSL 3.30 numbers the line after #line."""
    found, file, line = {}, 0, 1
    for row in text.splitlines():
        directive = re.fullmatch(r"#line (\d+) (\d+)", row)
        if directive:
            line, file = int(directive[1]), int(directive[2])
        else:
            found[file, line] = row
            line += 1
    return found


def test_every_line_of_the_picture_is_found_where_it_stands() -> None:
    network = Network.random()
    source = picture_source(structure(network, choose_layout(network, COMMON)))
    known = lines_by_driver(source.text)
    for number, file in enumerate(source.files[1:], 1):
        if file == "<activations>":
            continue
        for line, row in enumerate((resource("shaders") / file).read_text("utf-8").splitlines(), 1):
            if not row.startswith("#include"):
                assert known[number, line] == row


def test_a_file_is_included_once(tmp_path: Path) -> None:
    folder = written(
        tmp_path, a='#include "b.glsl"\n#include "c.glsl"', b='#include "c.glsl"', c="once"
    )
    assert compose("a.glsl", folder=folder).text.count("once") == 1


def test_circular_includes_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, a='#include "b.glsl"', b='#include "a.glsl"', c='#include "c.glsl"')
    with pytest.raises(ShaderError, match=r"a\.glsl → b\.glsl → a\.glsl: circular"):
        compose("a.glsl", folder=folder)
    with pytest.raises(ShaderError, match=r"c\.glsl → c\.glsl"):
        compose("c.glsl", folder=folder)


def test_a_missing_file_is_named_with_who_asked(tmp_path: Path) -> None:
    folder = written(tmp_path, a='#include "b.glsl"')
    with pytest.raises(ShaderError, match=r"a\.glsl: cannot read b\.glsl in .*No such file"):
        compose("a.glsl", folder=folder)
    with pytest.raises(ShaderError, match=r"^cannot read none\.glsl"):
        compose("none.glsl", folder=folder)
    (tmp_path / "bytes.glsl").write_bytes(b"\xff")
    with pytest.raises(ShaderError, match=r"cannot read bytes\.glsl"):
        compose("bytes.glsl", folder=folder)


# Structures.


def of(limits: Limits = COMMON, **keys: object) -> object:
    network = Network.random(**keys)
    return structure(network, choose_layout(network, limits))


def test_numbers_are_no_part_of_a_structure() -> None:
    same = {
        of(depth=5, width=9),
        of(depth=5, width=9, seed=3, weight_scale=0.1, bias_scale=2, init="he_normal"),
        of(depth=6, width=12, outputs=1),
        of(depth=20, width=10, inputs=("y", "t", "z3")),
    }
    assert len(same) == 1


def test_activations_and_r_are() -> None:
    different = {
        of(depth=5),
        of(depth=5, activation="sin"),
        of(depth=5, output_activation="sin"),
        of(depth=5, activation=["sin", "tanh", "sin", "sin"]),
        of(depth=5, inputs=("r", "x")),
    }
    assert len(different) == 5
    assert of(depth=3, activation=["sin", "cos"]) == of(depth=3, activation=["cos", "sin"])


SOURCES = [
    (limits, keys)
    for limits in (SMALL, COMMON)
    for keys in (
        {"depth": 1},
        {"depth": 3},
        {"depth": 27, "width": 30},
        {"depth": 3, "width": 70, "activation": "relu", "inputs": ["r"]},
        {"depth": 14, "width": 400},
        {"depth": 14, "activation": list(ACTIVATIONS)},
    )
]


@pytest.mark.parametrize(("limits", "keys"), SOURCES)
def test_glsl_330_is_all_that_the_lower_path_needs(limits: Limits, keys: dict[str, object]) -> None:
    text = picture_source(of(limits, **keys), version=330).text
    code = re.sub(r"//.*", "", text)
    assert text.startswith("#version 330 core\n")
    assert not re.search(r"\bprecise\b|\bbinding\b|\bfma\(|\bbuffer\b|#extension", code)
    assert not re.search(r"\}\s*weights\[", code)
    assert "#define PRECISE \n" in text


@pytest.mark.parametrize(("limits", "keys"), SOURCES)
def test_the_upper_path_is_precise(limits: Limits, keys: dict[str, object]) -> None:
    text = picture_source(of(limits, **keys), version=420).text
    assert text.startswith("#version 420 core\n")
    assert "#define PRECISE precise" in text


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_compute_shader_takes_several_texels(groups: int) -> None:
    text = picture_source(
        of(depth=4), version=430, groups=groups, file="picture.comp", local=(8, 4)
    ).text
    assert text.startswith("#version 430 core\n")
    assert f"#define GROUPS {groups}\n" in text
    assert "#define LOCAL_X 8\n#define LOCAL_Y 4\n" in text
    repeated = re.search(r"#define EACH_GROUP\(DO, what\) (.*)", text)
    assert repeated
    assert repeated[1] == " ".join(f"DO({group}, what)" for group in range(groups))
    each_unit = re.search(r"#define EACH_UNIT\(DO\) (.*)", text)
    assert each_unit
    assert len(set(each_unit[1].split(") "))) == 16 * groups


@pytest.mark.parametrize(("limits", "keys"), SOURCES)
def test_doubles_are_read_only_where_asked_for(limits: Limits, keys: dict[str, object]) -> None:
    where = of(limits, **keys)
    for version in (330, 400, 430):
        assert not re.search(r"dvec2|Double2x32", picture_source(where, version=version).text)
    text = picture_source(where, version=430, doubles=True).text
    assert ("unpackDouble2x32" in text) == (where.layout.blocks > 0)


def test_units_in_rows_have_constant_indices() -> None:
    """With dynamic indices the units would not stay in registers."""
    text = (resource("shaders") / "rows.glsl").read_text("utf-8")
    macros = re.findall(r"^#define (?:[^\n]*\\\n)*[^\n]*", text, flags=re.MULTILINE)
    code = re.sub(r"//.*", "", text)
    for macro in macros:
        code = code.replace(macro, "")
    assert not re.search(r"\b(?:UNIT|NEXT)\(", code)  # only in unrolled macros
    known = {"g", "r", "i", "k", "GROUPS", "UNITS", "ROWS", "LAST"}  # all constants
    indices = re.findall(r"\b(?:UNIT|NEXT)\(((?:[^()]|\([^()]*\))*)\)", "".join(macros))
    assert len(indices) > 8
    for index in indices:
        assert set(re.findall(r"[A-Za-z]\w*", index)) <= known


# Text that replaces a file.


def test_a_file_can_be_replaced(tmp_path: Path) -> None:
    folder = written(tmp_path, a='one\n#include "b.glsl"', b="uno")
    source = compose("a.glsl", folder=folder, replaced={"b.glsl": "other\nlines", "c.glsl": "no"})
    assert source.files == ("generated", "a.glsl", "b.glsl")
    known = lines_by_driver(source.text)
    assert (known[2, 1], known[2, 2]) == ("other", "lines")
    assert "uno" not in source.text
    (tmp_path / "b.glsl").unlink()
    assert compose("a.glsl", folder=folder, replaced={"b.glsl": "other\nlines"}) == source


def test_a_baked_picture_is_the_picture_but_for_its_network() -> None:
    where = of(depth=4)
    plain = picture_source(where)
    baked = picture_source(where, replaced={"rows.glsl": "baked"})
    assert baked.files == plain.files
    number = plain.files.index("rows.glsl")
    same, other = lines_by_driver(plain.text), lines_by_driver(baked.text)
    assert {k: v for k, v in same.items() if k[0] != number} == {
        k: v for k, v in other.items() if k[0] != number
    }
    assert [v for k, v in other.items() if k[0] == number] == ["baked"]


def test_only_the_activations_in_use_are_called() -> None:
    text = picture_source(of(depth=4, activation=["relu", "abs", "relu"])).text
    hidden = re.search(r"#define HIDDEN_ACTIVATIONS (.*)", text)
    assert hidden
    assert hidden[1] == "if (kind == 1) return activation_relu(x); return activation_abs(x);"
    assert "#define OUTPUT_ACTIVATION activation_sigmoid" in text
    assert "#define OVERFLOWS 1" in text
    assert "#define OVERFLOWS 0" in picture_source(of(depth=4, activation="sin")).text


# Logs.

FILES = ("generated", "picture.frag", "network.glsl")
HEAD = "GLSL Compiler failed\n\nfragment_shader\n===============\n"


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (
            HEAD + "2:14(3): error: syntax error, unexpected ';'\n",
            "network.glsl:14: error: syntax error, unexpected ';'",
        ),
        (
            HEAD + '1(7) : error C1008: undefined variable "q"\n',
            'picture.frag:7: error C1008: undefined variable "q"',
        ),
        (
            HEAD + "ERROR: 2:14: 'q' : undeclared identifier\n",
            "network.glsl:14: 'q' : undeclared identifier",
        ),
        (
            HEAD + "ERROR: 1:3: error(#143) Undeclared identifier: q\n",
            "picture.frag:3: error(#143) Undeclared identifier: q",
        ),
        (HEAD + "1:2(1): warning: unused\n2:14(3): error: bad\n", "network.glsl:14: error: bad"),
        (HEAD + "WARNING: 1:2: unused\nERROR: 2:14: bad\n", "network.glsl:14: bad"),
        (
            HEAD + "1(2) : warning C7050: unused\n2(14) : error C1: bad\n",
            "network.glsl:14: error C1: bad",
        ),
        (HEAD + "0:3(1): error: generated\n", "generated:3: error: generated"),
    ],
)
def test_a_drivers_log_is_told_by_file_and_line(log: str, line: str) -> None:
    assert explain_log(log, FILES) == line


def test_a_log_without_a_place_is_one_line() -> None:
    log = "GLSL Linker failed\n\n==================\nerror: too many uniforms\n\n"
    assert explain_log(log, FILES) == "GLSL Linker failed error: too many uniforms"
    assert explain_log("", FILES) == "the driver gave no reason"
    assert "\n" not in explain_log("9:1(1): error: no such file\nmore", FILES)
