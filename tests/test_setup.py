"""tools/setup.sh against a made-up machine: no network, no root, no real package manager."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools" / "setup.sh"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="tests an installed package")

LIBRARIES = ("libEGL.so.1", "libGL.so.1")
PROGRAMS = ("Xvfb", "xauth", "xdotool", "chromium")
COMPILER = "cat >/dev/null"  # it is asked whether it finds a header
TOOLS = (
    "cat",
    "chmod",
    "cp",
    "dirname",
    "env",
    "find",
    "grep",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "sh",
    "touch",
)
INSTALL = "apt-get install -y --no-install-recommends "

# Writes what it was called with, one line a call, then behaves as the test wants.
LOG = '#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"$LOG"\n'

PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) echo {version}; exit {old} ;;
    *ensurepip*venv*) test -e "{state}/ensurepip" ;;
    *"import pip"*) ;;
    *)
        printf '%s\\n' "{name} $*" >>"$LOG"
        case "$*" in "-m venv --clear "*)
            rm -rf "$4"
            mkdir -p "$4/bin"
            cp "$0" "$4/bin/python" ;;
        esac ;;
esac
"""


@dataclass
class Machine:
    """A folder with a checkout in it and a PATH that holds nothing but what was put there."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bin = self.root / "bin"
        self.state = self.root / "state"
        self.checkout = self.root / "a checkout"
        self.log = self.root / "log"
        for folder in (self.bin, self.state, self.checkout / "tools"):
            folder.mkdir(parents=True)
        shutil.copy(SCRIPT, self.checkout / "tools")
        (self.checkout / "pyproject.toml").write_text("")
        for tool in TOOLS:
            path = shutil.which(tool)
            assert path is not None, tool
            (self.bin / tool).symlink_to(path)
        self.program("uname", "echo Linux")
        self.program("ldconfig", f'cat "{self.state}"/lib* 2>/dev/null; echo "1 libs found"')
        self.user(0)
        self.python("python3")
        self.libraries(*LIBRARIES)
        for program in PROGRAMS:
            self.program(program, "")
        self.program("cc", COMPILER)
        (self.state / "ensurepip").touch()
        self.data = self.root / "datasets" / "fashion-mnist"
        self.data.mkdir(parents=True)
        self.release = self.root / "os-release"
        self.release.write_text("NAME=Debian\nID=debian\n")

    def program(self, name: str, body: str, *, log: bool = False) -> None:
        path = self.bin / name
        path.write_text((LOG.format(name=name) if log else "#!/bin/sh\n") + body + "\n")
        path.chmod(0o755)

    def user(self, uid: int) -> None:
        self.program("id", f"echo {uid}")

    def python(self, name: str, version: str = "3.12.1") -> None:
        old = int(tuple(map(int, version.split("."))) < (3, 11))
        path = self.bin / name
        path.write_text(PYTHON.format(name=name, version=version, old=old, state=self.state))
        path.chmod(0o755)

    def libraries(self, *names: str) -> None:
        for old in self.state.glob("lib*"):
            old.unlink()
        for name in names:
            line = f"\t{name} (libc6,x86-64) => /usr/lib/{name}\n"
            (self.state / name).write_text(line)

    def apt(self, *, works: bool = True) -> None:
        """Put an apt-get there that brings everything the tests take away, or fails."""
        bring = "\n".join(
            [
                'case "$1" in install)',
                *(
                    f'printf "\\t{name} (libc6) => /usr/lib/{name}\\n" >"{self.state}/{name}"'
                    for name in LIBRARIES
                ),
                *(f'cp "{self.bin}/id" "{self.bin}/{program}"' for program in PROGRAMS),
                f'printf "#!/bin/sh\\n{COMPILER}\\n" >"{self.bin}/cc"; chmod +x "{self.bin}/cc"',
                f'touch "{self.state}/ensurepip"; mkdir -p "{self.data}"',
                "esac",
            ]
        )
        self.program("apt-get", bring if works else "exit 100", log=True)

    def setup(self, mode: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(self.checkout / "tools" / "setup.sh"), mode],
            env={
                "PATH": str(self.bin),
                "HOME": str(self.root),
                "LOG": str(self.log),
                "DATASETS": str(self.data.parent),
                "OS_RELEASE": str(self.release),
                **self.environment,
            },
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def sources(self) -> Path:
        """A source of the native library; every attempt to compile it is logged."""
        source = self.checkout / "native" / "cppn.c"
        for path in (source, self.checkout / "hatch_build.py"):
            path.parent.mkdir(exist_ok=True)
            path.touch()
            os.utime(path, (1_000_000_000, 1_000_000_000))
        (self.checkout / "cppn_gl").mkdir()
        return source

    def builds(self) -> int:
        return len([call for call in self.calls("python3") if "native/build.py" in call])

    def calls(self, program: str) -> list[str]:
        """Return what `program` was called with so far, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.split()[0] == program]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_complete_machine_calls_no_package_manager(machine: Machine) -> None:
    machine.apt()
    for mode in ("run", "test", "wheel", "lint"):
        done = machine.setup(mode)
        assert done.returncode == 0, done.stderr
    assert machine.calls("apt-get") == []
    assert (machine.checkout / ".venv" / "bin" / "python").exists()


def test_second_time_does_nothing(machine: Machine) -> None:
    machine.setup("test")
    before = machine.log.read_text()
    assert "-m pip install --disable-pip-version-check -e .[test]" in before
    for mode in ("test", "run", "wheel"):
        done = machine.setup(mode)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.log.read_text() == before


def test_lint_brings_what_the_tests_need(machine: Machine) -> None:
    machine.setup("lint")
    before = machine.log.read_text()
    assert "-e .[dev]" in before
    machine.setup("test")
    assert machine.log.read_text() == before


def test_changed_pyproject_installs_again(machine: Machine) -> None:
    machine.setup("test")
    stamp = machine.checkout / ".venv" / ".cppn_gl-test"
    os.utime(stamp, (1_000_000_000, 1_000_000_000))
    machine.setup("test")
    assert len([call for call in machine.calls("python3") if "pip install" in call]) == 2
    assert len([call for call in machine.calls("python3") if "-m venv" in call]) == 1


def test_moved_checkout_installs_again(machine: Machine) -> None:
    machine.setup("test")
    machine.checkout = machine.checkout.rename(machine.root / "elsewhere")
    assert machine.setup("test").returncode == 0
    assert len([call for call in machine.calls("python3") if "pip install" in call]) == 2


def test_failed_pip_is_tried_again(machine: Machine) -> None:
    fake = machine.bin / "python3"
    good = fake.read_text()
    fake.write_text(good.replace('case "$*" in "-m venv', 'case "$*" in *pip*) exit 1 ;; "-m venv'))
    done = machine.setup("test")
    assert done.returncode == 1
    assert "pip failed" in done.stderr
    (machine.checkout / ".venv" / "bin" / "python").write_text(good)
    assert machine.setup("test").returncode == 0


@pytest.mark.parametrize(
    ("mode", "packages"),
    [
        ("run", "libegl1 libgl1"),
        ("test", "libegl1 libgl1 xvfb xauth xdotool chromium dataset-fashion-mnist"),
        ("lint", None),
    ],
)
def test_root_installs_exactly_what_is_missing(
    machine: Machine, mode: str, packages: str | None
) -> None:
    machine.apt()
    machine.libraries()
    for program in PROGRAMS:
        (machine.bin / program).unlink()
    machine.data.rmdir()
    done = machine.setup(mode)
    assert done.returncode == 0, done.stderr
    expected = ["apt-get update", INSTALL + packages] if packages else []
    assert machine.calls("apt-get") == expected


@pytest.mark.parametrize("name", ["google-chrome", "chromium-browser"])
def test_a_relative_of_chromium_is_good_enough(machine: Machine, name: str) -> None:
    machine.apt()
    (machine.bin / "chromium").rename(machine.bin / name)
    assert machine.setup("test").returncode == 0
    assert machine.calls("apt-get") == []


def test_no_package_of_chromium_is_asked_of_ubuntu(machine: Machine) -> None:
    machine.apt()
    machine.release.write_text("ID=ubuntu\nID_LIKE=debian\n")
    (machine.bin / "chromium").unlink()
    done = machine.setup("test")
    assert done.returncode == 0
    assert machine.calls("apt-get") == []
    assert "snap install chromium" in done.stderr


def test_one_missing_library_is_one_package(machine: Machine) -> None:
    machine.apt()
    machine.libraries("libGL.so.1", "libEGL.so.10")
    assert machine.setup("test").returncode == 0
    assert machine.calls("apt-get") == ["apt-get update", INSTALL + "libegl1"]


@pytest.mark.parametrize("mode", ["run", "test", "lint", "wheel", "docs"])
def test_a_c_compiler_is_a_package(machine: Machine, mode: str) -> None:
    machine.apt()
    (machine.bin / "cc").unlink()
    assert machine.setup(mode).returncode == 0
    assert machine.calls("apt-get") == ["apt-get update", INSTALL + "gcc libc6-dev"]


def test_headers_are_a_package(machine: Machine) -> None:
    machine.apt()
    machine.program("cc", "exit 1")
    assert machine.setup("test").returncode == 0
    assert machine.calls("apt-get") == ["apt-get update", INSTALL + "libc6-dev"]


@pytest.mark.parametrize(("mode", "status"), [("test", 3), ("run", 0), ("lint", 0), ("wheel", 0)])
def test_only_the_tests_need_a_c_compiler(machine: Machine, mode: str, status: int) -> None:
    machine.sources()
    (machine.bin / "cc").unlink()
    done = machine.setup(mode)
    assert done.returncode == status
    assert "missing: cc math.h" in done.stderr
    assert machine.builds() == 0


def test_without_the_library_no_compiler_is_needed(machine: Machine) -> None:
    machine.sources()
    machine.environment["CPPN_GL_NATIVE"] = "0"
    (machine.bin / "cc").unlink()
    done = machine.setup("test")
    assert (done.returncode, "missing" in done.stderr) == (0, False)
    assert machine.builds() == 0


def test_the_library_is_compiled_when_its_sources_are_newer(machine: Machine) -> None:
    source = machine.sources()
    for built in range(3):  # the made-up compiler writes no library
        assert machine.builds() == built
        assert machine.setup("test").returncode == 0
    library = machine.checkout / "cppn_gl" / "libcppn.so"
    library.touch()
    os.utime(source, (1_000_000_000, 1_000_000_000))
    assert machine.setup("test").returncode == 0
    assert machine.builds() == 3
    os.utime(library, (999_999_999, 999_999_999))
    assert machine.setup("test").returncode == 0
    assert machine.builds() == 4


@pytest.mark.parametrize(("mode", "status"), [("test", 1), ("run", 0)])
def test_a_library_that_is_not_compiled(machine: Machine, mode: str, status: int) -> None:
    machine.sources()
    fake = machine.bin / "python3"
    fake.write_text(
        fake.read_text().replace(
            'case "$*" in "-m venv', 'case "$*" in native*) exit 1 ;; "-m venv'
        )
    )
    done = machine.setup(mode)
    assert done.returncode == status
    assert ("continuing without" in done.stderr) == (status == 0)


def test_all_tests_need_no_emulator(machine: Machine) -> None:
    machine.program("uname", 'case "$1" in -m) echo x86_64 ;; *) echo Linux ;; esac')
    machine.apt(works=False)
    done = machine.setup("test-all")
    assert done.returncode == 0, done.stderr
    assert "not tested for arm64" in done.stderr
    assert machine.calls("apt-get")[-1].startswith(INSTALL + "gcc-aarch64-linux-gnu")


def test_wayland_needs_its_own_libraries(machine: Machine) -> None:
    machine.apt(works=False)
    machine.environment["XDG_SESSION_TYPE"] = "wayland"
    assert machine.setup("run").returncode == 0
    assert machine.calls("apt-get")[-1] == (
        INSTALL + "libwayland-client0 libwayland-cursor0 libwayland-egl1 libxkbcommon0"
    )


def test_missing_ensurepip_is_a_package(machine: Machine) -> None:
    machine.apt()
    (machine.state / "ensurepip").unlink()
    assert machine.setup("run").returncode == 0
    assert machine.calls("apt-get") == ["apt-get update", INSTALL + "python3.12-venv"]


def test_no_python_at_all_is_a_package(machine: Machine) -> None:
    machine.apt(works=False)
    (machine.bin / "python3").unlink()
    done = machine.setup("run")
    assert done.returncode == 3
    assert machine.calls("apt-get") == ["apt-get update", INSTALL + "python3-venv"]


def test_sudo_that_asks_nothing_is_used(machine: Machine) -> None:
    machine.apt()
    machine.user(1000)
    machine.program("sudo", 'shift; "$@"', log=True)
    machine.libraries("libEGL.so.1")
    assert machine.setup("test").returncode == 0
    assert machine.calls("apt-get") == ["apt-get update", INSTALL + "libgl1"]
    assert machine.calls("sudo")[0] == "sudo -n true"


@pytest.mark.parametrize("sudo", [False, True])
@pytest.mark.parametrize(("mode", "status"), [("test", 3), ("run", 0)])
def test_without_rights_it_prints_the_command(
    machine: Machine, mode: str, status: int, sudo: bool
) -> None:
    machine.apt()
    machine.user(1000)
    machine.libraries()
    command = f"apt-get update && {INSTALL}libegl1 libgl1"
    if sudo:
        machine.program("sudo", "exit 1")
        command = f"sudo apt-get update && sudo {INSTALL}libegl1 libgl1"
    done = machine.setup(mode)
    assert done.returncode == status
    assert done.stdout == ""
    assert f"    {command}" in done.stderr.splitlines()
    assert "libEGL.so.1" in done.stderr
    assert machine.calls("apt-get") == []
    assert (machine.checkout / ".venv").exists() == (mode == "run")


@pytest.mark.parametrize(("mode", "status"), [("test", 3), ("run", 0)])
def test_apt_that_fails(machine: Machine, mode: str, status: int) -> None:
    machine.apt(works=False)
    machine.libraries()
    done = machine.setup(mode)
    assert done.returncode == status
    assert f"    apt-get update && {INSTALL}libegl1 libgl1" in done.stderr.splitlines()


def test_other_linux_is_told_what_is_missing(machine: Machine) -> None:
    machine.libraries()
    done = machine.setup("test")
    assert done.returncode == 3
    assert "libEGL.so.1 libGL.so.1" in done.stderr


def test_macos_has_neither_apt_nor_ldconfig(machine: Machine) -> None:
    machine.program("uname", "echo Darwin")
    for program in ("ldconfig", *PROGRAMS):
        (machine.bin / program).unlink()
    for mode in ("run", "test", "lint", "wheel"):
        assert machine.setup(mode).returncode == 0


def test_too_old_python_is_one_line(machine: Machine) -> None:
    machine.apt()
    machine.python("python3", "3.9.18")
    done = machine.setup("test")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "3.11 or newer" in done.stderr
    assert "python3 is 3.9.18" in done.stderr
    assert machine.calls("apt-get") == []


def test_newest_python_that_can_make_an_environment(machine: Machine) -> None:
    machine.python("python3", "3.9.18")
    machine.python("python3.12", "3.12.1")
    machine.python("python3.13", "3.13.0")
    bare = machine.bin / "python3.13"
    bare.write_text(bare.read_text().replace("/ensurepip", "/nothing"))
    assert machine.setup("wheel").returncode == 0
    assert machine.calls("python3.12") != []
    assert machine.calls("python3.13") == []


def test_python_named_by_hand(machine: Machine) -> None:
    machine.python("python3.14", "3.14.0")
    machine.python("mine", "3.11.4")
    machine.environment["PYTHON"] = str(machine.bin / "mine")
    assert machine.setup("wheel").returncode == 0
    assert [call for call in machine.calls("mine") if "venv" in call]
    # Another version makes .venv anew, the same one does not.
    machine.environment["PYTHON"] = "python3.14"
    assert machine.setup("wheel").returncode == 0
    assert machine.setup("wheel").returncode == 0
    assert len([call for call in machine.calls("python3.14") if "-m venv" in call]) == 1


@pytest.mark.parametrize(
    ("name", "words"), [("nowhere", "does not run"), ("old", "is Python 3.10.2")]
)
def test_bad_python_named_by_hand_is_one_line(machine: Machine, name: str, words: str) -> None:
    machine.python("old", "3.10.2")
    machine.environment["PYTHON"] = name
    done = machine.setup("run")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_broken_environment_is_made_again(machine: Machine) -> None:
    inside = machine.checkout / ".venv" / "bin"
    inside.mkdir(parents=True)
    (inside / "python").symlink_to(machine.root / "gone")
    assert machine.setup("wheel").returncode == 0
    assert [call for call in machine.calls("python3") if "-m venv --clear" in call]


@pytest.mark.parametrize("mode", ["", "walk"])
def test_unknown_mode_shows_usage(machine: Machine, mode: str) -> None:
    done = machine.setup(mode)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_make_help_names_every_target() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=SCRIPT.parents[1],
        env={"PATH": os.environ["PATH"]},  # no MAKEFLAGS of a make around these tests
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [line.split()[1] for line in done.stdout.splitlines()]
    targets = [
        "help",
        "run",
        "test",
        "test-all",
        "lint",
        "docs",
        "gallery",
        "gallery-4k",
        "site",
        "native",
        "wheel",
        "clean",
    ]
    assert shown == targets
