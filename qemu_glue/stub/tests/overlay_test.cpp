// SPDX-License-Identifier: GPL-2.0-or-later
// The overlays over a device's BARs, by the stub's own code in a process that is no QEMU, against a
// running simulator.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstring>
#include <thread>

#include "qemu_glue/stub/tests/changed_topology.h"
#include "qemu_glue/stub/tests/fake_qemu.h"
#include "qemu_glue/stub/tests/host_ram.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

// Offsets in the NT function's registers (docs/registers.md).
constexpr std::uint32_t pcicmd = 0x004;
constexpr std::uint32_t bar4 = 0x020;
constexpr std::uint32_t ntctl = 0x400;
constexpr std::uint32_t barlimit2 = 0x494;
constexpr std::uint32_t barltbase2 = 0x498;
constexpr std::uint32_t barlimit4 = 0x4B4;
constexpr std::uint32_t barltbase4 = 0x4B8;
constexpr std::uint32_t barutbase4 = 0x4BC;
constexpr std::uint32_t barlimit5 = 0x4C4;
constexpr std::uint32_t id_protection_off = 3; // and completions enabled
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr std::uint64_t mib = 1ULL << 20U;

/// Whether BAR2 does, or is trapped again, in time.
bool becomes_ram(fake_qemu& qemu, bool ram) {
    for (unsigned i = 0; i < 10'000 && qemu.is_ram(2, 0) != ram; ++i) {
        qemu.run_main_loop();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return qemu.is_ram(2, 0) == ram;
}

} // namespace

BOOST_AUTO_TEST_SUITE(overlays)

BOOST_AUTO_TEST_CASE(an_access_above_4_gib_of_a_bar_goes_there) {
    const changed_topology topology("size = \"16MiB\"\ntype = 64\npref = true\natran = \"lut12\"",
                                    "size = \"8GiB\"\ntype = 64\ntpart = 1");
    const host_ram low(true);
    const host_ram high(true);
    served_switch s({"--topology", topology.path()}, window_use::later);
    host& one = *s.hosts[0];
    host& two = *s.hosts[1];
    fake_qemu qemu(one, {4096, 0, mib, mib, 8 * gib, 0});
    low.map(two);
    high.map(two, 4 * gib);
    two.write_by_socket(config_space, pcicmd, 2, 6);
    one.write_by_socket(config_space, bar4, 4, 0);
    one.write_by_socket(config_space, bar4 + 4, 4, 0x10);
    one.write_by_socket(config_space, pcicmd, 2, 6);
    for (const std::uint32_t limit : {barlimit4, barlimit5})
        qemu.write(0, limit, 4, 0xFFFFFFFF);
    for (const std::uint32_t base : {barltbase4, barutbase4})
        qemu.write(0, base, 4, 0);
    qemu.write(0, ntctl, 4, id_protection_off);
    qemu.write(4, 0x1000, 4, 0x10);
    qemu.write(4, 4 * gib + 0x2000, 4, 0x600DF00D);
    BOOST_TEST(qemu.read(4, 4 * gib + 0x2000, 4) == 0x600DF00DU);
    BOOST_TEST(qemu.read(4, 0x1000, 4) == 0x10U);
    BOOST_TEST(qemu.read(4, 0x2000, 4) == 0x02020202U);
    std::uint32_t arrived = 0;
    std::memcpy(&arrived, high.data + 0x2000, sizeof arrived);
    BOOST_TEST(arrived == 0x600DF00DU);
    BOOST_TEST(qemu.below() == 0U);
}

BOOST_AUTO_TEST_CASE(a_window_is_ram_for_the_guest_while_it_leads_to_memory) {
    const host_ram ram(true);
    served_switch s({}, window_use::later);
    host& one = *s.hosts[0];
    host& two = *s.hosts[1];
    fake_qemu qemu(one, {4096, 0, mib, mib, 16 * mib, 0});
    ram.map(two);
    two.write_by_socket(config_space, pcicmd, 2, 6);
    one.write_by_socket(config_space, pcicmd, 2, 6);
    qemu.write(0, barlimit2, 4, 0xFFFFFFFF);
    qemu.write(0, ntctl, 4, id_protection_off);
    qemu.write(0, barltbase2, 4, 0x200000);
    BOOST_TEST(!qemu.is_ram(2, 0));
    qemu.write(2, 0x1000, 4, 1); // trapped; the window is RAM for what comes after it
    BOOST_REQUIRE(becomes_ram(qemu, true));
    qemu.write(2, 0x1000, 4, 2);
    std::uint32_t arrived = 0;
    std::memcpy(&arrived, ram.data + 0x201000, sizeof arrived);
    BOOST_TEST(arrived == 2U);
    qemu.write(0, barltbase2, 4, 0x40000000); // to where there is nothing
    BOOST_TEST(!qemu.is_ram(2, 0));
    BOOST_TEST(qemu.read(2, 0x1000, 4) == 0xFFFFFFFFU);
    qemu.write(0, barltbase2, 4, 0x300000);
    BOOST_TEST(becomes_ram(qemu, true));
    BOOST_TEST(qemu.read(2, 0, 1) == 0x300 % 251);
    s.kill();
    BOOST_TEST(becomes_ram(qemu, false));
}

BOOST_AUTO_TEST_SUITE_END()
