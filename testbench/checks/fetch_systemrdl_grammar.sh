#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Puts the npm package tree-sitter-systemrdl (MIT) into a directory, for the check
# exported_systemrdl.py. npm verifies the package; its version and its sum are fixed here, too.
# Nothing in it is run: only its C source is compiled.
#
# Usage: fetch_systemrdl_grammar.sh DIRECTORY
set -euo pipefail

readonly package=tree-sitter-systemrdl version=0.7.0
readonly sum=df45a5d59e34a8f86cf1feb464a393f0559b293f801641eefe6c175cf8f13dd1
readonly archive=$package-$version.tgz

fail() { # WHY WHAT-TO-DO
    printf 'ntb: grammar of SystemRDL: %s (%s)\n' "$1" "$2" >&2
    exit 2
}

[[ $# -eq 1 ]] || fail "no directory given" "fetch_systemrdl_grammar.sh build/systemrdl-grammar"
if [[ -f $1/package/src/parser.c && -f $1/$archive ]] &&
    (cd "$1" && sha256sum --status -c <<<"$sum  $archive"); then
    exit 0
fi
command -v npm >/dev/null || fail "npm is not there" "as root: apt-get install npm"
mkdir -p "$1"
cd "$1"
npm pack --silent --ignore-scripts "$package@$version" >npm.log 2>&1 ||
    fail "npm could not fetch $package $version" "see $1/npm.log; the registry must be reachable"
sha256sum --status -c <<<"$sum  $archive" ||
    fail "$archive is not the file that is expected" "report it; do not use it"
tar -xzf "$archive"
