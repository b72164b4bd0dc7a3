#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tools of `make formal` and `make synth`, once: .venv-hw from requirements-hw.lock, after tools/setup.sh has made .venv.
# The stamp is written last, so that an interrupted set-up is started afresh, and a lock lets one run at a time.
#
# Exit codes: 0 ready, 2 the packages cannot be installed (one line on stderr says so), 130 interrupted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=.venv-hw
STAMP=$VENV/.set-up
LOG=build/setup-hw.log

fail() {
    { [ ! -f $LOG ] || grep -iE 'error|no space|refused|resolution|timed out' $LOG | tail -n 3 >&2; } || true
    echo "set-up: error: $*: see $LOG" >&2
    exit 2
}
# The folder is part of it: scripts in a venv hold its absolute path.
key() { { pwd -P; cat requirements-hw.lock; } | sha256sum | cut -d' ' -f1; }
is_ready() { [ -x $VENV/bin/python ] && [ "$(cat $STAMP 2>/dev/null)" = "$(key)" ]; }

is_ready && exit 0
trap 'echo "set-up: interrupted; the next make starts it afresh" >&2; exit 130' INT TERM
mkdir -p build
exec 9>build/.setup-hw.lock
flock -n 9 || { echo "set-up: waiting for another set-up"; flock 9; }
is_ready && exit 0 # the other one did it
: >$LOG
rm -rf $VENV
echo "set-up: installing the packages of requirements-hw.lock into $VENV"
.venv/bin/python -m venv $VENV >>$LOG 2>&1 || fail "cannot make $VENV"
$VENV/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes --no-deps \
    -r requirements-hw.lock >>$LOG 2>&1 </dev/null || fail "cannot install the packages of requirements-hw.lock"
key >$STAMP.new
mv $STAMP.new $STAMP
