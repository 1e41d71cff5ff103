#!/bin/sh
# Installs what `make run`, `make test`, `make lint`, `make docs` or `make wheel` needs.
#
#   tools/setup.sh run|test|test-all|lint|docs|wheel
#
# Creates .venv with Python 3.11 or newer (PYTHON=… chooses one) and installs this
# project into it if pyproject.toml has changed. Compiles the native library if its
# sources have changed (CPPN_GL_NATIVE=0: never). Installs missing system packages
# on Debian and Ubuntu, as root or with passwordless sudo; otherwise prints the
# command that would. With everything installed it does nothing and needs no network.
#
# Exit status:
#   0  ready
#   1  .venv could not be created, or pip failed; `test`: the library was not compiled
#   2  no suitable Python, or wrong usage
#   3  system packages are missing and were not installed. `run` continues without
#      them (the program falls back, and says what is missing) unless Python
#      itself is among them. Only `test` needs a C compiler, and nothing the
#      compiler and the emulator of arm64 that `test-all` adds.

set -eu

say() { printf 'cppn_gl: %s\n' "$*" >&2; }
die() { status=$1; shift; say "$*"; exit "$status"; }
have() { command -v "$1" >/dev/null 2>&1; }

mode=${1:-} arm64=no
case $mode in
    run | test | docs | wheel) extra='test' ;;
    test-all) mode='test' extra='test' arm64=yes ;;
    lint) extra=dev ;;
    *) die 2 "usage: tools/setup.sh run|test|test-all|lint|docs|wheel" ;;
esac

cd "$(dirname "$0")/.."

# --- Python ------------------------------------------------------------------------

# Prints the version of the interpreter $1; fails when it does not run or is too old.
version() {
    "$1" -c 'import sys
print("%d.%d.%d" % sys.version_info[:3])
sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Sets `python` to the best interpreter found, or to nothing; one that can create a
# virtual environment is preferred to one without Debian's python3-venv. Sets `too_old`
# to an interpreter that is too old.
find_python() {
    python='' too_old=''
    if [ -n "${PYTHON:-}" ]; then
        found=$(version "$PYTHON") && { python=$PYTHON; return; }
        [ -n "$found" ] || die 2 "PYTHON=$PYTHON does not run; cppn_gl needs Python 3.11 or newer"
        die 2 "PYTHON=$PYTHON is Python $found; cppn_gl needs 3.11 or newer"
    fi
    for candidate in python3.14 python3.13 python3.12 python3.11 python3 \
        "${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}"/versions/3.1[1-9]*/bin/python3; do
        have "$candidate" || continue
        if found=$(version "$candidate"); then
            if can_make_venv "$candidate"; then python=$candidate; return; fi
            python=${python:-$candidate}
        elif [ -n "$found" ]; then
            too_old="$candidate is $found"
        fi
    done
}

# --- System packages ---------------------------------------------------------------

# Adds package $1 to `missing`, once, and what it provides, $2, to `lacking`.
want() {
    case " $missing " in *" $1 "*) ;; *) missing="${missing:+$missing }$1" ;; esac
    lacking="${lacking:+$lacking }$2"
}

want_library() {
    case $libraries in *"$1"\ *) ;; *) want "$2" "$1" ;; esac
}

want_program() { have "$1" || want "$2" "$1"; }

# Wants Chromium, or a relative of it, for the tests of web pages. Ubuntu has it as a snap only,
# which a container cannot install: the tests are skipped without.
want_browser() {
    for candidate in chromium google-chrome chromium-browser; do
        if have "$candidate"; then return; fi
    done
    if grep -qs '^ID=ubuntu' "${OS_RELEASE:-/etc/os-release}"; then
        say "no web page is tested without a browser: snap install chromium, or Google's Chrome"
    else
        want chromium chromium
    fi
}

# Whether there is a C compiler with headers; without headers, `compiler` is set to it.
compiles() {
    compiler=''
    for candidate in "${CC:-cc}" gcc clang; do
        have "${candidate%% *}" || continue
        compiler=$candidate
        # shellcheck disable=SC2086  # CC may hold options
        echo '#include <math.h>' | $candidate -E - >/dev/null 2>&1 && return
    done
    return 1
}

# Sets `missing`, the Debian packages, and `lacking`, what they provide.
look() {
    missing='' lacking=''
    [ "$(uname -s)" = Linux ] || return 0

    if [ "$venv_works" = no ]; then
        find_python
        if [ -z "$python" ]; then
            # Debian's own Python may be new enough.
            if [ -z "$too_old" ]; then want python3-venv python3; fi
        elif ! can_make_venv "$python"; then
            want "python$(version "$python" | sed 's/\.[0-9]*$//')-venv" ensurepip
        fi
    fi

    if [ "${CPPN_GL_NATIVE:-}" != 0 ] && ! compiles; then
        [ -n "$compiler" ] || want gcc cc
        want libc6-dev math.h
    fi

    # libegl1 and libgl1 depend on Mesa's drivers and on libX11, which is all that glfw
    # needs to open a window (tested on a minimal Debian 12, without libXrandr,
    # libXcursor, libXi and libXinerama).
    case $mode in run | test) ;; *) return 0 ;; esac
    libraries=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true)
    if [ -n "$libraries" ]; then # without ldconfig (musl, Nix) the program itself reports them
        want_library libEGL.so.1 libegl1
        want_library libGL.so.1 libgl1
        if [ "$mode" = run ] && [ "${XDG_SESSION_TYPE:-}" = wayland ]; then
            # glfw's Wayland build needs all of these.
            want_library libwayland-client.so.0 libwayland-client0
            want_library libwayland-cursor.so.0 libwayland-cursor0
            want_library libwayland-egl.so.1 libwayland-egl1
            want_library libxkbcommon.so.0 libxkbcommon0
        fi
    fi
    if [ "$mode" = test ]; then
        want_program Xvfb xvfb
        want_program xauth xauth
        want_program xdotool xdotool
        want_browser
        # Pictures that networks learn: data of the presets that are tested.
        [ -d "${DATASETS:-/usr/share/datasets}/fashion-mnist" ] ||
            want dataset-fashion-mnist fashion-mnist
    fi
}

# Installs the packages in `missing`; fails without the right or the means.
install() {
    have apt-get || return 1
    if [ "$(id -u)" = 0 ]; then
        as_root=''
    elif have sudo && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        return 1
    fi
    say "installing $missing"
    # The packages may be available although another package source is unreachable.
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update >&2 </dev/null ||
        say "apt-get update failed; trying to install anyway"
    # shellcheck disable=SC2086  # one argument per package
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $missing >&2 </dev/null
}

# Prints what is missing and the command that installs it.
tell() {
    say "missing: $lacking"
    if have apt-get; then
        install_it="apt-get install -y --no-install-recommends $missing"
        if [ "$(id -u)" = 0 ]; then
            say "install with:"
            printf '    apt-get update && %s\n' "$install_it" >&2
        elif have sudo; then
            say "install with:"
            printf '    sudo apt-get update && sudo %s\n' "$install_it" >&2
        else
            say "install, as root, with:"
            printf '    apt-get update && %s\n' "$install_it" >&2
        fi
    else
        say "the names of the packages on Debian: $missing"
    fi
}

# --- Main --------------------------------------------------------------------------

# A working .venv is kept, unless PYTHON is of another version.
venv_works=no
if [ -e .venv ] && has=$(version .venv/bin/python); then
    venv_works=yes
    if [ -n "${PYTHON:-}" ]; then
        find_python
        [ "$found" = "$has" ] || venv_works=no
    fi
fi

look
if [ -n "$missing" ]; then
    if install; then look; fi
    if [ -n "$missing" ]; then
        tell
        case "$mode $lacking" in
            *python3* | *ensurepip*) exit 3 ;;
            run\ * | *\ "cc math.h" | *\ math.h) [ "$mode" != test ] || exit 3 ;;
            *) exit 3 ;;
        esac
        say "continuing without"
    fi
fi

if [ "$venv_works" = no ]; then
    find_python
    if [ -z "$python" ]; then
        die 2 "needs Python 3.11 or newer${too_old:+ ($too_old)}; choose one with PYTHON=/path/to/python3"
    fi
    say "creating .venv with Python $(version "$python")"
    "$python" -m venv --clear .venv || die 1 "$python -m venv failed"
fi

# The stamp holds the checkout's path, to which an editable install points.
stamp=.venv/.cppn_gl-$extra
here=$(pwd -P)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$here" ] ||
    [ -n "$(find pyproject.toml -newer "$stamp")" ]; then
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        .venv/bin/python -m ensurepip >&2 || die 1 ".venv has no pip; remove .venv and try again"
    fi
    say "installing Python packages into .venv"
    rm -f "$stamp"
    printf '%s\n' "$here" >"$stamp.new" # dated before pip, during which pyproject.toml may change
    .venv/bin/python -m pip install --disable-pip-version-check -e ".[$extra]" >&2 ||
        die 1 "pip failed; see its last lines"
    mv "$stamp.new" "$stamp"
    # The extra "dev" includes "test".
    [ "$extra" = test ] || cp -p "$stamp" .venv/.cppn_gl-test
fi

# Compiled by pip, too, which does not show why it failed.
if [ "${CPPN_GL_NATIVE:-}" != 0 ] && [ -d native ] && compiles; then
    set -- cppn_gl/libcppn.*
    if [ ! -e "$1" ] ||
        [ -n "$(find native hatch_build.py -name '*.[chp]*' ! -name '*.pyc' -newer "$1")" ]; then
        say "compiling the native library"
        .venv/bin/python native/build.py >&2 ||
            { [ "$mode" != test ] || exit 1; say "continuing without"; }
    fi
fi

if [ $arm64 = yes ] && [ "$(uname -s) $(uname -m)" = "Linux x86_64" ]; then
    missing='' lacking=''
    want_program aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
    [ -e /usr/aarch64-linux-gnu/include/math.h ] || want libc6-dev-arm64-cross "its headers"
    have qemu-aarch64-static || want_program qemu-aarch64 qemu-user
    [ -z "$missing" ] || install || say "not tested for arm64; missing: $lacking"
fi
