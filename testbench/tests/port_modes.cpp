// SPDX-License-Identifier: Apache-2.0
// Port operating modes: the handshake, its time, and the NT functions that appear, disappear and
// move (docs/reference/behaviour.md B3.1 to B3.5).
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>

#include "testbench/tests/configurable_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::uint32_t idt = 0x8091111D; // DID and VID

class ideal_modes : public configurable_hosts {
public:
    ideal_modes() : configurable_hosts(ideal_timing()) {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(port_modes)

// --- functions appear and disappear ------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_port_that_becomes_nt_gets_its_function_and_its_link,
                        configurable_hosts) { // B3.1 B3.2
    run([this] {
        BOOST_TEST(!bench.device().has_nt(port_number(2)));
        BOOST_TEST(!bench.device().link_up(port_number(2)));
        BOOST_TEST(get("VID", 2) == 0U); // no such function in the global space
        BOOST_TEST(!enumerate(host2).present);
        set_up_port_2();
        BOOST_TEST(bench.device().has_nt(port_number(2)));
        BOOST_TEST(get("VID", 2) == idt);
        BOOST_TEST((get("SWPORT2STS") & ~0x10U) == shown(port_mode::nt, 1));
        BOOST_TEST((get("SWPORT2STS") & 0x10U) != 0U); // LINKUP
        BOOST_TEST((get("SELINKUPSTS") & 4U) != 0U);
        BOOST_TEST(enumerate(host2).present);
        BOOST_TEST(get("PCIELCAP", 2) >> 24 == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_function_that_has_appeared_rings_and_is_rung, configurable_hosts) {
    run([this] {
        set("OUTDBELLSET", 1); // nobody at port 2 yet
        settle();
        set_up_port_2();
        BOOST_TEST(get("INDBELLSTS", 2) == 0U);
        set("OUTDBELLSET", 2);
        set("OUTDBELLSET", 4, 2);
        settle();
        BOOST_TEST(get("INDBELLSTS", 2) == 6U);
        BOOST_TEST(get("INDBELLSTS", 0) == 7U);
        set("SWP0MSGCTL0", 1U << 4);
        set("OUTMSG0", 0x55);
        settle();
        BOOST_TEST(get("INMSG0", 2) == 0x55U);
        BOOST_TEST(get("MSGSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_port_that_is_disabled_loses_function_link_and_messages, ideal_modes) {
    run([this] {
        set_up_port_2();
        BOOST_TEST_REQUIRE(enumerate(host2).present);
        set("OUTDBELLSET", 1, 2);
        BOOST_TEST(get("GDBELLSTS") == 1U);
        set("INDBELLSTS", 1); // pending in partition 1 alone
        set("SWPORT2CTL", as(port_mode::disabled, 0));
        BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed));
        BOOST_TEST((get("SWPORT2STS") & ~3U) == 0U);
        BOOST_TEST((get("SELINKDNSTS") & 4U) != 0U);
        BOOST_TEST(get("VID", 2) == 0U);
        BOOST_TEST(get("GDBELLSTS") == 0U);
        BOOST_TEST(host2.config_read(0, 4).data == 0xFFFFFFFFU);
        set("SWP0MSGCTL0", 1U << 4);
        set("OUTMSG0", 0x55);
        BOOST_TEST(get("MSGSTS") == 1U); // refused, as by a partition without NT function
        set("NTSDATA", 7, 2);            // goes nowhere
        BOOST_TEST(get("NTSDATA", 2) == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_function_comes_back_as_after_a_fundamental_reset, ideal_modes) {
    run([this] {
        set_up_port_2();
        const std::uint32_t setup = get("BARSETUP0", 2);
        set("BARSETUP0", 0, 2);
        set("NTSDATA", 7, 2);
        set("NTCTL", 2, 2);
        set("SWPORT2CTL", as(port_mode::unattached, 0));
        set("SWPORT2CTL", as(port_mode::nt_dma, 1));
        BOOST_TEST(get("BARSETUP0", 2) == setup); // as the topology has it
        BOOST_TEST(get("NTSDATA", 2) == 0U);
        BOOST_TEST(get("NTCTL", 2) == 0U);
        BOOST_TEST(bench.device().link_up(port_number(2)));
    });
}

BOOST_FIXTURE_TEST_CASE(a_request_finds_no_way_to_a_port_that_has_gone, ideal_modes) {
    run([this] {
        set_up_port_2();
        BOOST_TEST_REQUIRE(enumerate(host0).present);
        BOOST_TEST_REQUIRE(enumerate(host2).present);
        set("BARSETUP2", 1U << 31 | 16U << 4 | 1U << 13); // direct, 64 KiB, partition 1
        BOOST_TEST_REQUIRE(enumerate(host0).present);
        set("NTCTL", 3); // CPEN, no requester check
        BOOST_TEST(host0.bar_write(bar_number(2), 0x100, 0x1234, 4).ok());
        BOOST_TEST(host0.bar_read(bar_number(2), 0x100, 4).data == 0x1234U);
        set("SWPORT2CTL", as(port_mode::disabled, 0));
        BOOST_TEST(!host0.bar_read(bar_number(2), 0x100, 4).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(the_modes_that_have_an_nt_function_are_four, ideal_modes) { // B3.1
    run([this] {
        without_delays();
        set("SWPART1CTL", 1);
        for (unsigned mode = 0; mode <= 8; ++mode) {
            const bool nt = mode == 3 || mode == 4 || mode == 7 || mode == 8;
            const bool dma = mode == 6 || mode == 7 || mode == 8;
            const bool upstream = mode != 0 && mode != 1 && mode != 5;
            set("SWPORT2CTL", mode | 1U << 4);
            BOOST_TEST((get("VID", 2) == (nt ? idt : 0U)), "mode " << mode);
            BOOST_TEST((get("SWPORT2STS") >> 6 & 0xFU) == mode);
            BOOST_TEST(bench.device().link_up(port_number(2)) == nt, "mode " << mode);
            const std::uint32_t status = get("SWPART1STS"); // B3.6
            BOOST_TEST((status >> 8 & 1U) == (upstream ? 1U : 0U), "mode " << mode);
            BOOST_TEST((status >> 9 & 0x1FU) == (upstream ? 2U : 0U), "mode " << mode);
            BOOST_TEST((status >> 14 & 1U) == (nt ? 1U : 0U), "mode " << mode);
            BOOST_TEST((status >> 15 & 1U) == (dma ? 1U : 0U), "mode " << mode);
        }
    });
}

// --- moving ------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_port_moves_to_another_partition_with_link_and_registers, ideal_modes) {
    run([this] {
        set_up_port_2();
        set("SWPART6CTL", 1);
        set("NTSDATA", 7, 2);
        set("NTCTL", 2, 2);
        signals.clear();
        set("SWPORT2CTL", as(port_mode::nt, 6));
        BOOST_TEST(bench.partition_of(port_number(2)).value() == 6U);
        BOOST_TEST(signals.changes("switch.port2.link.up").empty());
        BOOST_TEST(get("NTSDATA", 2) == 7U);
        BOOST_TEST(get("NTCTL", 2) == 2U);
        BOOST_TEST((get("SWPART1STS") >> 8 & 1U) == 0U); // US
        BOOST_TEST((get("SWPART6STS") >> 8 & 0x7FU) == (1U | 2U << 1 | 1U << 6));
        for (unsigned n = 0; n < doorbell_count; ++n)
            set("GIDBELLMSK" + std::to_string(n), 0x02); // not to partition 1
        set("OUTDBELLSET", 1);
        BOOST_TEST(get("INDBELLSTS", 2) == 1U);
        set("NTGSIGNAL", 1, 2);
        BOOST_TEST(get("SEGSIGSTS") == 1U << 6);
    });
}

BOOST_FIXTURE_TEST_CASE(with_oma_reset_the_port_is_reset_on_the_way, ideal_modes) { // B3.5
    run([this] {
        set_up_port_2();
        set("SWPART6CTL", 1);
        const std::uint32_t setup = get("BARSETUP0", 2) | 0x8; // prefetchable: loaded at start-up
        set("BARSETUP0", setup, 2);
        set("NTSDATA", 7, 2);
        set("NTCTL", 2, 2);
        signals.clear();
        set("SWPORT2CTL", as(port_mode::nt, 6) | oma_reset);
        BOOST_TEST(signals.changes("switch.port2.link.up").size() == 2U); // down and up
        BOOST_TEST(get("NTCTL", 2) == 0U);                                // B4.1
        BOOST_TEST(get("BARSETUP0", 2) == setup);                         // as by a hot reset
    });
}

BOOST_FIXTURE_TEST_CASE(a_host_may_change_the_mode_of_its_own_port, ideal_modes) {
    run([this] {
        set_up_port_2();
        BOOST_TEST_REQUIRE(enumerate(host2).present);
        BOOST_TEST(host2.config_write(0xFF8, sw::SWPORTCTL.at(2), 4).ok());
        const completion gone = host2.config_write(0xFFC, as(port_mode::disabled, 0), 4);
        BOOST_TEST(!gone.ok()); // the link went down under its completion
        BOOST_TEST(!bench.device().link_up(port_number(2)));
        set("SWPORT2CTL", as(port_mode::nt, 1));
        BOOST_TEST(enumerate(host2).present);
    });
}

BOOST_AUTO_TEST_CASE(functions_of_one_partition_know_of_each_other_as_they_come_and_go) { // B6.1
    topology_config seed = one_configured_port();
    seed.compat = compatibility::seed;
    configurable_hosts hosts(ideal_timing(), seed);
    hosts.run([&hosts] {
        hosts.set_up_port_2();
        hosts.set("SWP0MSGCTL0", 0); // to the own partition
        hosts.set("OUTMSG0", 1);
        BOOST_TEST(hosts.get("INMSG0") == 1U); // alone: to itself
        hosts.set("MSGSTS", 0xFFFFFFFF);
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::nt, 0));
        hosts.set("OUTMSG0", 2);
        BOOST_TEST(hosts.get("INMSG0", 2) == 2U); // two: to the other one
        BOOST_TEST(hosts.get("INMSG0") == 1U);
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::nt, 1));
        hosts.set("OUTMSG0", 3);
        BOOST_TEST(hosts.get("INMSG0") == 3U);
    });
}

// --- the handshake -----------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(both_status_bits_are_cleared_by_a_one_each, ideal_modes) { // B3.3
    run([this] {
        without_delays();
        set("SWPORT2CTL", as(port_mode::nt, 1));
        BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed));
        set("SWPORT2STS", 0);
        BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed));
        set("SWPORT2STS", initiated);
        BOOST_TEST(handshake("SWPORT2STS") == completed);
        set("SWPORT2STS", completed);
        BOOST_TEST(handshake("SWPORT2STS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(values_that_change_nothing_start_nothing, ideal_modes) { // B3.3
    run([this] {
        set_up_port_2();
        set("SWPORT2CTL", as(port_mode::nt, 1));
        set("SWPORT2CTL", as(port_mode::nt, 1) | oma_reset); // OMA is no part of the mode
        BOOST_TEST(handshake("SWPORT2STS") == 0U);
        BOOST_TEST(bench.device().link_up(port_number(2)));
        set("SWPORT2CTL", as(port_mode::nt, 1, 5)); // the device number is one
        BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed));
        BOOST_TEST((get("SWPORT2STS") & ~0x13U) == shown(port_mode::nt, 1, 5));
    });
}

BOOST_FIXTURE_TEST_CASE(a_mode_that_the_port_cannot_have_starts_nothing, ideal_modes) {
    run([this] {
        set_up_port_2();
        const std::uint32_t before = get("SWPORT2STS");
        for (unsigned mode = 9; mode < 16; ++mode)
            set("SWPORT2CTL", mode | 1U << 4);
        BOOST_TEST(get("SWPORT2STS") == before);
        BOOST_TEST(get("SWPORT2CTL") == (15U | 1U << 4)); // what was written
        for (const char* port : {"3", "16", "23"}) {      // no NT function there in a 24NT6AG2
            const std::string name = std::string("SWPORT") + port;
            set(name + "CTL", as(port_mode::nt, 1));
            BOOST_TEST(get(name + "STS") == 0U);
            set(name + "CTL", as(port_mode::downstream, 1, 4));
            BOOST_TEST(get(name + "STS") == (shown(port_mode::downstream, 1, 4) | 3U));
        }
    });
}

// --- time --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_change_takes_2_ms_by_default_and_2_5_ms_with_a_reset,
                        configurable_hosts) { // B3.4
    run([this] {
        set("SWPART1CTL", 1);
        for (const bool reset : {false, true}) {
            set("SWPORT2STS", initiated | completed);
            const unsigned partition = reset ? 2 : 1;
            const std::uint64_t drain_ns = reset ? 1'500'000 : 1'000'000;
            set("SWPORT2CTL", as(port_mode::nt, partition) | (reset ? oma_reset : 0));
            BOOST_TEST(handshake("SWPORT2STS") == initiated);
            wait_ns(drain_ns - 1);
            BOOST_TEST((get("SWPORT2STS") >> 10 & 7U) == (reset ? 1U : 0U));
            wait_ns(2);
            BOOST_TEST((get("SWPORT2STS") >> 10 & 7U) == partition); // takes effect
            BOOST_TEST(handshake("SWPORT2STS") == initiated);
            wait_ns(999'998);
            BOOST_TEST(handshake("SWPORT2STS") == initiated);
            wait_ns(2);
            BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_secondary_bus_reset_adds_its_delay_where_there_is_a_bridge) { // B3.7
    configurable_hosts hosts;
    hosts.run([&hosts] {
        hosts.without_delays();
        hosts.set("USSBRDELAY", 7);
        const std::uint32_t reset = configurable_hosts::oma_reset;
        const auto at_once = [&hosts] {
            const bool done = hosts.handshake("SWPORT2STS") == 3;
            configurable_hosts::wait_ns(7'001);
            BOOST_TEST(hosts.handshake("SWPORT2STS") == 3U);
            hosts.set("SWPORT2STS", 3);
            return done;
        };
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::upstream_nt, 1) | reset);
        BOOST_TEST(at_once()); // there was no bridge to reset
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::upstream, 1));
        BOOST_TEST(at_once()); // no reset
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::nt, 1) | reset);
        BOOST_TEST(!at_once());
    });
}

BOOST_AUTO_TEST_CASE(the_unit_of_the_delays_is_a_number_of_the_timing) {
    timing_config timing{};
    timing.change_delay_unit_ns = 10;
    configurable_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::nt, 1));
        configurable_hosts::wait_ns(19'999);
        BOOST_TEST(hosts.handshake("SWPORT2STS") == 1U);
        configurable_hosts::wait_ns(2);
        BOOST_TEST(hosts.handshake("SWPORT2STS") == 3U);
    });
}

BOOST_FIXTURE_TEST_CASE(without_a_delay_the_change_is_complete_when_the_write_returns,
                        configurable_hosts) { // B3.4
    run([this] {
        BOOST_TEST_REQUIRE(enumerate(host0).present);
        const auto by_host = [this](std::uint32_t address, std::uint32_t value) {
            BOOST_TEST(host0.config_write(0xFF8, address, 4).ok());
            BOOST_TEST(host0.config_write(0xFFC, value, 4).ok());
        };
        for (const auto delay : {sw::RDRAINDELAY, sw::POMCDELAY, sw::SEDELAY, sw::USSBRDELAY})
            by_host(delay.at(), 0);
        by_host(sw::SWPARTCTL.at(1), 1);
        BOOST_TEST(handshake("SWPART1STS") == (initiated | completed));
        by_host(sw::SWPORTCTL.at(2), as(port_mode::nt, 1) | oma_reset);
        BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed));
        BOOST_TEST(get("VID", 2) == idt);
        settle(); // its link trains
        BOOST_TEST(enumerate(host2).present);
    });
}

BOOST_FIXTURE_TEST_CASE(what_is_written_during_a_change_starts_the_next_one, configurable_hosts) {
    run([this] {
        set("SWPORT2CTL", as(port_mode::nt, 1));
        wait_ns(500'000);
        set("SWPORT2CTL", as(port_mode::nt, 2));
        wait_ns(500'001);
        BOOST_TEST((get("SWPORT2STS") >> 10 & 7U) == 1U); // the first takes effect
        wait_ns(1'000'000);
        BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed)); // of the first
        set("SWPORT2STS", initiated | completed);
        wait_ns(2'000'000);
        BOOST_TEST(handshake("SWPORT2STS") == completed);
        BOOST_TEST((get("SWPORT2STS") >> 10 & 7U) == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(several_ports_change_at_once_each_in_its_time, configurable_hosts) {
    run([this] {
        set("SWPORT4CTL", as(port_mode::nt, 4));
        wait_ns(100'000);
        set("SWPORT2CTL", as(port_mode::nt, 2));
        set("POMCDELAY", 0); // counts from the next change on
        set("SEDELAY", 0);
        set("SWPORT6CTL", as(port_mode::nt, 6));
        BOOST_TEST(handshake("SWPORT6STS") == 3U);
        wait_ns(1'899'999);
        BOOST_TEST(handshake("SWPORT4STS") == 1U);
        wait_ns(2);
        BOOST_TEST(handshake("SWPORT4STS") == 3U);
        BOOST_TEST(handshake("SWPORT2STS") == 1U);
        wait_ns(100'000);
        BOOST_TEST(handshake("SWPORT2STS") == 3U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
