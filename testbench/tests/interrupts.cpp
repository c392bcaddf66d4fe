// SPDX-License-Identifier: Apache-2.0
// Interrupts of the NT function (docs/reference/behaviour.md section 12): status and masks, MSI on
// edges, INTx as a level.
#include <boost/test/unit_test.hpp>
#include <string>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

/// Two hosts; host 0 can raise all three sources at host 2, which masks them in NTINTMSK only.
class interrupted_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;

    void prepare() {
        enumerate_both();
        global_write(host0, "SWP0MSGCTL0", 0x10); // partition 1, register 0
        global_write(host0, "SEMSK", 0);
        global_write(host0, "SEGSIGMSK", 0);
        global_write(host0, "SEPMSK", 0xFD); // partition 1 only
        write(host2, "INDBELLMSK", 0);
        write(host2, "MSGSTSMSK", 0);
    }
    void raise(std::uint32_t source) {
        if (source == int_msg)
            write(host0, "OUTMSG0", 1);
        if (source == int_dbell)
            write(host0, "OUTDBELLSET", 1);
        if (source == int_sevent)
            write(host0, "NTGSIGNAL", 1);
        settle();
    }
    void clear(std::uint32_t source) {
        if (source == int_msg)
            write(host2, "MSGSTS", full(0));
        if (source == int_dbell)
            write(host2, "INDBELLSTS", 1);
        if (source == int_sevent)
            write(host2, "NTINTSTS", int_sevent);
    }
    void unmask(std::uint32_t sources) { write(host2, "NTINTMSK", int_all & ~sources); }
    void switch_msi_off() {
        config_write(host2, "MSICAP", config_read(host2, "MSICAP") & ~msi_enable);
    }
    void switch_msi_on() {
        config_write(host2, "MSICAP", config_read(host2, "MSICAP") | msi_enable);
    }
    void change_command(std::uint32_t clear_bits, std::uint32_t set_bits) {
        config_write(host2, "PCICMD", (config_read(host2, "PCICMD") & ~clear_bits) | set_bits);
    }
    std::uint64_t msis() {
        settle();
        return host2.interrupts().msi_count();
    }
    bool intx() {
        settle();
        return host2.interrupts().intx();
    }

    static constexpr std::uint32_t every_source[] = {int_msg, int_dbell, int_sevent};
};

} // namespace

BOOST_AUTO_TEST_SUITE(interrupts)

// --- status and masks --------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(every_source_is_masked_after_reset, interrupted_hosts) { // B12.1 B21.1
    run([this] {
        enumerate_both();
        BOOST_TEST(read(host2, "NTINTMSK") == int_all);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(status_shows_a_masked_source_and_no_interrupt_comes,
                        interrupted_hosts) { // B12.2
    run([this] {
        prepare();
        std::uint32_t expected = 0;
        for (const std::uint32_t source : every_source) {
            raise(source);
            expected |= source;
            BOOST_TEST(read(host2, "NTINTSTS") == expected);
        }
        BOOST_TEST(msis() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(unmasking_a_pending_source_delivers_its_interrupt,
                        interrupted_hosts) { // B12.2
    run([this] {
        prepare();
        for (const std::uint32_t source : every_source) {
            raise(source);
            const std::uint64_t before = msis();
            unmask(source);
            BOOST_TEST(msis() == before + 1);
            unmask(0);
            BOOST_TEST(msis() == before + 1);
            clear(source);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(each_source_has_a_mask_of_its_own, interrupted_hosts) { // B12.1
    run([this] {
        prepare();
        for (const std::uint32_t open : every_source) {
            unmask(open);
            for (const std::uint32_t source : every_source) {
                const std::uint64_t before = msis();
                raise(source);
                BOOST_TEST(msis() - before == (source == open ? 1U : 0U));
                clear(source);
            }
            unmask(0);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(message_and_doorbell_bits_vanish_with_their_cause_only,
                        interrupted_hosts) { // B12.1 B20.3
    run([this] {
        prepare();
        raise(int_msg);
        raise(int_dbell);
        write(host2, "NTINTSTS", 0xFFFFFFFF);
        BOOST_TEST(read(host2, "NTINTSTS") == (int_msg | int_dbell));
        clear(int_msg);
        BOOST_TEST(read(host2, "NTINTSTS") == int_dbell);
        clear(int_dbell);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_switch_event_stays_until_one_is_written_to_it,
                        interrupted_hosts) { // B11.4
    run([this] {
        prepare();
        raise(int_sevent);
        write(host2, "NTINTSTS", int_all & ~int_sevent);
        BOOST_TEST(read(host2, "NTINTSTS") == int_sevent);
        write(host2, "NTINTSTS", int_sevent);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(reserved_bits_of_the_mask_are_ignored, interrupted_hosts) { // B12.1
    run([this] {
        enumerate_both();
        write(host2, "NTINTMSK", 0xFFFFFF74); // as the older driver writes it
        BOOST_TEST(read(host2, "NTINTMSK") == (0xFFFFFF74 & int_all));
    });
}

// --- MSI ---------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_source_does_not_interrupt_again_until_it_was_cleared,
                        interrupted_hosts) { // B12.3
    run([this] {
        prepare();
        unmask(int_all);
        for (const std::uint32_t source : every_source) {
            const std::uint64_t before = msis();
            raise(source);
            raise(source);
            raise(source);
            if (source == int_msg) // refused ones: that status is in another host
                BOOST_TEST(read(host0, "MSGSTS") == lost(0));
            BOOST_TEST(msis() == before + 1);
            clear(source);
            raise(source);
            BOOST_TEST(msis() == before + 2);
            clear(source);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(another_source_interrupts_while_the_first_is_pending,
                        interrupted_hosts) { // B12.3
    run([this] {
        prepare();
        unmask(int_all);
        raise(int_dbell);
        raise(int_msg);
        raise(int_sevent);
        BOOST_TEST(msis() == 3U);
        BOOST_TEST(read(host2, "NTINTSTS") == (int_dbell | int_msg | int_sevent));
    });
}

BOOST_FIXTURE_TEST_CASE(clearing_one_of_two_sources_sends_nothing, interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        unmask(int_all);
        raise(int_dbell);
        raise(int_msg);
        clear(int_dbell);
        BOOST_TEST(msis() == 2U);
        clear(int_msg);
        BOOST_TEST(msis() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(sources_that_rise_in_one_cycle_share_an_msi) { // B12.3
    timing_config timing = ideal_timing();
    timing.doorbell = 8;
    timing.message = 8;
    timing.interrupt = 4;
    interrupted_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.unmask(int_all);
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.write(hosts.host0, "OUTMSG0", 1);
        BOOST_TEST(hosts.msis() == 1U);
        BOOST_TEST(hosts.read(hosts.host2, "NTINTSTS") == (int_dbell | int_msg));
    });
}

BOOST_AUTO_TEST_CASE(sources_that_rise_a_cycle_apart_send_an_msi_each) { // B12.3
    timing_config timing = ideal_timing();
    timing.doorbell = 8;
    timing.message = 9;
    timing.interrupt = 4;
    interrupted_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.unmask(int_all);
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.write(hosts.host0, "OUTMSG0", 1);
        BOOST_TEST(hosts.msis() == 2U);
        BOOST_TEST(hosts.host2.interrupts().msi(1).time_ps -
                       hosts.host2.interrupts().msi(0).time_ps ==
                   4000U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_carries_the_programmed_address_and_data,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        unmask(int_all);
        config_write(host2, "MSIADDR", 0xFEE12344);
        config_write(host2, "MSIMDATA", 0xFFFF4321); // 16 bits
        raise(int_dbell);
        BOOST_TEST(msis() == 1U);
        BOOST_TEST(host2.interrupts().last_msi().address == 0xFEE12344U);
        BOOST_TEST(host2.interrupts().last_msi().data == 0x4321U);
        BOOST_TEST(host2.interrupts().last_msi().marked);
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_to_an_address_above_4g_has_the_longer_header,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        unmask(int_all);
        config_write(host2, "MSIUADDR", 0x00000012);
        signals.clear();
        raise(int_dbell);
        BOOST_TEST(msis() == 1U);
        BOOST_TEST((host2.interrupts().last_msi().address >> 32) == 0x12U);
        const expected_time expected{timing_config{}};
        BOOST_TEST(host2.interrupts().last_msi().time_ps ==
                   expected.reaches_host(signals.last_change_ps("switch.port2.nt.msi"),
                                         expected_time::msi_above_4g));
    });
}

BOOST_FIXTURE_TEST_CASE(without_bus_mastering_an_msi_is_lost_and_counted,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        unmask(int_all);
        change_command(cmd_master, 0);
        raise(int_dbell);
        BOOST_TEST(msis() == 0U);
        BOOST_TEST(signals.last("switch.port2.nt.msi_dropped_count") == 1U);
        BOOST_TEST(signals.changes("switch.port2.nt.msi_dropped").size() == 1U);
        BOOST_TEST(read(host2, "NTINTSTS") == int_dbell);
        change_command(0, cmd_master); // not made up for
        BOOST_TEST(msis() == 0U);
        raise(int_msg);
        BOOST_TEST(msis() == 1U);
        BOOST_TEST(signals.last("switch.port2.nt.msi_dropped_count") == 1U);
    });
}

BOOST_AUTO_TEST_CASE(what_counts_is_the_enable_when_the_msi_is_sent) { // B12.4
    timing_config timing = ideal_timing();
    timing.interrupt = 100;
    interrupted_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.unmask(int_all);
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.switch_msi_off(); // before the interrupt has left: neither sent nor "dropped"
        two_hosts::settle();
        BOOST_TEST(hosts.msis() == 0U);
        BOOST_TEST(hosts.signals.last("switch.port2.nt.msi_dropped_count") == 0U);
    });
}

BOOST_AUTO_TEST_CASE(an_edge_of_the_cycle_in_which_msi_is_switched_on_sends_one) { // B12.4
    timing_config timing = ideal_timing();
    timing.interrupt = 100;
    interrupted_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.unmask(int_all);
        hosts.switch_msi_off();
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.switch_msi_on();
        BOOST_TEST(hosts.msis() == 1U);
        BOOST_TEST(hosts.host2.interrupts().intx_count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(an_msi_under_way_is_sent_although_its_cause_was_cleared) { // B12.3 B12.4
    timing_config timing = ideal_timing();
    timing.interrupt = 100;
    interrupted_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.unmask(int_all);
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.clear(int_dbell);
        BOOST_TEST(hosts.msis() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_link_that_is_slower_than_the_edges_drops_msis_and_counts_them) {
    topology_config topology = four_partitions();
    topology.ports.at(2).link_width = 1;
    topology.ports.at(2).link_generation = 1;
    several_hosts hosts(topology);
    hosts.run([&hosts] {
        hosts.write(2, "INDBELLMSK", 0);
        hosts.write(0, "OUTDBELLSET", 1);
        several_hosts::settle();
        const std::uint64_t before = hosts.msis(2);
        const std::uint32_t ntintmsk = 2 * 0x2000 + 0x1000 + 0x408;
        constexpr unsigned edges = 400;
        for (unsigned i = 0; i < edges; ++i) { // an edge every 8 ns, an MSI takes 96 ns
            hosts.bench.device().global_write(ntintmsk, int_all & ~int_dbell);
            sc_core::wait(4, sc_core::SC_NS);
            hosts.bench.device().global_write(ntintmsk, int_all);
            sc_core::wait(4, sc_core::SC_NS);
        }
        sc_core::wait(1, sc_core::SC_MS);
        const std::uint64_t sent = hosts.signals.last("switch.port2.nt.msi_count");
        const std::uint64_t dropped = hosts.signals.last("switch.port2.nt.msi_dropped_count");
        BOOST_TEST(sent + dropped == edges);
        BOOST_TEST(dropped > 0U);
        BOOST_TEST(hosts.msis(2) - before == sent);
        BOOST_TEST(sent >= 256U);
    });
}

// --- INTx --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(without_msi_the_level_of_the_pending_sources_drives_intx,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        switch_msi_off();
        BOOST_TEST(!intx());
        unmask(int_all);
        raise(int_dbell);
        BOOST_TEST(intx());
        raise(int_msg);
        clear(int_dbell);
        BOOST_TEST(intx());
        clear(int_msg);
        BOOST_TEST(!intx());
        BOOST_TEST(host2.interrupts().intx_count() == 1U); // one Assert for both
        BOOST_TEST(msis() == 0U);
        BOOST_TEST(signals.last("switch.port2.nt.intx") == 0U);
        BOOST_TEST(signals.changes("switch.port2.nt.intx").size() == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(intx_disable_takes_the_level_back_and_status_stays,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        switch_msi_off();
        unmask(int_all);
        raise(int_dbell);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_intx) == sts_intx);
        change_command(0, cmd_no_intx);
        BOOST_TEST(!intx());
        BOOST_TEST((config_read(host2, "PCISTS") & sts_intx) == sts_intx);
        change_command(cmd_no_intx, 0);
        BOOST_TEST(intx());
    });
}

BOOST_FIXTURE_TEST_CASE(interrupt_status_of_the_command_register_follows_the_unmasked_sources,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        raise(int_dbell);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_intx) == 0U); // masked
        unmask(int_dbell);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_intx) == sts_intx);
        clear(int_dbell);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_intx) == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(intx_does_not_need_bus_mastering, interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        switch_msi_off();
        change_command(cmd_master, 0);
        unmask(int_all);
        raise(int_dbell);
        BOOST_TEST(intx());
    });
}

BOOST_FIXTURE_TEST_CASE(intx_that_rises_while_the_link_is_down_is_told_when_it_is_up,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        bench.set_link(port2, false); // takes MSI enable and masks back to their reset values
        global_write(host0, "NTINTMSK", 0, port2);
        global_write(host0, "INDBELLMSK", 0, port2);
        write(host0, "OUTDBELLSET", 1);
        settle();
        BOOST_TEST(!intx());
        bench.set_link(port2, true);
        settle();
        BOOST_TEST(intx());
    });
}

BOOST_FIXTURE_TEST_CASE(switching_msi_on_takes_intx_back_and_waits_for_the_next_edge,
                        interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        switch_msi_off();
        unmask(int_all);
        raise(int_dbell);
        BOOST_TEST(intx());
        switch_msi_on();
        BOOST_TEST(!intx());
        BOOST_TEST(msis() == 0U);
        raise(int_msg);
        BOOST_TEST(msis() == 1U);
        switch_msi_off();
        BOOST_TEST(intx());
    });
}

BOOST_AUTO_TEST_CASE(a_level_shorter_than_the_pipeline_is_not_sent) { // B12.4
    timing_config timing = ideal_timing();
    timing.interrupt = 100;
    interrupted_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.switch_msi_off();
        hosts.unmask(int_all);
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.clear(int_dbell);
        BOOST_TEST(!hosts.intx());
        BOOST_TEST(hosts.host2.interrupts().intx_count() == 0U);
        // Down and up again inside the pipeline: asserted in the end.
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        sc_core::wait(50, sc_core::SC_NS);
        hosts.clear(int_dbell);
        sc_core::wait(50, sc_core::SC_NS);
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        BOOST_TEST(hosts.intx());
        BOOST_TEST(hosts.host2.interrupts().intx_count() == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_interrupt_message_arrives_at_its_cycle, interrupted_hosts) { // B12.4
    run([this] {
        prepare();
        switch_msi_off();
        unmask(int_all);
        signals.clear();
        raise(int_dbell);
        const timing_config t{};
        const expected_time expected(t);
        const std::uint64_t pending = signals.changes("switch.port2.nt.ntintsts").at(0).time_ps;
        const std::uint64_t sent = pending + expected.cycles(t.interrupt);
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.intx") == sent);
        BOOST_TEST_REQUIRE(host2.interrupts().intx_count() == 1U);
        BOOST_TEST(host2.interrupts().intx_time_ps(0) ==
                   expected.reaches_host(sent, expected_time::interrupt_message));
    });
}

BOOST_AUTO_TEST_SUITE_END()
