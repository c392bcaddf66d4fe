#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Shows that the README's two commands work on a bare machine: builds a bare Debian root, puts a
# clone of this checkout in, and runs `./ntb run` and `./ntb test` there.
#
#   bare_root.sh bookworm|trixie [--keep] [--only run|test]
#
# The root is made under build/bare-RELEASE by mmdebstrap from the mirror that this machine's apt is
# set up with, and deleted afterwards (--keep: not). Needs root. Everything is mounted in a mount
# name space of its own, with processes in a process name space of their own: both end with this
# script, however it ends, so nothing stays mounted and nothing stays running.
# Only what is committed is tested: the clone is a clone.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

fail() { # WHAT WHY WHAT-TO-DO
    printf 'ntb: %s: %s (%s)\n' "$1" "$2" "$3" >&2
    exit 2
}

usage() {
    echo "Usage: qemu_glue/bare_root.sh bookworm|trixie [--keep] [--only run|test]"
}

parse_options() {
    release='' keep=no only=''
    while [[ $# -gt 0 ]]; do
        case $1 in
        bookworm | trixie) release=$1 ;;
        --keep) keep=yes ;;
        --only)
            only=${2-}
            [[ $only == run || $only == test ]] || fail "bare root" "--only what?" "run or test"
            shift
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) fail "bare root" "unknown argument '$1'" "$(usage)" ;;
        esac
        shift
    done
    [[ -n $release ]] || fail "bare root" "no release given" "$(usage)"
}

check_machine() {
    local program
    [[ $(id -u) -eq 0 ]] || fail "bare root" "not root" "run it as root, e.g. with sudo"
    for program in mmdebstrap git unshare chroot; do
        command -v "$program" >/dev/null ||
            fail "bare root" "$program is not there" "as root: apt-get install mmdebstrap git"
    done
}

# The main archive, as qemu_glue/apt_archive.py finds it for QEMU's private copy.
debian_mirror() {
    /usr/bin/python3 -B -c 'import sys
sys.path.insert(0, sys.argv[1])
import apt_archive, errors
try:
    print(apt_archive.debian_mirror())
except errors.GlueError as error:
    sys.exit(str(error))' "$root/qemu_glue"
}

make_bare_root() { # DIRECTORY
    local directory=$1 mirror log=$root/build/bare-$release.log
    mirror=$(debian_mirror)
    echo "bare root: Debian $release in $directory"
    if ! mmdebstrap --variant=apt "$release" "$directory" \
        "deb $mirror $release main" "deb $mirror $release-updates main" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        fail "bare root" "mmdebstrap failed" "see $log"
    fi
    # Nothing here must survive a power cut: dpkg need not wait for the disk.
    echo force-unsafe-io >"$directory/etc/dpkg/dpkg.cfg.d/force-unsafe-io"
    # How this machine reaches the network is its own matter; the root inside needs the same.
    cp -L /etc/resolv.conf /etc/hosts "$directory/etc/"
    apt-config dump Acquire::http::Proxy Acquire::https::Proxy 2>/dev/null |
        grep -E 'Proxy "[^"]' >"$directory/etc/apt/apt.conf.d/90proxy" || true
}

put_clone() { # DIRECTORY
    if [[ -n $(git -C "$root" status --porcelain --untracked-files=no) ]]; then
        echo "bare root: changes that are not committed are not tested"
    fi
    # The owner inside is root, like the one who runs the commands there.
    git -c safe.directory='*' clone --quiet --no-hardlinks "$root" "$1/root/ntbsim"
}

# In name spaces of our own: mounts what a machine has, then runs a command in the root.
inside() { # DIRECTORY COMMAND...
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --propagation private --pid --fork --kill-child=KILL bash -euc '
        directory=$1
        shift
        mount -t proc proc "$directory/proc"
        mount -t sysfs -o ro sysfs "$directory/sys"
        mount --rbind /dev "$directory/dev"
        mount -t tmpfs tmpfs "$directory/tmp"
        exec env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            chroot "$directory" "$@"' bash "$@" </dev/null
}

# Before anything is installed: a user who may install nothing is told the apt line.
check_refusal() { # DIRECTORY
    local code=0 output
    # shellcheck disable=SC2016 # expanded by the inner shell
    output=$(inside "$1" bash -c 'cp -r /root/ntbsim /tmp/clone; chown -R nobody /tmp/clone
        exec setpriv --reuid=nobody --clear-groups /tmp/clone/ntb run' 2>&1) || code=$?
    if [[ $code -ne 2 || $output != *"apt-get install --no-install-recommends"* ]]; then
        printf 'bare root: a user without rights got exit code %s and: %s\n' "$code" "$output" >&2
        exit 1
    fi
}

check_out() { # DIRECTORY: what `./ntb run` must have written
    local name
    for name in pingpong.vcd pingpong.gtkw pingpong.svg; do
        [[ -s $1/root/ntbsim/out/pingpong/$name ]] || {
            echo "bare root: ./ntb run wrote no out/pingpong/$name" >&2
            exit 1
        }
    done
}

main() {
    parse_options "$@"
    check_machine
    mkdir -p "$root/build"
    local directory=$root/build/bare-$release
    if [[ -e $directory ]]; then
        # Left by a run that was killed; its mounts went with its name space.
        rm -rf --one-file-system "$directory"
    fi
    # shellcheck disable=SC2064 # the directory of now
    [[ $keep == yes ]] || trap "rm -rf --one-file-system '$directory'" EXIT
    make_bare_root "$directory"
    put_clone "$directory"
    check_refusal "$directory"
    local start=$SECONDS
    if [[ $only != test ]]; then
        echo "bare root: ./ntb run"
        inside "$directory" /root/ntbsim/ntb run
        check_out "$directory"
        echo "bare root: ./ntb run took $((SECONDS - start)) s, packages included"
    fi
    if [[ $only != run ]]; then
        start=$SECONDS
        echo "bare root: ./ntb test"
        inside "$directory" /root/ntbsim/ntb test
        echo "bare root: ./ntb test took $((SECONDS - start)) s, packages included"
    fi
    echo "bare root: Debian $release: ok"
}

main "$@"
