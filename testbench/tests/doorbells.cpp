// SPDX-License-Identifier: Apache-2.0
// The 32 global doorbells (docs/reference/behaviour.md section 5).
#include <boost/test/unit_test.hpp>
#include <string>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

/// Two hosts whose doorbells all interrupt.
class ringing_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;

    void prepare() {
        enumerate_both();
        for (root_complex* host : {&host0, &host2}) {
            write(*host, "INDBELLMSK", 0);
            write(*host, "NTINTMSK", int_all & ~int_dbell);
        }
    }
    std::uint64_t interrupts_of_2() {
        settle();
        return host2.interrupts().msi_count();
    }
};

std::string member(const char* family, unsigned n) {
    return family + std::to_string(n);
}

} // namespace

BOOST_AUTO_TEST_SUITE(doorbells)

// --- who rings, whom it reaches ----------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_doorbell_reaches_every_partition_the_sender_s_own_included,
                        several_hosts) { // B5.1 B5.4
    run([this] {
        write(2, "OUTDBELLSET", 0x80000001);
        settle();
        for (const unsigned port : {0U, 2U, 4U, 6U})
            BOOST_TEST(read(port, "INDBELLSTS") == 0x80000001U);
    });
}

BOOST_FIXTURE_TEST_CASE(zeros_request_nothing_and_take_nothing_back, two_hosts) { // B5.1 B5.10
    run([this] {
        enumerate_both();
        write(host0, "OUTDBELLSET", 1);
        write(host0, "OUTDBELLSET", 2);
        write(host0, "OUTDBELLSET", 0);
        settle();
        BOOST_TEST(read(host2, "INDBELLSTS") == 3U);
        BOOST_TEST(signals.last("switch.port0.nt.outdbellset_count") == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_request_register_reads_zero, two_hosts) { // B5.9
    run([this] {
        enumerate_both();
        write(host0, "OUTDBELLSET", 0xFFFFFFFF);
        BOOST_TEST(read(host0, "OUTDBELLSET") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(only_the_enabled_bytes_of_a_request_ring, two_hosts) { // B5.1
    run([this] {
        enumerate_both();
        BOOST_TEST(host0.bar_write(bar_number(0), 0x420, 0xFFFFFFFF, 4, 0b0101).ok());
        settle();
        BOOST_TEST(read(host2, "INDBELLSTS") == 0x00FF00FFU);
    });
}

BOOST_FIXTURE_TEST_CASE(configuration_cycles_and_the_global_space_ring_too,
                        two_hosts) { // B1.12 B5.6
    run([this] {
        enumerate_both();
        config_write(host0, "OUTDBELLSET", 1);
        global_write(host2, "OUTDBELLSET", 2, port0); // in the name of port 0's function
        settle();
        BOOST_TEST(read(host2, "INDBELLSTS") == 3U);
        BOOST_TEST(signals.last("switch.port0.nt.outdbellset_count") == 2U);
        BOOST_TEST(signals.changes("switch.port2.nt.outdbellset").empty());
    });
}

// --- masks -------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(no_mask_is_set_after_reset, two_hosts) { // B5.5
    run([this] {
        enumerate_both();
        for (unsigned n = 0; n < doorbell_count; ++n) {
            BOOST_TEST(global_read(host0, member("GODBELLMSK", n)) == 0U);
            BOOST_TEST(global_read(host0, member("GIDBELLMSK", n)) == 0U);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(masks_have_a_bit_for_each_of_eight_partitions, two_hosts) { // B5.3
    run([this] {
        enumerate_both();
        for (const char* family : {"GODBELLMSK", "GIDBELLMSK"}) {
            global_write(host0, member(family, 31), 0xFFFFFFFF);
            BOOST_TEST(global_read(host2, member(family, 31)) == 0xFFU);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(an_outbound_mask_silences_one_doorbell_of_one_partition,
                        several_hosts) { // B5.2
    run([this] {
        global_write(0, "GODBELLMSK7", 1U << 2); // partition 2, port 4
        write(4, "OUTDBELLSET", 1U << 7 | 1U << 8);
        settle();
        for (const unsigned port : {0U, 2U, 4U, 6U})
            BOOST_TEST(read(port, "INDBELLSTS") == 1U << 8);
        write(2, "OUTDBELLSET", 1U << 7);
        settle();
        for (const unsigned port : {0U, 2U, 4U, 6U})
            BOOST_TEST(read(port, "INDBELLSTS") == (1U << 7 | 1U << 8));
    });
}

BOOST_FIXTURE_TEST_CASE(an_inbound_mask_keeps_one_doorbell_from_one_partition,
                        several_hosts) { // B5.2
    run([this] {
        global_write(0, "GIDBELLMSK7", 1U << 2);
        write(0, "OUTDBELLSET", 1U << 7 | 1U << 8);
        settle();
        for (const unsigned port : {0U, 2U, 6U})
            BOOST_TEST(read(port, "INDBELLSTS") == (1U << 7 | 1U << 8));
        BOOST_TEST(read(4, "INDBELLSTS") == 1U << 8);
    });
}

BOOST_FIXTURE_TEST_CASE(an_inbound_mask_of_the_sender_switches_loop_back_off, two_hosts) { // B5.4
    run([this] {
        enumerate_both();
        global_write(host0, "GIDBELLMSK0", 1);
        write(host0, "OUTDBELLSET", 1);
        settle();
        BOOST_TEST(read(host0, "INDBELLSTS") == 0U);
        BOOST_TEST(read(host2, "INDBELLSTS") == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(clearing_a_mask_opens_the_way_again_and_delivers_nothing_old,
                        two_hosts) { // B5.2
    run([this] {
        enumerate_both();
        global_write(host0, "GODBELLMSK3", 1);
        global_write(host0, "GIDBELLMSK4", 2);
        write(host0, "OUTDBELLSET", 0x18);
        settle();
        global_write(host0, "GODBELLMSK3", 0);
        global_write(host0, "GIDBELLMSK4", 0);
        settle();
        BOOST_TEST(read(host2, "INDBELLSTS") == 0U);
        write(host0, "OUTDBELLSET", 0x18);
        settle();
        BOOST_TEST(read(host2, "INDBELLSTS") == 0x18U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_older_driver_s_masks_make_a_private_doorbell,
                        several_hosts) { // B5.2
    run([this] {
        // "My" doorbell 1 of partition 1: only partitions 1 and 0 ring it, only 1 hears it.
        global_write(2, "GIDBELLMSK1", ~(1U << 1));
        global_write(2, "GODBELLMSK1", ~(1U << 1) & ~(1U << 0));
        write(0, "OUTDBELLSET", 2);
        settle();
        BOOST_TEST(read(2, "INDBELLSTS") == 2U);
        for (const unsigned port : {0U, 4U, 6U})
            BOOST_TEST(read(port, "INDBELLSTS") == 0U);
        write(2, "INDBELLSTS", 2);
        write(4, "OUTDBELLSET", 2);
        settle();
        BOOST_TEST(read(2, "INDBELLSTS") == 0U);
    });
}

// --- status ------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_one_clears_a_bit_in_that_partition_only, two_hosts) { // B5.7
    run([this] {
        enumerate_both();
        write(host0, "OUTDBELLSET", 0x0F);
        settle();
        write(host2, "INDBELLSTS", 0x05);
        BOOST_TEST(read(host2, "INDBELLSTS") == 0x0AU);
        BOOST_TEST(read(host0, "INDBELLSTS") == 0x0FU);
    });
}

BOOST_FIXTURE_TEST_CASE(zeros_clear_nothing_and_ones_set_nothing, two_hosts) { // B5.7
    run([this] {
        enumerate_both();
        write(host0, "OUTDBELLSET", 0x0F);
        settle();
        write(host2, "INDBELLSTS", 0);
        BOOST_TEST(read(host2, "INDBELLSTS") == 0x0FU);
        write(host2, "INDBELLSTS", 0xFFFFFFF0);
        BOOST_TEST(read(host2, "INDBELLSTS") == 0x0FU);
    });
}

BOOST_FIXTURE_TEST_CASE(the_global_status_shows_what_is_pending_anywhere, two_hosts) { // B5.7
    run([this] {
        enumerate_both();
        global_write(host0, "GIDBELLMSK1", 1); // doorbell 1 to partition 1 only
        write(host0, "OUTDBELLSET", 3);
        settle();
        BOOST_TEST(global_read(host0, "GDBELLSTS") == 3U);
        write(host0, "INDBELLSTS", 1);
        BOOST_TEST(global_read(host0, "GDBELLSTS") == 3U);
        write(host2, "INDBELLSTS", 1);
        BOOST_TEST(global_read(host0, "GDBELLSTS") == 2U);
        write(host2, "INDBELLSTS", 2);
        BOOST_TEST(global_read(host0, "GDBELLSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_global_status_is_read_only, two_hosts) { // B5.7
    run([this] {
        enumerate_both();
        write(host0, "OUTDBELLSET", 1);
        settle();
        global_write(host0, "GDBELLSTS", 0xFFFFFFFF);
        BOOST_TEST(global_read(host0, "GDBELLSTS") == 1U);
        BOOST_TEST(read(host2, "INDBELLSTS") == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_partition_that_is_not_active_gets_no_doorbells) { // B5.9
    topology_config topology = four_partitions();
    topology.partitions.at(1) = partition_state::disabled;
    several_hosts hosts(topology);
    hosts.run([&hosts] {
        hosts.write(0, "OUTDBELLSET", 1);
        several_hosts::settle();
        BOOST_TEST(hosts.read(2, "INDBELLSTS") == 0U);
        BOOST_TEST(hosts.read(4, "INDBELLSTS") == 1U);
    });
}

BOOST_AUTO_TEST_CASE(both_functions_of_a_shared_partition_get_its_doorbells) { // B5.2
    several_hosts hosts(topology_of({{0, 0}, {2, 0}}));
    hosts.run([&hosts] {
        hosts.write(0, "OUTDBELLSET", 4);
        several_hosts::settle();
        BOOST_TEST(hosts.read(0, "INDBELLSTS") == 4U);
        BOOST_TEST(hosts.read(2, "INDBELLSTS") == 4U);
    });
}

// --- interrupts --------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(an_unmasked_pending_doorbell_interrupts_once, ringing_hosts) { // B5.8
    run([this] {
        prepare();
        write(host0, "OUTDBELLSET", 1);
        BOOST_TEST(interrupts_of_2() == 1U);
        BOOST_TEST(read(host2, "NTINTSTS") == int_dbell);
        wait_ns(1'000'000);
        BOOST_TEST(interrupts_of_2() == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_masked_doorbell_is_pending_without_an_interrupt, ringing_hosts) { // B5.8
    run([this] {
        prepare();
        write(host2, "INDBELLMSK", 0x10);
        write(host0, "OUTDBELLSET", 0x10);
        BOOST_TEST(interrupts_of_2() == 0U);
        BOOST_TEST(read(host2, "INDBELLSTS") == 0x10U);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(every_doorbell_is_masked_after_reset, two_hosts) { // B21.1
    run([this] {
        enumerate_both();
        BOOST_TEST(read(host2, "INDBELLMSK") == 0xFFFFFFFFU);
        write(host2, "NTINTMSK", 0);
        write(host0, "OUTDBELLSET", 0xFFFFFFFF);
        settle();
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_further_bit_while_one_is_pending_does_not_interrupt,
                        ringing_hosts) { // B5.8
    run([this] {
        prepare();
        write(host0, "OUTDBELLSET", 1);
        settle();
        write(host0, "OUTDBELLSET", 2);
        write(host0, "OUTDBELLSET", 1);
        BOOST_TEST(interrupts_of_2() == 1U);
        BOOST_TEST(read(host2, "INDBELLSTS") == 3U);
    });
}

BOOST_FIXTURE_TEST_CASE(clearing_one_of_two_bits_neither_ends_nor_repeats_the_interrupt,
                        ringing_hosts) { // B5.8
    run([this] {
        prepare();
        write(host0, "OUTDBELLSET", 3);
        settle();
        write(host2, "INDBELLSTS", 1);
        BOOST_TEST(interrupts_of_2() == 1U);
        BOOST_TEST(read(host2, "NTINTSTS") == int_dbell);
        write(host0, "OUTDBELLSET", 1);
        BOOST_TEST(interrupts_of_2() == 1U);
        write(host2, "INDBELLSTS", 3);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
        BOOST_TEST(interrupts_of_2() == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_after_the_last_was_cleared_interrupts_again,
                        ringing_hosts) { // B5.8
    run([this] {
        prepare();
        for (unsigned round = 1; round <= 5; ++round) {
            write(host0, "OUTDBELLSET", 1);
            BOOST_TEST(interrupts_of_2() == round);
            write(host2, "INDBELLSTS", 1);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(unmasking_a_pending_doorbell_delivers_its_interrupt,
                        ringing_hosts) { // B5.8
    run([this] {
        prepare();
        write(host2, "INDBELLMSK", 3);
        write(host0, "OUTDBELLSET", 3);
        BOOST_TEST(interrupts_of_2() == 0U);
        write(host2, "INDBELLMSK", 2);
        BOOST_TEST(interrupts_of_2() == 1U);
        write(host2, "INDBELLMSK", 0); // another unmasked one is pending: no new interrupt
        BOOST_TEST(interrupts_of_2() == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(masking_the_last_pending_bit_ends_the_interrupt_and_unmasking_repeats_it,
                        ringing_hosts) { // B5.8
    run([this] {
        prepare();
        write(host0, "OUTDBELLSET", 1);
        settle();
        write(host2, "INDBELLMSK", 1);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
        write(host2, "INDBELLMSK", 0);
        BOOST_TEST(interrupts_of_2() == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_bit_that_comes_while_the_handler_masks_is_not_forgotten,
                        ringing_hosts) { // B5.8, the older driver's tasklet
    run([this] {
        prepare();
        write(host0, "OUTDBELLSET", 1);
        settle();
        write(host2, "INDBELLMSK", 0xFFFFFFFF); // the handler masks, the tasklet works
        write(host2, "INDBELLSTS", 1);
        write(host0, "OUTDBELLSET", 2); // meanwhile
        settle();
        write(host2, "INDBELLMSK", 0);
        BOOST_TEST(interrupts_of_2() == 2U);
    });
}

// --- time --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(each_step_of_a_doorbell_happens_at_its_cycle, ringing_hosts) {
    run([this] {
        prepare();
        settle();
        signals.clear();
        const timing_config t{};
        const expected_time expected(t);
        // Not on a clock edge: it acts on the next one.
        sc_core::wait(1234, sc_core::SC_PS);
        const std::uint64_t sent = now_ps();
        const std::uint64_t acts = expected.acts(sent, expected_time::write_of_dword);
        write(host0, "OUTDBELLSET", 0x40);
        BOOST_TEST(now_ps() == acts);
        settle();
        const std::uint64_t pending = acts + expected.cycles(t.doorbell);
        const std::uint64_t msi = pending + expected.cycles(t.interrupt);
        BOOST_TEST(signals.changes("switch.port0.nt.outdbellset").at(0).time_ps == acts);
        BOOST_TEST(signals.changes("switch.port0.nt.outdbellset").at(0).until_ps ==
                   acts + t.core_clock_ps);
        BOOST_TEST(signals.changes("switch.port0.nt.outdbellset").at(0).value == 0x40U);
        for (const char* port : {"switch.port0.nt.", "switch.port2.nt."}) {
            const std::string scope(port);
            BOOST_TEST(signals.last_change_ps(scope + "indbellsts") == pending);
            BOOST_TEST(signals.last_change_ps(scope + "ntintsts") == pending);
            BOOST_TEST(signals.last_change_ps(scope + "msi") == msi);
            BOOST_TEST(signals.last(scope + "msi_count") == 1U);
        }
        BOOST_TEST(signals.last_change_ps("switch.gdbellsts") == pending);
        BOOST_TEST(host2.interrupts().last_msi().time_ps ==
                   expected.reaches_host(msi, expected_time::msi));
    });
}

BOOST_AUTO_TEST_CASE(the_longest_delay_is_exact_and_loses_nothing) {
    timing_config timing = ideal_timing();
    timing.doorbell = max_timing_cycles;
    timing.interrupt = max_timing_cycles;
    ringing_hosts hosts(timing);
    hosts.run([&hosts, &timing] {
        hosts.prepare();
        sc_core::wait(10, sc_core::SC_US);
        hosts.signals.clear();
        const std::uint64_t first = now_ps();
        // One request a cycle, for longer than the delay.
        for (unsigned i = 0; i < 600; ++i) {
            hosts.write(hosts.host0, "OUTDBELLSET", 1U << (i % 32));
            sc_core::wait(timing.core_clock_ps, sc_core::SC_PS);
        }
        two_hosts::settle();
        const auto& changes = hosts.signals.changes("switch.port2.nt.indbellsts");
        BOOST_TEST_REQUIRE(changes.size() == 32U);
        for (unsigned i = 0; i < 32; ++i)
            BOOST_TEST(changes.at(i).time_ps ==
                       first + std::uint64_t{i + max_timing_cycles} * timing.core_clock_ps);
        BOOST_TEST(hosts.signals.last_change_ps("switch.port2.nt.msi") ==
                   first + 2ULL * max_timing_cycles * timing.core_clock_ps);
    });
}

BOOST_AUTO_TEST_CASE(requests_of_one_cycle_arrive_together_and_interrupt_once) {
    timing_config timing = ideal_timing();
    timing.doorbell = 1;
    timing.interrupt = 1;
    ringing_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.prepare();
        two_hosts::settle();
        hosts.signals.clear();
        const std::uint64_t begin = now_ps();
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.write(hosts.host2, "OUTDBELLSET", 2);
        BOOST_TEST(hosts.interrupts_of_2() == 1U);
        const auto& changes = hosts.signals.changes("switch.port2.nt.indbellsts");
        BOOST_TEST_REQUIRE(changes.size() == 1U);
        BOOST_TEST(changes.at(0).value == 3U);
        BOOST_TEST(changes.at(0).time_ps == begin + 4000);
        BOOST_TEST(hosts.signals.last_change_ps("switch.port2.nt.msi") == begin + 8000);
    });
}

BOOST_AUTO_TEST_CASE(without_a_delay_a_doorbell_is_there_when_the_write_returns) {
    ringing_hosts hosts(ideal_timing());
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        BOOST_TEST(hosts.read(hosts.host2, "INDBELLSTS") == 1U);
        BOOST_TEST(hosts.signals.last("switch.port2.nt.msi_count") == 1U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
