#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy (.clang-tidy of the tree) over the project's own sources, with the compile commands
# of a build. It takes minutes a core: CTest runs it under the label `long`, not in CI.
#
# Usage: tidy.sh BUILD_DIR [SOURCE...]        (default: every source that the build compiles)
# Exit: 0 clean, 1 findings, 2 it could not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "$1" && pwd)
shift

fail() {
    printf 'tidy: %s\n' "$*" >&2
    exit 2
}

command -v clang-tidy >/dev/null || fail "no clang-tidy (apt-get install clang-tidy)"
[[ -f $build/compile_commands.json ]] || fail "$build has no compile_commands.json (configure it)"

if (($# > 0)); then
    sources=("$@")
else
    mapfile -t sources < <(/usr/bin/python3 - "$build/compile_commands.json" "$root" <<'PYTHON'
import json
import os
import sys
files = {os.path.join(entry["directory"], entry["file"]) for entry in json.load(open(sys.argv[1]))}
own = [os.path.join(sys.argv[2], part) + "/" for part in
       ("model", "traces", "tlm_bridge", "testbench", "qemu_glue")]
print("\n".join(sorted(f for f in files if f.startswith(tuple(own)))))
PYTHON
    )
fi
[[ -n ${sources[0]:-} ]] || fail "the build compiles none of the project's sources"
printf 'tidy: %d sources\n' "${#sources[@]}"
# g++'s warning flags that clang does not know are no finding.
printf '%s\0' "${sources[@]}" |
    xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$build" --quiet \
        --extra-arg=-Wno-unknown-warning-option || exit 1
