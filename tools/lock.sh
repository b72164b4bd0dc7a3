#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes requirements.lock from pyproject.toml: all packages, direct and transitive, with exact versions and the hashes of
# all their files, for all Pythons that pyproject.toml allows. For maintainers, after a change of a version; needs network.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
{
    echo '# SPDX-License-Identifier: Apache-2.0'
    echo '# Written by tools/lock.sh from pyproject.toml: do not edit.'
    "$work/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links --extra dev pyproject.toml
} >"$work/lock"
mv "$work/lock" requirements.lock
echo "requirements.lock: $(grep -c '==' requirements.lock) packages"
