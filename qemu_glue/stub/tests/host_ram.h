// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of a host, as a memfd that its owner can or cannot shrink, and how it is given to the
// simulator. Each page is full of its own number, modulo 251.
//
// Units: bytes. Threading: none. Errors: fail the test.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qemu_glue/stub/tests/served_switch.h"

namespace ntb::stub::test {

inline constexpr std::uint64_t ram_size = 8U << 20U;

class host_ram {
public:
    explicit host_ram(bool sealed) {
        file_ = ::memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        BOOST_REQUIRE(::ftruncate(file_, ram_size) == 0);
        if (sealed)
            BOOST_REQUIRE(::fcntl(file_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
        data = static_cast<unsigned char*>(
            ::mmap(nullptr, ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0));
        for (std::uint64_t page = 0; page < ram_size; page += window_page)
            std::memset(data + page, static_cast<int>(page / window_page % 251), window_page);
    }
    host_ram(const host_ram&) = delete;
    host_ram& operator=(const host_ram&) = delete;
    ~host_ram() {
        ::munmap(data, ram_size);
        ::close(file_);
    }
    /// At that address of the host's.
    void map(host& h, std::uint64_t address = 0) const {
        namespace wire = vfio_user::wire;
        const wire::dma_map m{sizeof m, wire::dma_map_readable | wire::dma_map_writeable, 0,
                              address, ram_size};
        h.connection.round_trip(h.connection.make(wire::command::dma_map, 0, &m, sizeof m), file_);
    }
    static void unmap(host& h) {
        namespace wire = vfio_user::wire;
        const wire::dma_unmap m{sizeof m, 0, 0, ram_size};
        h.connection.round_trip(h.connection.make(wire::command::dma_unmap, 0, &m, sizeof m));
    }
    unsigned char* data = nullptr;

private:
    int file_ = -1;
};

} // namespace ntb::stub::test
