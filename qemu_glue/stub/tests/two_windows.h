// SPDX-License-Identifier: GPL-2.0-or-later
// Two hosts with memory, whose windows may be crossed: for tests of windows as RAM.
//
// Units: bytes. Threading: none. Errors: fail the test.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "qemu_glue/stub/tests/host_ram.h"
#include "qemu_glue/stub/tests/served_switch.h"

namespace ntb::stub::test {

// Offsets in the NT function's registers (docs/registers.md).
inline constexpr std::uint32_t pcicmd = 0x004;
inline constexpr std::uint32_t bar2 = 0x018;
inline constexpr std::uint32_t bar3 = 0x01C;
inline constexpr std::uint32_t pciedctl = 0x048;
inline constexpr std::uint32_t ntctl = 0x400;
inline constexpr std::uint32_t ntsdata = 0x40C; ///< bits without a side effect
inline constexpr std::uint32_t outdbellset = 0x420;
inline constexpr std::uint32_t barsetup2 = 0x490;
inline constexpr std::uint32_t barlimit2 = 0x494;
inline constexpr std::uint32_t barltbase2 = 0x498;
inline constexpr std::uint32_t barlimit3 = 0x4A4;
inline constexpr std::uint32_t barltbase3 = 0x4A8;
inline constexpr std::uint32_t id_protection_off = 3; // and completions enabled
inline constexpr std::uint32_t report_all_errors = 0xF;

inline constexpr std::uint64_t window_size = 1U << 20U;
inline constexpr std::uint8_t window_bar = 2;
inline constexpr std::uint8_t trapped_bar = 3; ///< the hosts have no area for it

/// What a host's driver does before it uses windows.
inline void set_up(host& h, const host_ram& ram) {
    ram.map(h);
    h.write_by_socket(config_space, bar2, 4, 0xF0000000);
    h.write_by_socket(config_space, pcicmd, 2, 6);
    BOOST_REQUIRE(h.stub.write(bar0, barlimit2, 4, 0xFFFFFFFF));
    BOOST_REQUIRE(h.stub.write(bar0, ntctl, 4, id_protection_off));
    BOOST_REQUIRE(h.stub.drain());
}

struct two_windows {
    explicit two_windows(bool sealed = true, const std::vector<std::string>& more = {},
                         window_use use = window_use::area, served_by by = served_by::one)
        : ram{host_ram(sealed), host_ram(sealed)}, simulator(more, use, by) {
        for (std::size_t i = 0; i < 2; ++i)
            set_up(at(i), ram[i]);
    }
    host& at(std::size_t i) { return *simulator.hosts[i]; }
    unsigned char* window(std::size_t i) { return at(i).window; }
    /// A trapped access, after which windows are mapped if they may be.
    std::uint64_t trapped(std::size_t i) {
        std::uint64_t value = 0;
        BOOST_REQUIRE(at(i).stub.read(window_bar, 0, 8, value));
        return value;
    }
    void lead(std::size_t i, std::uint32_t base) {
        BOOST_REQUIRE(at(i).stub.write(bar0, barltbase2, 4, base));
    }
    /// Opens the window of `trapped_bar`.
    void open_trapped(std::size_t i, std::uint32_t base) {
        BOOST_REQUIRE(at(i).stub.write(bar0, barlimit3, 4, 0xFFFFFFFF));
        BOOST_REQUIRE(at(i).stub.write(bar0, barltbase3, 4, base));
        BOOST_REQUIRE(at(i).stub.drain());
    }

    host_ram ram[2];
    served_switch simulator;
};

inline std::uint32_t word(const unsigned char* at) {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

inline bool is_ones(const unsigned char* at) {
    return std::all_of(at, at + window_page, [](unsigned char b) { return b == 0xFF; });
}

} // namespace ntb::stub::test
