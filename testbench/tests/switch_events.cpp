// SPDX-License-Identifier: Apache-2.0
// Switch events and the global signal (docs/reference/behaviour.md section 11), and the mainline
// driver's exact order of accesses (section 20).
#include <boost/test/unit_test.hpp>
#include <string>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

/// Four hosts with every event mask open and no event pending.
class watching_hosts : public several_hosts {
public:
    using several_hosts::several_hosts;

    void prepare() {
        for (const char* mask : {"SEMSK", "SEPMSK", "SELINKUPMSK", "SELINKDNMSK", "SEFRSTMSK",
                                 "SEHRSTMSK", "SEGSIGMSK"})
            global_write(0, mask, 0);
        clear_status();
    }
    void clear_status() {
        for (const char* status :
             {"SELINKUPSTS", "SELINKDNSTS", "SEFRSTSTS", "SEHRSTSTS", "SEGSIGSTS"})
            global_write(0, status, 0xFFFFFFFF);
        for (const unsigned port : {0U, 2U, 4U, 6U})
            write(port, "NTINTSTS", int_sevent);
    }
    bool signalled(unsigned port) {
        settle();
        const bool yes = (read(port, "NTINTSTS") & int_sevent) != 0;
        write(port, "NTINTSTS", int_sevent);
        return yes;
    }
    /// Bit p = the partition with number p was signalled.
    unsigned who_was_signalled() {
        unsigned who = 0;
        for (unsigned p = 0; p < 4; ++p)
            who |= signalled(2 * p) ? 1U << p : 0U;
        return who;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(switch_events)

// --- the chain from an event to SEVENT ---------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(every_mask_is_closed_after_reset, several_hosts) { // B11.9 B21.1
    run([this] {
        BOOST_TEST(global_read(0, "SEMSK") == 0x3FU);
        BOOST_TEST(global_read(0, "SEPMSK") == 0xFFU);
        for (const char* mask : {"SELINKUPMSK", "SELINKDNMSK"})
            BOOST_TEST(global_read(0, mask) == 0xFFFFFFU);
        for (const char* mask : {"SEFRSTMSK", "SEHRSTMSK", "SEGSIGMSK"})
            BOOST_TEST(global_read(0, mask) == 0xFFU);
        write(0, "NTGSIGNAL", 1);
        settle();
        for (const unsigned port : {0U, 2U, 4U, 6U})
            BOOST_TEST(read(port, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_link_that_comes_up_is_an_event_of_its_port, watching_hosts) { // B11.1
    run([this] {
        prepare();
        bench.set_link(port_number(6), false);
        for (const unsigned port : {0U, 2U, 4U})
            BOOST_TEST(signalled(port));
        global_write(0, "SELINKDNSTS", 0xFFFFFFFF);
        bench.set_link(port_number(6), true);
        settle();
        BOOST_TEST(global_read(0, "SELINKUPSTS") == 1U << 6);
        BOOST_TEST(global_read(0, "SELINKDNSTS") == 0U);
        BOOST_TEST(global_read(0, "SESTS") == event_link_up);
        for (const unsigned port : {0U, 2U, 4U})
            BOOST_TEST(signalled(port));
    });
}

BOOST_FIXTURE_TEST_CASE(a_link_that_goes_down_is_an_event_of_its_port, watching_hosts) { // B11.1
    run([this] {
        prepare();
        bench.set_link(port_number(4), false);
        settle();
        BOOST_TEST(global_read(0, "SELINKDNSTS") == 1U << 4);
        BOOST_TEST(global_read(0, "SELINKUPSTS") == 0U);
        BOOST_TEST(global_read(0, "SESTS") == event_link_down);
        for (const unsigned port : {0U, 2U, 6U})
            BOOST_TEST(signalled(port));
    });
}

BOOST_FIXTURE_TEST_CASE(asking_for_the_state_that_a_link_has_is_no_event, watching_hosts) {
    run([this] {
        prepare();
        bench.set_link(port_number(4), true);
        settle();
        BOOST_TEST(global_read(0, "SESTS") == 0U);
        BOOST_TEST(who_was_signalled() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_hot_reset_is_an_event_of_its_partition, watching_hosts) { // B4.2 B11.1
    run([this] {
        prepare();
        bench.hot_reset(port_number(4));
        settle();
        BOOST_TEST(global_read(0, "SEHRSTSTS") == 1U << 2);
        BOOST_TEST(global_read(0, "SELINKDNSTS") == 1U << 4);
        BOOST_TEST(global_read(0, "SELINKUPSTS") == 1U << 4);
        BOOST_TEST(global_read(0, "SESTS") == (event_hot_reset | event_link_down | event_link_up));
    });
}

BOOST_FIXTURE_TEST_CASE(a_fundamental_reset_is_an_event_of_its_partition,
                        watching_hosts) { // B4.2 B11.1
    run([this] {
        prepare();
        bench.fundamental_reset(partition_number(3));
        settle();
        BOOST_TEST(global_read(0, "SEFRSTSTS") == 1U << 3);
        BOOST_TEST(global_read(0, "SESTS") == event_fundamental_reset);
        for (const unsigned port : {0U, 2U, 4U})
            BOOST_TEST(signalled(port));
    });
}

BOOST_FIXTURE_TEST_CASE(a_global_signal_is_an_event_of_its_partition, watching_hosts) { // B11.8
    run([this] {
        prepare();
        write(4, "NTGSIGNAL", 1);
        settle();
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 1U << 2);
        BOOST_TEST(global_read(0, "SESTS") == event_global_signal);
        BOOST_TEST(who_was_signalled() == 0xFU);
    });
}

BOOST_FIXTURE_TEST_CASE(a_fine_mask_keeps_its_bit_from_summary_and_partitions,
                        watching_hosts) { // B11.3
    run([this] {
        prepare();
        global_write(0, "SEGSIGMSK", 1U << 2);
        write(4, "NTGSIGNAL", 1);
        settle();
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 1U << 2); // status is set all the same
        BOOST_TEST(global_read(0, "SESTS") == 0U);
        BOOST_TEST(who_was_signalled() == 0U);
        write(6, "NTGSIGNAL", 1); // its neighbour is not masked
        BOOST_TEST(who_was_signalled() == 0xFU);
        BOOST_TEST(global_read(0, "SESTS") == event_global_signal);
    });
}

BOOST_FIXTURE_TEST_CASE(a_type_mask_keeps_the_type_from_all_partitions, watching_hosts) { // B11.3
    run([this] {
        prepare();
        global_write(0, "SEMSK", event_global_signal);
        write(4, "NTGSIGNAL", 1);
        BOOST_TEST(who_was_signalled() == 0U);
        BOOST_TEST(global_read(0, "SESTS") == event_global_signal);
        global_write(0, "SEMSK", 0x3F & ~event_global_signal); // all but this type
        write(4, "NTGSIGNAL", 1);
        BOOST_TEST(who_was_signalled() == 0xFU);
        global_write(0, "SEMSK", event_link_down);
        bench.set_link(port_number(6), false);
        for (const unsigned port : {0U, 2U, 4U})
            BOOST_TEST(!signalled(port));
    });
}

BOOST_FIXTURE_TEST_CASE(a_partition_mask_keeps_events_from_that_partition,
                        watching_hosts) { // B11.1 B11.3
    run([this] {
        prepare();
        for (unsigned mask = 0; mask < 16; ++mask) {
            global_write(0, "SEPMSK", mask);
            write(4, "NTGSIGNAL", 1);
            BOOST_TEST(who_was_signalled() == (~mask & 0xFU));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(status_bits_clear_with_ones_and_the_summary_follows,
                        watching_hosts) { // B11.3 B11.7
    run([this] {
        prepare();
        write(2, "NTGSIGNAL", 1);
        write(4, "NTGSIGNAL", 1);
        settle();
        global_write(0, "SEGSIGSTS", 0);
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 6U);
        global_write(0, "SEGSIGSTS", 2);
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 4U);
        BOOST_TEST(global_read(0, "SESTS") == event_global_signal);
        global_write(0, "SEGSIGSTS", 4);
        BOOST_TEST(global_read(0, "SESTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_summary_is_read_only_and_follows_the_fine_masks,
                        watching_hosts) { // B11.7
    run([this] {
        prepare();
        write(2, "NTGSIGNAL", 1);
        bench.set_link(port_number(6), false);
        settle();
        const std::uint32_t both = event_global_signal | event_link_down;
        global_write(0, "SESTS", 0xFFFFFFFF);
        BOOST_TEST(global_read(0, "SESTS") == both);
        global_write(0, "SEGSIGMSK", 2);
        BOOST_TEST(global_read(0, "SESTS") == event_link_down);
        global_write(0, "SEGSIGMSK", 0);
        BOOST_TEST(global_read(0, "SESTS") == both);
        global_write(0, "SEMSK", 0x3F); // the type masks do not belong to it
        BOOST_TEST(global_read(0, "SESTS") == both);
    });
}

// --- latching ----------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_cleared_event_does_not_come_back_while_its_status_is_set,
                        watching_hosts) { // B11.4
    run([this] {
        prepare();
        write(2, "INDBELLMSK", 0);
        write(2, "NTINTMSK", 0);
        const std::uint64_t before = msis(2);
        write(4, "NTGSIGNAL", 1);
        settle();
        write(2, "NTINTSTS", int_sevent); // the older handler: status registers untouched
        settle();
        BOOST_TEST(read(2, "NTINTSTS") == 0U);
        BOOST_TEST(msis(2) == before + 1);
        BOOST_TEST(global_read(2, "SEGSIGSTS") == 4U);
    });
}

BOOST_FIXTURE_TEST_CASE(peers_are_interrupted_although_the_signal_is_cleared_at_once,
                        watching_hosts) { // B11.4
    run([this] {
        prepare();
        write(2, "NTINTMSK", 0);
        const std::uint64_t before = msis(2);
        write(0, "GASAADDR", 0x3EC30); // SEGSIGSTS
        write(0, "NTGSIGNAL", 1);
        write(0, "GASADATA", 1); // the very next access
        settle();
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 0U);
        BOOST_TEST(read(2, "NTINTSTS") == int_sevent);
        BOOST_TEST(msis(2) == before + 1);
    });
}

BOOST_FIXTURE_TEST_CASE(an_event_signals_again_while_its_status_is_still_set,
                        watching_hosts) { // B11.5
    run([this] {
        prepare();
        write(4, "NTGSIGNAL", 1);
        BOOST_TEST(who_was_signalled() == 0xFU);
        write(4, "NTGSIGNAL", 1);
        BOOST_TEST(who_was_signalled() == 0xFU);
    });
}

BOOST_FIXTURE_TEST_CASE(opening_a_mask_later_signals_nothing, watching_hosts) { // B11.4
    run([this] {
        prepare();
        for (const char* mask : {"SEGSIGMSK", "SEMSK", "SEPMSK"}) {
            global_write(0, mask, 0xFF);
            write(4, "NTGSIGNAL", 1);
            BOOST_TEST(who_was_signalled() == 0U);
            global_write(0, mask, 0);
            BOOST_TEST(who_was_signalled() == 0U);
        }
    });
}

// --- global signal -----------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(the_signal_register_acts_on_a_one_only_and_reads_zero,
                        watching_hosts) { // B11.8
    run([this] {
        prepare();
        write(4, "NTGSIGNAL", 0xFFFFFFFE);
        BOOST_TEST(who_was_signalled() == 0U);
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 0U);
        write(4, "NTGSIGNAL", 1);
        BOOST_TEST(read(4, "NTGSIGNAL") == 0U);
        BOOST_TEST(who_was_signalled() == 0xFU);
    });
}

BOOST_FIXTURE_TEST_CASE(a_partition_may_raise_the_signal_of_another, watching_hosts) { // B11.8
    run([this] {
        prepare();
        global_write(0, "NTGSIGNAL", 1, 6);
        settle();
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 1U << 3);
    });
}

BOOST_FIXTURE_TEST_CASE(the_source_partition_is_signalled_too, watching_hosts) { // B11.6
    run([this] {
        prepare();
        global_write(0, "SEPMSK", 0xFB); // partition 2 only
        write(4, "NTGSIGNAL", 1);
        BOOST_TEST(who_was_signalled() == 1U << 2);
    });
}

// --- time --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(each_step_of_an_event_happens_at_its_cycle, watching_hosts) {
    run([this] {
        prepare();
        write(2, "NTINTMSK", 0);
        settle();
        signals.clear();
        const timing_config t{};
        const expected_time expected(t);
        sc_core::wait(3999, sc_core::SC_PS);
        const std::uint64_t acts = expected.acts(now_ps(), expected_time::write_of_dword);
        write(0, "NTGSIGNAL", 1);
        settle();
        BOOST_TEST(signals.last_change_ps("switch.segsigsts") == acts);
        BOOST_TEST(signals.last_change_ps("switch.sests") == acts);
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.ntintsts") ==
                   acts + expected.cycles(t.event));
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.msi") ==
                   acts + expected.cycles(t.event + t.interrupt));
    });
}

BOOST_AUTO_TEST_CASE(events_of_one_cycle_arrive_together) {
    timing_config timing = ideal_timing();
    timing.event = 5;
    watching_hosts hosts(four_partitions(), timing);
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.signals.clear();
        hosts.global_write(0, "SEPMSK", 0xFD); // partition 1 only
        hosts.write(0, "NTGSIGNAL", 1);
        hosts.global_write(0, "SEPMSK", 0xF7); // partition 3 only
        hosts.write(2, "NTGSIGNAL", 1);
        several_hosts::settle();
        BOOST_TEST(hosts.signals.last_change_ps("switch.port2.nt.ntintsts") ==
                   hosts.signals.last_change_ps("switch.port6.nt.ntintsts"));
        BOOST_TEST(hosts.who_was_signalled() == 0xAU);
    });
}

BOOST_AUTO_TEST_CASE(without_a_delay_an_event_is_there_when_the_write_returns) {
    watching_hosts hosts(four_partitions(), ideal_timing());
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.write(0, "NTGSIGNAL", 1);
        BOOST_TEST(hosts.read(6, "NTINTSTS") == int_sevent);
    });
}

// --- the mainline driver -----------------------------------------------------------------------

namespace {

class driver : public two_hosts {
public:
    /// Probe up to its last access (B20.1).
    void probe(root_complex& host) {
        BOOST_TEST((config_read(host, "BARSETUP0") & 0x800007F0U) == 0x800004C0U);
        const unsigned port = read(host, "PCIELCAP") >> 24;
        BOOST_TEST(port == (&host == &host0 ? 0U : 2U));
        const unsigned peer = 2 - port;
        for (const unsigned p : {0U, 2U, 4U, 6U, 8U, 12U}) {
            const std::uint32_t status = global_read(host, "SWPORT" + std::to_string(p) + "STS");
            const unsigned mode = status >> 6 & 0xFU;
            const unsigned partition = status >> 10 & 7U;
            const std::uint32_t state =
                global_read(host, "SWPART" + std::to_string(partition) + "STS");
            const bool is_peer = mode == 3 && (state >> 5 & 3U) == 1;
            BOOST_TEST(is_peer == (p == 0 || p == 2));
            if (is_peer)
                BOOST_TEST(partition == p / 2);
        }
        for (const char* status : {"SELINKUPSTS", "SELINKDNSTS", "SEGSIGSTS"})
            global_write(host, status, 0xFFFFFFFF);
        global_write(host, "SEPMSK", ~3U);
        global_write(host, "SELINKUPMSK", ~5U);
        global_write(host, "SELINKDNMSK", ~5U);
        global_write(host, "SEGSIGMSK", ~3U);
        global_write(host, "SEMSK", ~0x23U);
        for (const unsigned p : {port, peer}) {
            BOOST_TEST(global_read(host, "BARSETUP0", port_number(p)) == 0x800004C0U);
            BOOST_TEST(global_read(host, "BARSETUP4", port_number(p)) >> 31 == 1U);
            BOOST_TEST(global_read(host, "BARSETUP5", port_number(p)) >> 31 == 0U);
        }
        global_write(host, "TMPCTL", 0);
        write(host, "NTINTMSK", read(host, "NTINTMSK") & ~0x0BU);
    }
    /// Its interrupt handler (B20.3); returns what was pending.
    std::uint32_t handle(root_complex& host) {
        const std::uint32_t pending = read(host, "NTINTSTS");
        if ((pending & int_sevent) != 0) {
            last_summary_ = global_read(host, "SESTS");
            for (const char* status : {"SELINKUPSTS", "SELINKDNSTS", "SEGSIGSTS"})
                global_write(host, status, 0xFFFFFFFF);
            write(host, "NTINTSTS", int_sevent);
        }
        return pending;
    }
    [[nodiscard]] std::uint32_t last_summary() const { return last_summary_; }

private:
    std::uint32_t last_summary_ = 0;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_driver_s_probe_finds_itself_and_its_peer, driver) { // B20.1 B2.3
    run([this] {
        enumerate_both();
        probe(host0);
        probe(host2);
        settle();
        BOOST_TEST(host0.interrupts().msi_count() == 0U);
        BOOST_TEST(host2.interrupts().msi_count() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_driver_s_link_enable_interrupts_both_ends_once,
                        driver) { // B20.2 B20.3 B11.6
    run([this] {
        enumerate_both();
        probe(host0);
        probe(host2);
        enable_ntb_link(host0);
        settle();
        BOOST_TEST(host0.interrupts().msi_count() == 1U);
        BOOST_TEST(host2.interrupts().msi_count() == 1U);
        BOOST_TEST(handle(host2) == int_sevent);
        BOOST_TEST(handle(host0) == int_sevent);
        settle();
        BOOST_TEST(read(host0, "NTINTSTS") == 0U);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
        BOOST_TEST(host0.interrupts().msi_count() == 1U);
        BOOST_TEST(host2.interrupts().msi_count() == 1U);
        // What it then asks to see whether the link is up (B8.4).
        BOOST_TEST((global_read(host2, "SWPORT0STS") >> 4 & 1U) == 1U);
        BOOST_TEST(global_read(host2, "NTCTL", port0) == 2U);
        BOOST_TEST((global_read(host2, "PCICMD", port0) & cmd_master) == cmd_master);
        write(host2, "NTMTBLADDR", 0);
        BOOST_TEST(read(host2, "NTMTBLDATA") == mapping(host0.id().value(), 0));
    });
}

BOOST_FIXTURE_TEST_CASE(the_driver_sees_its_peer_s_link_go_down_and_come_up, driver) { // B20.3
    run([this] {
        enumerate_both();
        probe(host0);
        probe(host2);
        bench.set_link(port0, false);
        settle();
        BOOST_TEST(handle(host2) == int_sevent);
        BOOST_TEST(last_summary() == event_link_down);
        BOOST_TEST((global_read(host2, "SWPORT0STS") >> 4 & 1U) == 0U);
        bench.set_link(port0, true);
        settle();
        BOOST_TEST(handle(host2) == int_sevent);
        BOOST_TEST(last_summary() == event_link_up);
        BOOST_TEST(host2.interrupts().msi_count() == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_driver_s_doorbell_and_message_handlers_end_the_interrupt,
                        driver) { // B20.3 B5.8 B6.5
    run([this] {
        enumerate_both();
        probe(host0);
        probe(host2);
        write(host2, "INDBELLMSK", 0xFFFFFFFE);
        write(host2, "MSGSTSMSK", 0xF);
        global_write(host0, "SWP0MSGCTL0", 0x10);
        write(host0, "OUTMSG0", 1);
        write(host0, "OUTDBELLSET", 1);
        settle();
        BOOST_TEST(host2.interrupts().msi_count() == 2U);
        BOOST_TEST(handle(host2) == (int_msg | int_dbell));
        write(host2, "MSGSTS", full(0)); // the clients
        write(host2, "INDBELLSTS", 1);
        BOOST_TEST(handle(host2) == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
