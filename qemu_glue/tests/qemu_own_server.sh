#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qemu_own_server.sh DIRECTORY PROGRAM: builds QEMU's own ivshmem-server from the distribution's source package
# in DIRECTORY (a root of its own; nothing is installed), if it is not there yet, and runs PROGRAM with the
# words that start it. Needs root, for chroot. Example:
#   qemu_own_server.sh build/qemu-source build/release/tlm_bridge/ivshmem/tests/ivshmem_interworking
set -euo pipefail
directory=$1 program=$2
release=bookworm
root=$directory/root
server=$root/build/contrib/ivshmem-server/ivshmem-server

fail() {
    echo "qemu_own_server: $1" >&2
    exit 1
}

if [ ! -x "$server" ]; then
    [ "$(id -u)" = 0 ] || fail "only root can do this: it needs chroot"
    mirror=$(apt-get indextargets --format "\$(SITE)|\$(LABEL)|\$(COMPONENT)" |
        sed -n 's/|Debian|main$//p' | head -n 1)
    [ -n "$mirror" ] || fail "apt on this machine knows no Debian mirror"
    rm -rf "$root"
    mkdir -p "$directory"
    mmdebstrap --variant=apt --aptopt='APT::Sandbox::User "root"' \
        --include=build-essential,meson,ninja-build,pkg-config,libglib2.0-dev,python3 \
        "$release" "$root" "deb $mirror $release main"
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    echo "deb-src $mirror $release main" >"$root/etc/apt/sources.list.d/source.list"
    # Without /proc the compiler and meson have to do.
    chroot "$root" sh -e -c '
        cd /tmp
        apt-get -q update
        apt-get -q source qemu
        mkdir /build
        cd /build
        /tmp/qemu-*/configure --target-list= --without-default-features --enable-tools
        ninja contrib/ivshmem-server/ivshmem-server'
fi
libraries=usr/lib/x86_64-linux-gnu
exec "$program" "$root/$libraries/ld-linux-x86-64.so.2" --library-path \
    "$root/$libraries:$root/lib/x86_64-linux-gnu" "$server"
