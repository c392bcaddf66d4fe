// SPDX-License-Identifier: Apache-2.0
// The BARs as BARSETUP shapes them (docs/reference/behaviour.md B9.1, B9.3, B9.10, B9.11).
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>

#include "testbench/fixture/two_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::uint32_t enabled = 0x80000000;
constexpr std::uint32_t wide = 0x4; ///< TYPE = 2
constexpr std::uint32_t prefetchable = 0x8;
constexpr std::uint32_t size(unsigned log2) {
    return log2 << 4;
}

class shaped_bars : public two_hosts_ideal {
public:
    void shape(unsigned bar, std::uint32_t setup) {
        config_write(host0, "BARSETUP" + std::to_string(bar), setup);
    }
    /// What a BIOS reads after it wrote all ones.
    std::uint32_t sized(unsigned bar) {
        const std::string name = "BAR" + std::to_string(bar);
        config_write(host0, name, 0xFFFFFFFF);
        return config_read(host0, name);
    }
    std::uint64_t aperture(unsigned bar) { return bench.device().bar_size(port0, bar_number(bar)); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(bars)

BOOST_FIXTURE_TEST_CASE(have_their_topology_s_shape_after_reset, shaped_bars) { // B9.1
    run([this] {
        enumerate_both();
        BOOST_TEST(config_read(host0, "BARSETUP0") == 0x800004C0U);
        BOOST_TEST(config_read(host0, "BARSETUP1") == 0U);
        BOOST_TEST(config_read(host0, "BARSETUP2") == (enabled | size(20) | 1U << 13));
        BOOST_TEST(config_read(host0, "BARSETUP4") ==
                   (enabled | wide | prefetchable | size(24) | 1U << 11));
        BOOST_TEST(sized(0) == 0xFFFFF000U);
        BOOST_TEST(sized(1) == 0U);
        BOOST_TEST(sized(2) == 0xFFF00000U);
        BOOST_TEST(sized(4) == 0xFF00000CU);
        BOOST_TEST(sized(5) == 0xFFFFFFFFU);
        BOOST_TEST(aperture(0) == 0x1000U);
        BOOST_TEST(aperture(1) == 0U);
        BOOST_TEST(aperture(4) == 1U << 24);
        BOOST_TEST(aperture(5) == 0U);
        BOOST_TEST(global_read(host2, "BARSETUP2", port0) ==
                   (enabled | size(20) | 1U << 13)); // B9.11
    });
}

BOOST_FIXTURE_TEST_CASE(of_32_bits_have_any_size_from_16_bytes_to_2_gib, shaped_bars) { // B9.3
    run([this] {
        for (const unsigned bar : {0U, 1U, 2U, 3U, 5U}) {
            if (bar == 5)
                shape(4, 0);
            for (unsigned log2 = 0; log2 < 64; ++log2) {
                shape(bar, enabled | size(log2));
                const bool fits = log2 >= 4 && log2 <= 31;
                BOOST_TEST(sized(bar) == (fits ? 0xFFFFFFFFU << log2 : 0U));
                BOOST_TEST(aperture(bar) == (fits ? std::uint64_t{1} << log2 : 0U));
            }
        }
    });
}

BOOST_FIXTURE_TEST_CASE(of_64_bits_take_their_upper_half_from_the_next, shaped_bars) { // B9.1
    run([this] {
        for (const unsigned bar : {0U, 2U, 4U})
            for (unsigned log2 = 4; log2 < 64; ++log2) {
                shape(bar, enabled | wide | prefetchable | size(log2));
                const std::uint64_t mask = ~((std::uint64_t{1} << log2) - 1);
                BOOST_TEST(sized(bar) == ((static_cast<std::uint32_t>(mask) & ~0xFU) | 0xCU));
                BOOST_TEST(sized(bar + 1) == mask >> 32);
                BOOST_TEST(aperture(bar) == std::uint64_t{1} << log2);
                BOOST_TEST(aperture(bar + 1) == 0U);
            }
    });
}

BOOST_FIXTURE_TEST_CASE(keep_the_address_bits_above_their_size, shaped_bars) { // B9.1
    run([this] {
        shape(2, enabled | size(16));
        config_write(host0, "BAR2", 0x12345678);
        BOOST_TEST(config_read(host0, "BAR2") == 0x12340000U);
        shape(4, enabled | wide | size(40));
        config_write(host0, "BAR4", 0xFFFFFFFF);
        config_write(host0, "BAR5", 0x00ABCDEF);
        BOOST_TEST(config_read(host0, "BAR4") == 0x4U);
        BOOST_TEST(config_read(host0, "BAR5") == 0x00ABCD00U);
        BOOST_TEST(host0.config_write(0x25, 0x77, 1).ok()); // one byte of the upper half
        BOOST_TEST(config_read(host0, "BAR5") == 0x00AB7700U);
        BOOST_TEST(host0.config_write(0x1A, 0x77, 1).ok());
        BOOST_TEST(config_read(host0, "BAR2") == 0x12770000U);
    });
}

BOOST_FIXTURE_TEST_CASE(read_zero_while_disabled, shaped_bars) { // B9.10
    run([this] {
        for (const unsigned bar : {0U, 1U, 2U, 3U, 4U, 5U}) {
            shape(bar, size(16));
            BOOST_TEST(sized(bar) == 0U);
            BOOST_TEST(aperture(bar) == 0U);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(lose_their_upper_half_with_their_width, shaped_bars) { // B9.1 B9.10
    run([this] {
        BOOST_TEST(sized(5) == 0xFFFFFFFFU);
        shape(4, enabled | size(24)); // 32-bit now
        BOOST_TEST(sized(4) == 0xFF000000U);
        BOOST_TEST(sized(5) == 0U);
        shape(4, wide | size(24)); // disabled
        BOOST_TEST(sized(4) == 0U);
        BOOST_TEST(sized(5) == 0U);
        shape(4, enabled | wide | size(3)); // no size
        BOOST_TEST(sized(4) == 0U);
        BOOST_TEST(sized(5) == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(of_odd_number_are_never_64_bits_wide, shaped_bars) { // B9.1
    run([this] {
        shape(0, 0);
        shape(1, enabled | wide | prefetchable | size(20));
        BOOST_TEST(sized(1) == 0xFFF00008U);
        shape(1, enabled | wide | size(40));
        BOOST_TEST(sized(1) == 0U);
        BOOST_TEST(aperture(1) == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(change_shape_when_their_setup_changes, shaped_bars) { // B9.1
    run([this] {
        enumerate_both();
        BOOST_TEST(sized(2) == 0xFFF00000U);
        shape(2, enabled | size(28));
        BOOST_TEST(config_read(host0, "BAR2") == 0xF0000000U); // the old address, cut
        global_write(host2, "BARSETUP2", enabled | prefetchable | size(29), port0);
        BOOST_TEST(config_read(host0, "BAR2") == 0xE0000008U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
