#!/bin/sh
# Runs the test suite in a chroot with another Debian release than this machine's.
#
#   RELEASE=trixie         the release; default: bookworm or trixie, whichever this machine is not
#   PYTEST_ARGS='-m ""'    arguments that `make test` passes to pytest
#
# debootstrap installs the release into a temporary folder from this machine's apt mirror, and
# `make test` does its own set-up inside. Nothing outside that folder is written. It needs the
# network, and uses this machine's pip configuration, certificates, name resolution and proxies.
#
# Exit status:
#   3  not run; one line says what is missing
#   otherwise that of the command in the chroot

set -eu

needs() { printf 'cppn_gl: the tests on another Debian release need %s\n' "$*" >&2; exit 3; }

cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || needs "root, for a chroot"
for program in debootstrap apt-get unshare tar git; do
    command -v "$program" >/dev/null || needs "$program"
done
mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n '/-security/d; s/^Debian main //p' | head -n 1)
[ -n "$mirror" ] || needs "a mirror of Debian in apt's sources"

release=${RELEASE:-}
if [ -z "$release" ]; then
    case $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) in
        trixie) release=bookworm ;;
        *) release=trixie ;;
    esac
fi

# In own namespaces, mounts and processes end with the script, however it ends.
if [ "${1:-}" != --inside ]; then
    root=$(mktemp -d "${TMPDIR:-/tmp}/cppn_gl-debian.XXXXXX")
    trap 'rm -rf --one-file-system "$root"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    unshare --mount --propagation private --pid --fork --kill-child \
        sh tools/test_other_debian.sh --inside "$root"
    exit
fi
root=$2
chmod 755 "$root" # apt drops root privileges for its downloads

printf '=== %s from the mirror of apt ===\n' "$release"
debootstrap --variant=minbase --include=ca-certificates,make,python3,python3-venv \
    "$release" "$root" "$mirror" >"$root/made.log" 2>&1 ||
    { tail -n 20 "$root/made.log" >&2; exit 1; }

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev" # with pseudo-terminals and shared memory
mkdir -p "$root/checkout" "$root/root/.config"
for path in /etc/resolv.conf /etc/hosts /etc/pip.conf "${HOME:-/root}/.config/pip"; do
    [ ! -e "$path" ] || cp -RL "$path" "$root/$(printf %s "$path" | sed "s#^${HOME:-/root}/#root/#")"
done
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
git ls-files -z --cached --others --exclude-standard |
    tar --create --null --files-from=- --ignore-failed-read |
    tar --extract --directory="$root/checkout"

# Of the environment, pass on only the variables that the network needs.
passed=$(env | sed -n 's/^\(\(PIP\|SSL\)_[A-Z_]*\|[a-zA-Z]*_proxy\|[A-Z]*_PROXY\)=.*/\1/p')
set -- PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    CPPN_GL_REQUIRE_GL=1 CPPN_GL_REQUIRE_WINDOW=1 CPPN_GL_REQUIRE_NATIVE=1 "PYTEST_ARGS=${PYTEST_ARGS:-}"
for name in $passed; do
    set -- "$name=$(printenv "$name")" "$@"
done
chroot "$root" env -i "$@" make -C /checkout test
