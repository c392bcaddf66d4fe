// SPDX-License-Identifier: Apache-2.0
// Message registers and their routes (docs/reference/behaviour.md section 6).
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

std::string route_of(unsigned partition, unsigned n) {
    return "SWP" + std::to_string(partition) + "MSGCTL" + std::to_string(n);
}
std::string nth(const char* family, unsigned n) {
    return family + std::to_string(n);
}
constexpr std::uint32_t to(unsigned partition, unsigned inbound) {
    return partition << 4 | inbound;
}

/// Two hosts that route message n to inbound register n of the other.
class crossing_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;

    void prepare() {
        enumerate_both();
        for (unsigned n = 0; n < message_count; ++n) {
            global_write(host0, route_of(0, n), to(1, n));
            global_write(host2, route_of(1, n), to(0, n));
        }
    }
    std::uint64_t interrupts_of_2() {
        settle();
        return host2.interrupts().msi_count();
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(messages)

// --- routes ------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_message_goes_where_its_route_says_at_that_moment,
                        several_hosts) { // B6.1
    run([this] {
        for (unsigned n = 0; n < message_count; ++n)
            global_write(4, route_of(2, n), to(n % 2 == 0 ? 1 : 3, 3 - n));
        for (unsigned n = 0; n < message_count; ++n)
            write(4, nth("OUTMSG", n), 0xA0 + n);
        global_write(4, route_of(2, 0), to(0, 2)); // later: the first message is on its way
        write(4, "OUTMSG0", 0xB0);
        settle();
        BOOST_TEST(read(2, "INMSG3") == 0xA0U);
        BOOST_TEST(read(6, "INMSG2") == 0xA1U);
        BOOST_TEST(read(2, "INMSG1") == 0xA2U);
        BOOST_TEST(read(6, "INMSG0") == 0xA3U);
        BOOST_TEST(read(0, "INMSG2") == 0xB0U);
        BOOST_TEST(read(2, "MSGSTS") == (full(3) | full(1)));
        BOOST_TEST(read(6, "MSGSTS") == (full(2) | full(0)));
        BOOST_TEST(read(0, "MSGSTS") == full(2));
        BOOST_TEST(read(4, "MSGSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(each_partition_has_routes_of_its_own, two_hosts) { // B6.1
    run([this] {
        enumerate_both();
        for (unsigned p = 0; p < max_partitions; ++p)
            for (unsigned n = 0; n < message_count; ++n)
                global_write(host0, route_of(p, n), to(7 - p, 3 - n));
        for (unsigned p = 0; p < max_partitions; ++p)
            for (unsigned n = 0; n < message_count; ++n)
                BOOST_TEST(global_read(host2, route_of(p, n)) == to(7 - p, 3 - n));
    });
}

BOOST_FIXTURE_TEST_CASE(many_may_send_to_one_register, several_hosts) { // B6.1 B6.2
    run([this] {
        for (unsigned p = 0; p < 3; ++p)
            global_write(0, route_of(p, 0), to(3, 1));
        write(0, "OUTMSG0", 0x10);
        settle();
        BOOST_TEST(read(6, "INMSG1") == 0x10U);
        BOOST_TEST(read(6, "INMSGSRC1") == 0U);
        write(6, "MSGSTS", full(1));
        write(4, "OUTMSG0", 0x12);
        settle();
        BOOST_TEST(read(6, "INMSG1") == 0x12U);
        BOOST_TEST(read(6, "INMSGSRC1") == 2U);
        write(2, "OUTMSG0", 0x11); // full
        BOOST_TEST(read(2, "MSGSTS") == lost(0));
        BOOST_TEST(read(4, "MSGSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_partition_may_send_to_itself, two_hosts) { // B6.1
    run([this] {
        enumerate_both();
        global_write(host0, route_of(0, 2), to(0, 1));
        write(host0, "OUTMSG2", 0x77);
        BOOST_TEST(read(host0, "MSGSTS") == full(1));
        BOOST_TEST(read(host0, "INMSG1") == 0x77U);
        BOOST_TEST(read(host0, "INMSGSRC1") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_message_to_a_partition_without_nt_function_is_refused,
                        crossing_hosts) { // B6.6
    run([this] {
        prepare();
        global_write(host0, route_of(0, 1), to(5, 0));
        write(host0, "OUTMSG1", 1);
        BOOST_TEST(read(host0, "MSGSTS") == lost(1));
        BOOST_TEST(read(host2, "MSGSTS") == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_message_to_a_partition_that_is_not_active_is_refused) { // B6.6
    topology_config topology = four_partitions();
    topology.partitions.at(1) = partition_state::disabled;
    several_hosts hosts(topology);
    hosts.run([&hosts] {
        hosts.global_write(0, route_of(0, 0), to(1, 0));
        hosts.write(0, "OUTMSG0", 1);
        BOOST_TEST(hosts.read(0, "MSGSTS") == lost(0));
        BOOST_TEST(hosts.read(2, "MSGSTS") == 0U);
    });
}

BOOST_AUTO_TEST_CASE(in_a_shared_partition_a_message_to_itself_means_the_other_function) { // B6.1
    several_hosts hosts(topology_of({{0, 0}, {2, 0}}));
    hosts.run([&hosts] {
        hosts.write(0, "OUTMSG0", 0x55); // routes are 0 after reset: partition 0, register 0
        BOOST_TEST(hosts.read(0, "MSGSTS") == 0U);
        BOOST_TEST(hosts.read(2, "MSGSTS") == full(0));
        BOOST_TEST(hosts.read(2, "INMSG0") == 0x55U);
    });
}

// --- accepted and refused ----------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(an_accepted_message_brings_data_source_and_status,
                        crossing_hosts) { // B6.2
    run([this] {
        prepare();
        for (unsigned n = 0; n < message_count; ++n)
            write(host2, nth("OUTMSG", n), 0xC0DE0000 + n);
        settle();
        for (unsigned n = 0; n < message_count; ++n) {
            BOOST_TEST(read(host0, nth("INMSG", n)) == 0xC0DE0000U + n);
            BOOST_TEST(read(host0, nth("INMSGSRC", n)) == 1U);
        }
        BOOST_TEST(read(host0, "MSGSTS") == 0x000F0000U);
        BOOST_TEST(read(host2, "MSGSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_full_register_keeps_its_old_data_and_the_sender_learns_of_it,
                        crossing_hosts) { // B6.2
    run([this] {
        prepare();
        write(host0, "OUTMSG3", 1);
        settle();
        write(host0, "OUTMSG3", 2);
        BOOST_TEST(read(host0, "MSGSTS") == lost(3));
        BOOST_TEST(read(host2, "INMSG3") == 1U);
        BOOST_TEST(read(host2, "MSGSTS") == full(3));
    });
}

BOOST_FIXTURE_TEST_CASE(clearing_the_full_bit_frees_the_register, crossing_hosts) { // B6.4
    run([this] {
        prepare();
        write(host0, "OUTMSG0", 1);
        settle();
        write(host2, "MSGSTS", full(0));
        BOOST_TEST(read(host2, "MSGSTS") == 0U);
        write(host0, "OUTMSG0", 2);
        BOOST_TEST(read(host0, "MSGSTS") == 0U);
        settle();
        BOOST_TEST(read(host2, "INMSG0") == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(reading_a_message_clears_nothing, crossing_hosts) { // B6.4
    run([this] {
        prepare();
        write(host0, "OUTMSG0", 7);
        settle();
        BOOST_TEST(read(host2, "INMSG0") == 7U);
        BOOST_TEST(read(host2, "INMSG0") == 7U);
        BOOST_TEST(read(host2, "MSGSTS") == full(0));
    });
}

BOOST_FIXTURE_TEST_CASE(both_kinds_of_status_clear_bit_by_bit_with_ones, crossing_hosts) { // B6.4
    run([this] {
        prepare();
        for (const unsigned round : {0U, 1U})
            for (unsigned n = 0; n < message_count; ++n)
                write(host0, nth("OUTMSG", n), round);
        BOOST_TEST(read(host0, "MSGSTS") == 0x0FU);
        write(host0, "MSGSTS", 0);
        BOOST_TEST(read(host0, "MSGSTS") == 0x0FU);
        write(host0, "MSGSTS", lost(1) | lost(2));
        BOOST_TEST(read(host0, "MSGSTS") == (lost(0) | lost(3)));
        write(host2, "MSGSTS", full(0) | full(3));
        BOOST_TEST(read(host2, "MSGSTS") == (full(1) | full(2)));
    });
}

BOOST_FIXTURE_TEST_CASE(a_later_success_does_not_clear_an_earlier_loss, crossing_hosts) { // B6.4
    run([this] {
        prepare();
        write(host0, "OUTMSG0", 1);
        write(host0, "OUTMSG0", 2);
        BOOST_TEST(read(host0, "MSGSTS") == lost(0));
        write(host2, "MSGSTS", full(0));
        write(host0, "OUTMSG0", 3);
        BOOST_TEST(read(host0, "MSGSTS") == lost(0));
        BOOST_TEST(read(host2, "INMSG0") == 3U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_outcome_is_visible_to_the_very_next_read, crossing_hosts) { // B6.3
    run([this] {
        prepare();
        write(host0, "OUTMSG0", 1);
        write(host0, "OUTMSG0", 2);
        // Right behind the write: the message needs 8 cycles, the read waits for its outcome.
        BOOST_TEST(read(host0, "MSGSTS") == lost(0));
        write(host0, "MSGSTS", lost(0));
        write(host0, "OUTMSG0", 3);
        BOOST_TEST(global_read(host2, "MSGSTS", port0) == lost(0)); // by the other door as well
        write(host0, "MSGSTS", lost(0));
        write(host0, "OUTMSG0", 4);
        BOOST_TEST(config_read(host0, "MSGSTS") == lost(0));
    });
}

BOOST_FIXTURE_TEST_CASE(a_waiting_status_read_holds_up_nobody_else, crossing_hosts) { // B6.3
    run([this] {
        prepare();
        settle();
        const timing_config t{};
        const expected_time expected(t);
        write(host0, "OUTMSG0", 1);
        const std::uint64_t acted = now_ps();
        sc_core::sc_event done;
        std::uint64_t read_done = 0;
        sc_core::sc_spawn([this, &done, &read_done] {
            (void)read(host0, "MSGSTS");
            read_done = now_ps();
            done.notify();
        });
        const std::uint64_t begin = now_ps();
        (void)read(host2, "NTCTL"); // the other port's read takes what it always takes
        const std::uint64_t alone = expected.reaches_host(
            expected.acts(begin, expected_time::read_request), expected_time::completion_of_dword);
        BOOST_TEST(now_ps() == alone);
        if (read_done == 0)
            sc_core::wait(done);
        const std::uint64_t asked = expected.acts(acted, expected_time::read_request);
        const std::uint64_t known = acted + expected.cycles(t.message);
        BOOST_TEST(read_done == expected.reaches_host(std::max(asked, known),
                                                      expected_time::completion_of_dword));
    });
}

BOOST_FIXTURE_TEST_CASE(messages_of_one_sender_arrive_in_order, crossing_hosts) { // B6.1
    run([this] {
        prepare();
        for (unsigned n = 0; n < message_count; ++n)
            global_write(host0, route_of(0, n), to(1, 0)); // all into one register
        for (unsigned n = 0; n < message_count; ++n)
            write(host0, nth("OUTMSG", n), 0x100 + n);
        BOOST_TEST(read(host0, "MSGSTS") == (lost(1) | lost(2) | lost(3)));
        BOOST_TEST(read(host2, "INMSG0") == 0x100U);
    });
}

BOOST_FIXTURE_TEST_CASE(inbound_registers_are_read_only, crossing_hosts) { // B6.4
    run([this] {
        prepare();
        write(host0, "OUTMSG0", 5);
        settle();
        write(host2, "INMSG0", 0xFFFFFFFF);
        write(host2, "INMSGSRC0", 0xFFFFFFFF);
        BOOST_TEST(read(host2, "INMSG0") == 5U);
        BOOST_TEST(read(host2, "INMSGSRC0") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_outbound_register_reads_back_what_was_written_last,
                        crossing_hosts) { // B6.6
    run([this] {
        prepare();
        write(host0, "OUTMSG1", 0x12345678);
        write(host0, "OUTMSG1", 0x9ABCDEF0);
        BOOST_TEST(read(host0, "OUTMSG1") == 0x9ABCDEF0U);
    });
}

BOOST_AUTO_TEST_CASE(a_switch_full_of_messages_makes_senders_wait_and_loses_nothing) {
    timing_config timing = ideal_timing();
    timing.message = max_timing_cycles;
    several_hosts hosts(four_partitions(), timing);
    hosts.run([&hosts] {
        for (unsigned p = 0; p < 4; ++p)
            for (unsigned n = 0; n < message_count; ++n)
                hosts.global_write(0, route_of(p, n), to(7, 0)); // nobody: each outcome is "lost"
        hosts.signals.clear();
        const std::uint64_t begin = now_ps();
        // 300 at once, of 4 hosts: more than the switch holds.
        for (unsigned i = 0; i < 300; ++i)
            hosts.write(2 * (i % 4), "OUTMSG0", i);
        BOOST_TEST(now_ps() == begin + max_timing_cycles * 4000ULL);
        BOOST_TEST(hosts.read(0, "MSGSTS") == lost(0));
        BOOST_TEST(now_ps() == begin + 2ULL * max_timing_cycles * 4000ULL);
        for (unsigned port = 0; port < 8; port += 2)
            BOOST_TEST(hosts.signals.last("switch.port" + std::to_string(port) +
                                          ".nt.outmsg0_write_count") == 75U);
    });
}

// --- interrupts --------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(every_status_bit_is_masked_after_reset, crossing_hosts) { // B6.6 B21.1
    run([this] {
        prepare();
        BOOST_TEST(read(host2, "MSGSTSMSK") == 0x000F000FU);
        write(host2, "NTINTMSK", 0);
        write(host0, "OUTMSG0", 1);
        BOOST_TEST(interrupts_of_2() == 0U);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_unmasked_message_interrupts_and_only_the_first_while_one_is_pending,
                        crossing_hosts) { // B6.5
    run([this] {
        prepare();
        write(host2, "MSGSTSMSK", 0);
        write(host2, "NTINTMSK", int_all & ~int_msg);
        write(host0, "OUTMSG0", 1);
        BOOST_TEST(interrupts_of_2() == 1U);
        BOOST_TEST(read(host2, "NTINTSTS") == int_msg);
        write(host0, "OUTMSG1", 1);
        BOOST_TEST(interrupts_of_2() == 1U);
        write(host2, "MSGSTS", full(0));
        BOOST_TEST(read(host2, "NTINTSTS") == int_msg);
        write(host2, "MSGSTS", full(1));
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
        write(host0, "OUTMSG0", 1);
        BOOST_TEST(interrupts_of_2() == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_lost_message_interrupts_its_sender, crossing_hosts) { // B6.5
    run([this] {
        prepare();
        write(host2, "MSGSTSMSK", 0x000F0000); // outbound bits only
        write(host2, "NTINTMSK", int_all & ~int_msg);
        write(host2, "OUTMSG2", 1);
        BOOST_TEST(interrupts_of_2() == 0U);
        write(host2, "OUTMSG2", 1);
        BOOST_TEST(interrupts_of_2() == 1U);
        write(host2, "MSGSTS", lost(2));
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_older_driver_s_mask_interrupts_on_the_last_of_four_only,
                        crossing_hosts) { // B6.5
    run([this] {
        prepare();
        write(host2, "MSGSTSMSK", 0xE000F); // INMSG0 only; it is sent last
        write(host2, "NTINTMSK", 0);
        for (const unsigned n : {3U, 2U, 1U}) {
            write(host0, nth("OUTMSG", n), n);
            BOOST_TEST(interrupts_of_2() == 0U);
        }
        write(host0, "OUTMSG0", 0);
        BOOST_TEST(interrupts_of_2() == 1U);
        BOOST_TEST(read(host2, "MSGSTS") == 0x000F0000U);
    });
}

BOOST_FIXTURE_TEST_CASE(unmasking_a_pending_message_delivers_its_interrupt,
                        crossing_hosts) { // B6.5
    run([this] {
        prepare();
        write(host2, "NTINTMSK", 0);
        write(host0, "OUTMSG0", 1);
        BOOST_TEST(interrupts_of_2() == 0U);
        write(host2, "MSGSTSMSK", 0x000E000F);
        BOOST_TEST(interrupts_of_2() == 1U);
    });
}

// --- time --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(each_step_of_a_message_happens_at_its_cycle, crossing_hosts) {
    run([this] {
        prepare();
        write(host2, "MSGSTSMSK", 0);
        write(host2, "NTINTMSK", 0);
        settle();
        signals.clear();
        const timing_config t{};
        const expected_time expected(t);
        sc_core::wait(777, sc_core::SC_PS);
        const std::uint64_t acts = expected.acts(now_ps(), expected_time::write_of_dword);
        write(host0, "OUTMSG1", 0xABCD);
        BOOST_TEST(now_ps() == acts);
        settle();
        const std::uint64_t arrives = acts + expected.cycles(t.message);
        const std::uint64_t msi = arrives + expected.cycles(t.interrupt);
        BOOST_TEST(signals.last_change_ps("switch.port0.nt.outmsg1_write") == acts);
        BOOST_TEST(signals.last_change_ps("switch.port0.nt.outmsg1") == acts);
        BOOST_TEST(signals.last("switch.port0.nt.outmsg1") == 0xABCDU);
        BOOST_TEST(signals.last("switch.port0.nt.outmsg1_write_count") == 1U);
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.inmsg1") == arrives);
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.msgsts") == arrives);
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.msi") == msi);
        BOOST_TEST(host2.interrupts().last_msi().time_ps ==
                   expected.reaches_host(msi, expected_time::msi));
    });
}

BOOST_AUTO_TEST_CASE(without_a_delay_a_message_is_there_when_the_write_returns) {
    crossing_hosts hosts(ideal_timing());
    hosts.run([&hosts] {
        hosts.prepare();
        hosts.write(hosts.host0, "OUTMSG0", 9);
        BOOST_TEST(hosts.read(hosts.host2, "INMSG0") == 9U);
        hosts.write(hosts.host0, "OUTMSG0", 9);
        BOOST_TEST(hosts.read(hosts.host0, "MSGSTS") == lost(0));
    });
}

BOOST_AUTO_TEST_SUITE_END()
