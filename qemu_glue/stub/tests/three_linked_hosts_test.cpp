// SPDX-License-Identifier: GPL-2.0-or-later
// Windows as RAM between two guests of one simulator while a second simulator has a third guest,
// and ports that move (docs/peer-link.md).
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "qemu_glue/stub/tests/control_client.h"
#include "qemu_glue/stub/tests/linked_windows.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

/// By the indirect registers of a host.
void write_indirect(two_windows& t, std::size_t by, std::uint32_t address_register,
                    std::uint32_t address, std::uint32_t data_register, std::uint32_t data) {
    BOOST_REQUIRE(t.at(by).stub.write(bar0, address_register, 4, address));
    BOOST_REQUIRE(t.at(by).stub.write(bar0, data_register, 4, data));
    BOOST_REQUIRE(t.at(by).stub.drain());
}

} // namespace

BOOST_AUTO_TEST_SUITE(three_linked_hosts)

BOOST_AUTO_TEST_CASE(
    a_window_within_one_simulator_stays_trapped_where_the_other_one_tells_nothing) {
    // It maps no windows, but its guest may write the tables that windows depend on.
    three_linked_windows t({"@1:--trace-windows"});
    t.lead(2, 0x200000);
    for (unsigned i = 0; i < 100; ++i) {
        BOOST_REQUIRE(t.trapped(2) == 0x0101010101010101U * (0x200 % 251));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    BOOST_TEST(!t.at(2).areas.any());
    t.simulator.signal(1, SIGKILL); // alone now
    BOOST_TEST(eventually([&] {
        (void)t.trapped(2);
        return t.window(2)[0x80] == 0x200 % 251;
    }));
    t.simulator.restart(1);
    BOOST_TEST(eventually([&] { return is_ones(t.window(2)); }));
}

BOOST_AUTO_TEST_CASE(what_the_other_simulator_s_guest_writes_takes_a_window_within_one_away) {
    three_linked_windows t;
    t.lead(2, 0x200000);
    BOOST_REQUIRE(t.shows(2, 0x200));
    std::uint64_t id = 0;
    BOOST_REQUIRE(t.at(2).stub.read(bar0, reqidcap, 4, id));
    const auto entry = static_cast<std::uint32_t>((id & 0xFFFFU) << 1U | 2U << 17U | 1U);
    BOOST_REQUIRE(t.at(2).stub.write(bar0, ntctl, 4, 2)); // requesters are looked up
    for (unsigned round = 0; round < 10; ++round) {
        write_indirect(t, 1, ntmtbladdr, 7, ntmtbldata, entry);
        BOOST_REQUIRE(t.shows(2, 0x200));
        write_indirect(t, 1, ntmtbladdr, 7, ntmtbldata, 0);
        BOOST_REQUIRE(is_ones(t.window(2)));
    }
}

BOOST_AUTO_TEST_CASE(a_window_within_one_simulator_goes_when_the_other_one_gave_it_up) {
    three_linked_windows t;
    t.lead(2, 0x200000);
    t.lead(1, 0x200000);
    BOOST_REQUIRE(t.shows(2, 0x200));
    t.simulator.signal(0, SIGSTOP);
    t.at(1).write_by_socket(config_space, pcicmd, 2, 2); // waits for it in vain
    t.simulator.signal(0, SIGCONT);
    BOOST_TEST(eventually([&] { return is_ones(t.window(2)); }));
    for (unsigned i = 0; i < 50; ++i) { // trapped from now on
        BOOST_REQUIRE(t.trapped(2) == 0x0101010101010101U * (0x200 % 251));
        BOOST_REQUIRE(is_ones(t.window(2)));
    }
}

BOOST_AUTO_TEST_CASE(a_port_that_has_moved_is_out_of_reach_before_what_lies_ahead_in_the_ring) {
    const std::string name = "/tmp/ntb-linked-move-" + std::to_string(::getpid()) + ".";
    linked_windows t(true, {"--control", name + "@"});
    t.simulator.signal(0, SIGKILL); // the other one executes the switch's registers
    t.simulator.restart(0);
    set_up(t.at(0), t.ram[0]);
    t.lead(0, 0x200000);
    t.open_trapped(1, 0x300000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    // Its host takes no writes, and there is no room for more: what comes over the ring stands
    // still.
    control_client{name + "0"}.say("fault port0 credits stuck tx posted");
    for (std::uint32_t i = 0; i < 400; ++i)
        BOOST_REQUIRE(t.at(1).stub.write(trapped_bar, 0x40, 4, i));
    constexpr std::uint32_t swport2ctl = 0x3E240;
    constexpr std::uint32_t swport2sts = 0x3E244;
    write_indirect(t, 1, gasaaddr, swport2ctl, gasadata, 3U); // NT, in partition 0
    BOOST_REQUIRE(eventually([&] {
        std::uint64_t status = 0;
        return t.at(1).stub.write(bar0, gasaaddr, 4, swport2sts) &&
               t.at(1).stub.read(bar0, gasadata, 4, status) && (status >> 10U & 7U) == 0;
    }));
    BOOST_TEST(is_ones(t.window(0)));
    control_client{name + "0"}.say("fault port0 credits free tx posted");
    write_indirect(t, 1, gasaaddr, swport2ctl, gasadata, 3U | 1U << 4U); // and back
    BOOST_TEST(t.shows(0, 0x200));
}

BOOST_AUTO_TEST_SUITE_END()
