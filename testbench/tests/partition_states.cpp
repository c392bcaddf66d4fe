// SPDX-License-Identifier: Apache-2.0
// Partition states: the handshake, its time, and what each state does to the partition
// (docs/reference/behaviour.md B3.2, B3.3, B3.6, B3.7).
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "testbench/tests/configurable_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::uint32_t disabled = 0;
constexpr std::uint32_t active = 1;
constexpr std::uint32_t in_reset = 3;

class ideal_states : public configurable_hosts {
public:
    ideal_states() : configurable_hosts(ideal_timing()) {}
    std::uint32_t state() { return get("SWPART1STS") >> 5 & 3U; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(partition_states)

BOOST_FIXTURE_TEST_CASE(a_new_state_is_initiated_and_completed, ideal_states) { // B3.3 B3.6
    run([this] {
        for (const std::uint32_t wanted : {active, in_reset, disabled, in_reset, active}) {
            set("SWPART1CTL", wanted);
            BOOST_TEST(state() == wanted);
            BOOST_TEST(handshake("SWPART1STS") == (initiated | completed));
            set("SWPART1STS", initiated);
            BOOST_TEST(handshake("SWPART1STS") == completed);
            set("SWPART1STS", completed);
            BOOST_TEST(handshake("SWPART1STS") == 0U);
            set("SWPART1CTL", wanted); // no change
            BOOST_TEST(handshake("SWPART1STS") == 0U);
            BOOST_TEST(state() == wanted);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(the_state_without_a_meaning_changes_nothing, ideal_states) { // B3.6
    run([this] {
        set("SWPART1CTL", 2);
        BOOST_TEST(state() == disabled);
        BOOST_TEST(handshake("SWPART1STS") == 0U);
        BOOST_TEST(get("SWPART1CTL") == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(only_an_active_partition_is_reached, ideal_states) { // B3.6 B5.9
    run([this] {
        set_up_port_2();
        set("OUTDBELLSET", 1);
        BOOST_TEST(get("INDBELLSTS", 2) == 1U);
        set("SWPART1CTL", disabled);
        set("OUTDBELLSET", 2);
        BOOST_TEST(get("INDBELLSTS", 2) == 1U);
        set("SWPART1CTL", active);
        set("OUTDBELLSET", 4);
        BOOST_TEST(get("INDBELLSTS", 2) == 5U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_disabled_partition_keeps_registers_and_link, ideal_states) {
    run([this] {
        set_up_port_2();
        set("NTSDATA", 7, 2);
        set("SWPART1CTL", disabled);
        BOOST_TEST(get("NTSDATA", 2) == 7U);
        BOOST_TEST(bench.device().link_up(port_number(2)));
        BOOST_TEST(get("SEFRSTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(entering_reset_is_a_fundamental_reset_of_the_partition,
                        ideal_states) { // B4.1 B4.2 B4.3
    run([this] {
        set_up_port_2();
        set("NTCTL", 2, 2);
        set("NTSDATA", 7, 2);
        set("NTSDATA", 8, 0);
        set("NTMTBLADDR", 5, 0);
        set("NTMTBLDATA", 1U | 1U << 17); // of partition 1
        set("NTMTBLADDR", 6, 0);
        set("NTMTBLDATA", 1U | 0U << 17); // of partition 0
        set("SWPART1CTL", in_reset);
        BOOST_TEST(get("SEFRSTSTS") == 2U);
        BOOST_TEST(get("SEHRSTSTS") == 0U);
        BOOST_TEST(get("NTCTL", 2) == 0U);
        BOOST_TEST(get("NTSDATA", 2) == 0U);
        BOOST_TEST(get("NTSDATA", 0) == 8U);
        BOOST_TEST(get("NTMTBLDATA") == 1U);
        set("NTMTBLADDR", 5, 0);
        BOOST_TEST(get("NTMTBLDATA") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_partition_in_reset_holds_its_links_down, configurable_hosts) {
    run([this] {
        set_up_port_2();
        BOOST_TEST_REQUIRE(enumerate(host2).present);
        set("SWPART1CTL", in_reset);
        BOOST_TEST(!bench.device().link_up(port_number(2)));
        BOOST_TEST(bench.device().link_up(port_number(0)));
        bench.set_link(port_number(2), false); // the host goes and comes back
        bench.set_link(port_number(2), true);
        settle();
        BOOST_TEST(!bench.device().link_up(port_number(2)));
        BOOST_TEST(!enumerate(host2).present);
        set("SWPART1CTL", active);
        BOOST_TEST(!bench.device().link_up(port_number(2))); // it trains
        settle();
        BOOST_TEST(bench.device().link_up(port_number(2)));
        BOOST_TEST(enumerate(host2).present);
    });
}

BOOST_FIXTURE_TEST_CASE(a_port_that_moves_into_a_partition_in_reset_is_held, configurable_hosts) {
    run([this] {
        set_up_port_2();
        set("SWPART6CTL", in_reset);
        set("SWPORT2CTL", as(port_mode::nt, 6));
        settle();
        BOOST_TEST(!bench.device().link_up(port_number(2)));
        set("SWPORT2CTL", as(port_mode::nt, 1));
        settle();
        BOOST_TEST(bench.device().link_up(port_number(2)));
    });
}

BOOST_AUTO_TEST_CASE(a_topology_may_begin_with_a_partition_in_reset) {
    topology_config t = topology_of({{0, 0}, {2, 1}});
    t.partitions.at(1) = partition_state::reset;
    configurable_hosts hosts(timing_config{}, t);
    hosts.run([&hosts] {
        configurable_hosts::settle();
        BOOST_TEST(!hosts.bench.device().link_up(port_number(2)));
        hosts.without_delays();
        hosts.set("SWPART1CTL", active);
        configurable_hosts::settle();
        BOOST_TEST(hosts.bench.device().link_up(port_number(2)));
    });
}

BOOST_FIXTURE_TEST_CASE(leaving_active_drains_first_and_every_change_has_side_effects,
                        configurable_hosts) { // B3.7
    run([this] {
        const auto takes = [this](std::uint32_t wanted, std::uint64_t drain_ns) {
            set("SWPART1STS", initiated | completed);
            set("SWPART1CTL", wanted);
            BOOST_TEST(handshake("SWPART1STS") == initiated);
            if (drain_ns != 0) {
                wait_ns(drain_ns - 1);
                BOOST_TEST((get("SWPART1STS") >> 5 & 3U) == active);
                wait_ns(1);
            }
            wait_ns(1);
            BOOST_TEST((get("SWPART1STS") >> 5 & 3U) == wanted);
            wait_ns(999'998);
            BOOST_TEST(handshake("SWPART1STS") == initiated);
            wait_ns(2);
            BOOST_TEST(handshake("SWPART1STS") == (initiated | completed));
        };
        takes(active, 0);
        takes(in_reset, 250'000);
        takes(disabled, 0);
        takes(active, 0);
        takes(disabled, 250'000);
    });
}

BOOST_FIXTURE_TEST_CASE(a_state_written_during_a_change_starts_the_next_one, configurable_hosts) {
    run([this] {
        set("SWPART1CTL", active);
        set("SWPART1CTL", in_reset);
        wait_ns(1'000'001);
        BOOST_TEST(handshake("SWPART1STS") == (initiated | completed));
        BOOST_TEST((get("SWPART1STS") >> 5 & 3U) == active);
        wait_ns(250'000);
        BOOST_TEST((get("SWPART1STS") >> 5 & 3U) == in_reset);
    });
}

BOOST_AUTO_TEST_SUITE_END()
