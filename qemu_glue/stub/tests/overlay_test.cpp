// SPDX-License-Identifier: GPL-2.0-or-later
// The overlays over a device's BARs, by the stub's own code in a process that is no QEMU, against a
// running simulator.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

#include "qemu_glue/stub/tests/fake_qemu.h"
#include "qemu_glue/stub/tests/host_ram.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

// Offsets in the NT function's registers (docs/registers.md).
constexpr std::uint32_t pcicmd = 0x004;
constexpr std::uint32_t bar4 = 0x020;
constexpr std::uint32_t ntctl = 0x400;
constexpr std::uint32_t barlimit4 = 0x4B4;
constexpr std::uint32_t barltbase4 = 0x4B8;
constexpr std::uint32_t barutbase4 = 0x4BC;
constexpr std::uint32_t barlimit5 = 0x4C4;
constexpr std::uint32_t id_protection_off = 3; // and completions enabled
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr std::uint64_t mib = 1ULL << 20U;

/// Topology two-host with that instead of `what` for port 0, in a file.
class changed_topology {
public:
    changed_topology(const std::string& what, const std::string& with)
        : path_("/tmp/ntb-stub-topology-" + std::to_string(::getpid()) + ".toml") {
        std::ifstream original(NTB_STUB_TEST_TOPOLOGY);
        std::string text{std::istreambuf_iterator<char>(original), {}};
        const std::size_t at = text.find(what);
        BOOST_REQUIRE(at != std::string::npos);
        std::ofstream(path_) << text.replace(at, what.size(), with);
    }
    changed_topology(const changed_topology&) = delete;
    changed_topology& operator=(const changed_topology&) = delete;
    ~changed_topology() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

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

BOOST_AUTO_TEST_SUITE_END()
