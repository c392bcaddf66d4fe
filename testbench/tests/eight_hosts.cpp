// SPDX-License-Identifier: Apache-2.0
// Topology eight-host: what goes round between eight hosts, each of them in a partition of its own
// (docs/reference/behaviour.md sections 5, 6 and 9).
#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

#include "testbench/config/topology_file.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::array<unsigned, 8> port_of{0, 2, 4, 6, 8, 12, 16, 20};

class eight_hosts : public several_hosts {
public:
    eight_hosts() : several_hosts(config::load_topology("eight-host").topology) {}

    /// Doorbell n is for partition n only, and each host takes doorbells and message 0.
    void prepare() {
        for (unsigned p = 0; p < 8; ++p) {
            global_write(0, "GIDBELLMSK" + std::to_string(p), 0xFFU & ~(1U << p));
            global_write(0, "SWP" + std::to_string(p) + "MSGCTL0", (p + 1) % 8 << 4);
            write(port_of.at(p), "INDBELLMSK", 0);
            write(port_of.at(p), "MSGSTSMSK", ~full(0));
            write(port_of.at(p), "NTINTMSK", int_all & ~(int_dbell | int_msg));
        }
    }
    void await_msi(unsigned port, std::uint64_t count) {
        const std::uint64_t until = now_ps() + 10'000'000;
        while (msis(port) < count && now_ps() < until)
            sc_core::wait(sc_core::sc_time::from_value(until - now_ps()),
                          host(port).interrupts().changed());
        BOOST_TEST_REQUIRE(msis(port) == count, "MSI " << count << " of port " << port);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(eight_host)

BOOST_FIXTURE_TEST_CASE(each_host_finds_seven_peers, eight_hosts) { // B1.3 B1.13
    run([this] {
        for (const unsigned asking : port_of) {
            BOOST_TEST(read(asking, "DID") == 0x808CU);
            for (unsigned p = 0; p < 8; ++p) {
                const std::uint32_t port =
                    global_read(asking, "SWPORT" + std::to_string(port_of.at(p)) + "STS");
                BOOST_TEST((port >> 6 & 0xFU) == 3U);
                BOOST_TEST((port >> 10 & 7U) == p);
                const std::uint32_t partition =
                    global_read(asking, "SWPART" + std::to_string(p) + "STS");
                BOOST_TEST((partition >> 5 & 3U) == 1U);
                BOOST_TEST((partition >> 9 & 0x1FU) == port_of.at(p));
            }
        }
    });
}

BOOST_FIXTURE_TEST_CASE(eight_hosts_ring_round, eight_hosts) { // B5.1 B5.2
    run([this] {
        prepare();
        write(port_of.at(0), "OUTDBELLSET", 1U << 1); // from then on each rings the next
        for (unsigned step = 1; step <= 24; ++step) {
            const unsigned p = step % 8;
            const unsigned port = port_of.at(p);
            await_msi(port, (step + 7 - p) / 8 + (p == 0 ? 0 : 1));
            BOOST_TEST(read(port, "NTINTSTS") == int_dbell);
            BOOST_TEST(read(port, "INDBELLSTS") == 1U << p);
            write(port, "INDBELLSTS", 1U << p);
            if (step != 24)
                write(port, "OUTDBELLSET", 1U << (p + 1) % 8);
        }
        settle();
        for (const unsigned port : port_of) { // three laps, and nothing that went astray
            BOOST_TEST(msis(port) == 3U);
            BOOST_TEST(read(port, "INDBELLSTS") == 0U);
        }
        BOOST_TEST(global_read(0, "GDBELLSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_that_nobody_masks_reaches_all_eight,
                        eight_hosts) { // B5.1 B5.4
    run([this] {
        for (const unsigned port : port_of) {
            write(port, "INDBELLMSK", 0);
            write(port, "NTINTMSK", int_all & ~int_dbell);
        }
        write(12, "OUTDBELLSET", 0x80000000);
        settle();
        for (const unsigned port : port_of) {
            BOOST_TEST(read(port, "INDBELLSTS") == 0x80000000U);
            BOOST_TEST(msis(port) == 1U);
        }
        for (std::size_t i = 0; i < port_of.size(); ++i) { // pending until the last one clears it
            BOOST_TEST(global_read(0, "GDBELLSTS") == 0x80000000U);
            write(port_of.at(i), "INDBELLSTS", 0x80000000);
        }
        BOOST_TEST(global_read(0, "GDBELLSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_message_goes_round, eight_hosts) { // B6.1 B6.2
    run([this] {
        prepare();
        write(port_of.at(0), "OUTMSG0", 0x1000);
        for (unsigned step = 1; step <= 8; ++step) {
            const unsigned port = port_of.at(step % 8);
            await_msi(port, 1);
            BOOST_TEST(read(port, "INMSGSRC0") == step - 1);
            const std::uint32_t data = read(port, "INMSG0");
            BOOST_TEST(data == 0x1000U + step - 1);
            write(port, "MSGSTS", full(0));
            if (step != 8)
                write(port, "OUTMSG0", data + 1);
        }
        for (const unsigned port : port_of)
            BOOST_TEST(read(port, "MSGSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_window_leads_to_the_next_host_and_another_to_the_one_after,
                        eight_hosts) { // B9.4
    run([this] {
        for (unsigned p = 0; p < 8; ++p) {
            const unsigned port = port_of.at(p);
            write(port, "NTCTL", 2);
            write(port, "NTMTBLADDR", p);
            write(port, "NTMTBLDATA", mapping(read(port, "REQIDCAP"), p));
            write(port, "BARLTBASE2", 0x10000);
            write(port, "BARLTBASE3", 0x20000);
        }
        for (unsigned p = 0; p < 8; ++p) {
            BOOST_TEST(host(port_of.at(p)).bar_write(bar_number(2), 0x40, 0xA0 + p).ok());
            BOOST_TEST(host(port_of.at(p)).bar_write(bar_number(3), 0x40, 0xB0 + p).ok());
        }
        for (unsigned p = 0; p < 8; ++p) {
            const auto one = host(port_of.at((p + 7) % 8)).bar_read(bar_number(2), 0x40);
            const auto two = host(port_of.at((p + 6) % 8)).bar_read(bar_number(3), 0x40);
            BOOST_TEST(one.data == 0xA0 + (p + 7) % 8);
            BOOST_TEST(two.data == 0xB0 + (p + 6) % 8);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
