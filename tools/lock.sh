#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes requirements.lock and requirements-hw.lock (the tools of `make formal` and `make synth`) from pyproject.toml: all
# packages, direct and transitive, with exact versions and the hashes of all their files, for all Pythons that pyproject.toml
# allows. For maintainers, after a change of a version; needs network. With the word `hw`, only the second.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv

compile() { # FILE, and what of pyproject.toml it is for
    local file=$1
    shift
    {
        echo '# SPDX-License-Identifier: Apache-2.0'
        echo '# Written by tools/lock.sh from pyproject.toml: do not edit.'
        "$work/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
            --no-header --no-emit-index-url --no-emit-find-links "$@"
    } >"$work/lock"
    mv "$work/lock" "$file"
    echo "$file: $(grep -c '==' "$file") packages"
}
[ "${1:-}" = hw ] || compile requirements.lock --extra dev pyproject.toml
compile requirements-hw.lock --group hw
