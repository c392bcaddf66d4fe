// SPDX-License-Identifier: Apache-2.0
// Power states of the NT function (docs/reference/behaviour.md B13.2; PCI PM 1.2 section 5.4): what
// works in D3hot, and what leaving it does.
#include <boost/test/unit_test.hpp>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr bar_number bar0(0);
constexpr std::uint32_t d3hot = 3;

/// Host 2 has doorbell 0 unmasked.
class sleepy_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;

    void prepare() {
        enumerate_both();
        write(host2, "INDBELLMSK", 0xFFFFFFFE);
        write(host2, "NTINTMSK", int_all & ~int_dbell);
    }
    void power(root_complex& host, std::uint32_t state) { config_write(host, "PMCSR", state); }
    void ring() {
        write(host0, "OUTDBELLSET", 1);
        settle();
    }
};

/// Two hosts whose functions keep their registers when they leave D3hot: PMCSR.NOSOFTRST.
topology_config without_soft_reset() {
    topology_config t = topology_of({{0, 0}, {2, 1}});
    t.resets.push_back({regs::space_id::nt, 0x0C4, 0x8, 0x8});
    return t;
}

} // namespace

BOOST_AUTO_TEST_SUITE(power_states)

BOOST_FIXTURE_TEST_CASE(in_d3hot_a_bar_is_refused_and_configuration_works,
                        sleepy_hosts) { // PCI PM 1.2, 5.4.1
    run([this] {
        enumerate_both();
        power(host0, d3hot);
        BOOST_TEST(host0.bar_read(bar0, 0x400).status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(config_read(host0, "VID") == 0x111DU);
        BOOST_TEST(config_read(host0, "AERCES") == aer_advisory);
        power(host0, 0);
        config_write(host0, "PCICMD", cmd_memory);
        BOOST_TEST(host0.bar_read(bar0, 0x400).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(leaving_d3hot_resets_the_function_and_nothing_else,
                        sleepy_hosts) { // B4.1 B13.2
    run([this] {
        prepare();
        enable_ntb_link(host0);
        enable_ntb_link(host2);
        write(host0, "NTSDATA", 0x12345678);
        write(host2, "NTSDATA", 0x55AA55AA);
        const std::uint32_t link = config_read(host0, "PCIELSTS");
        const std::uint32_t setup = config_read(host0, "BARSETUP0");
        global_write(host2, "SEHRSTSTS", 0xFFFFFFFF);
        global_write(host2, "SELINKDNSTS", 0xFFFFFFFF);
        power(host0, d3hot);
        BOOST_TEST(config_read(host0, "NTSDATA") == 0x12345678U);
        power(host0, 0);
        BOOST_TEST(config_read(host0, "NTSDATA") == 0U);
        BOOST_TEST(config_read(host0, "NTCTL") == 0U); // CPEN
        BOOST_TEST(config_read(host0, "PCICMD") == 0U);
        BOOST_TEST(config_read(host0, "BAR0") == 0U);
        BOOST_TEST(config_read(host0, "BARSETUP0") == setup);
        BOOST_TEST(config_read(host0, "PCIELSTS") == link); // which stayed up
        BOOST_TEST(bench.device().link_up(port0));
        BOOST_TEST(read(host2, "NTSDATA") == 0x55AA55AAU);
        BOOST_TEST(global_read(host2, "SEHRSTSTS") == 0U);
        BOOST_TEST(global_read(host2, "SELINKDNSTS") == 0U);
        write(host2, "NTMTBLADDR", 0); // the entry that host 0 made is the switch's
        BOOST_TEST((read(host2, "NTMTBLDATA") & 1U) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(with_no_soft_reset_leaving_d3hot_keeps_everything) { // PCI PM 1.2, 5.4.1
    several_hosts hosts(without_soft_reset());
    hosts.run([&hosts] {
        hosts.write(0, "NTSDATA", 0x12345678);
        for (const std::uint32_t state : {d3hot, 0U})
            hosts.host(0).config_write(0x0C4, state);
        BOOST_TEST(hosts.read(0, "NTSDATA") == 0x12345678U);
    });
}

BOOST_FIXTURE_TEST_CASE(d1_and_d2_do_not_exist_and_asking_for_them_changes_nothing,
                        sleepy_hosts) { // PCI PM 1.2, 3.2.4
    run([this] {
        enumerate_both();
        for (const std::uint32_t state : {1U, 2U}) {
            power(host0, state);
            BOOST_TEST((config_read(host0, "PMCSR") & 3U) == 0U);
            power(host0, d3hot);
            power(host0, state);
            BOOST_TEST((config_read(host0, "PMCSR") & 3U) == d3hot);
            power(host0, 0);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(in_d3hot_a_function_sends_no_msi, sleepy_hosts) { // PCI PM 1.2, 5.4.1
    run([this] {
        prepare();
        ring();
        BOOST_TEST(host2.interrupts().msi_count() == 1U);
        write(host2, "INDBELLSTS", 1);
        power(host2, d3hot);
        ring();
        BOOST_TEST(host2.interrupts().msi_count() == 1U);
        BOOST_TEST(config_read(host2, "INDBELLSTS") == 1U); // status is kept all the same
    });
}

BOOST_FIXTURE_TEST_CASE(in_d3hot_intx_is_taken_back, sleepy_hosts) { // PCI PM 1.2, 5.4.1
    run([this] {
        prepare();
        config_write(host2, "MSICAP", 0);
        ring();
        BOOST_TEST(host2.interrupts().intx());
        power(host2, d3hot);
        settle();
        BOOST_TEST(!host2.interrupts().intx());
    });
}

BOOST_FIXTURE_TEST_CASE(pme_turn_off_is_answered_and_takes_the_link_down, sleepy_hosts) { // B13.2
    run([this] {
        prepare();
        global_write(host0, "SELINKDNSTS", 0xFFFFFFFF);
        bench.pme_turn_off(port2);
        settle();
        BOOST_TEST(host2.interrupts().message_count(host_message::pme_to_ack) == 1U);
        BOOST_TEST(!bench.device().link_up(port2));
        BOOST_TEST(global_read(host0, "SELINKDNSTS") == 1U << 2);
        BOOST_TEST((global_read(host0, "SWPORT2STS") & 0x10U) == 0U); // LINKUP
        BOOST_TEST(host2.config_read(0).data == 0xFFFFFFFFU);         // TLPs are discarded
        ring();
        BOOST_TEST(host2.interrupts().msi_count() == 0U);
        bench.hot_reset(port2); // nobody to hear it
        settle();
        BOOST_TEST(!bench.device().link_up(port2));
        bench.pme_turn_off(port2);
        settle();
        BOOST_TEST(host2.interrupts().message_count(host_message::pme_to_ack) == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(what_is_on_its_way_leaves_before_pme_to_ack, sleepy_hosts) { // B13.2
    run([this] {
        prepare();
        write(host0, "OUTDBELLSET", 1);
        bench.pme_turn_off(port2);
        settle();
        BOOST_TEST(host2.interrupts().msi_count() == 1U);
        BOOST_TEST_REQUIRE(host2.interrupts().message_count(host_message::pme_to_ack) == 1U);
        BOOST_TEST(host2.interrupts().message_time_ps(host_message::pme_to_ack, 0) >
                   host2.interrupts().last_msi().time_ps);
    });
}

BOOST_FIXTURE_TEST_CASE(l2_l3_ready_ends_with_a_new_host_or_a_fundamental_reset,
                        sleepy_hosts) { // B13.2
    run([this] {
        enumerate_both();
        bench.pme_turn_off(port2);
        settle();
        bench.set_link(port2, true);
        settle();
        BOOST_TEST(bench.device().link_up(port2));
        bench.pme_turn_off(port2);
        settle();
        BOOST_TEST(!bench.device().link_up(port2));
        bench.fundamental_reset(bench.partition_of(port2));
        settle();
        BOOST_TEST(bench.device().link_up(port2));
    });
}

BOOST_AUTO_TEST_SUITE_END()
