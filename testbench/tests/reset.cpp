// SPDX-License-Identifier: Apache-2.0
// Resets and the link (docs/reference/behaviour.md section 4): what they clear and keep, and what
// is under way when they come.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "model/regs/all_maps.h"
#include "model/regs/sw_refs.h"
#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

using snapshot = std::map<std::string, std::uint32_t>;

class reset_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;

    /// Every register of port 0's function, without asking its host.
    snapshot function_registers() {
        snapshot all;
        regs::for_each_member([this, &all](const regs::member& m) {
            if (m.in->id == regs::space_id::nt && m.offset() < 0xFF8)
                all[std::string(regs::member_name(m).view())] = value_of(m, 0x1000 + m.offset());
        });
        return all;
    }
    snapshot switch_registers() {
        snapshot all;
        regs::for_each_member([this, &all](const regs::member& m) {
            if (m.in->id == regs::space_id::sw)
                all[std::string(regs::member_name(m).view())] = value_of(m, m.offset());
        });
        return all;
    }
    /// Random contents wherever host 0 can write without closing a door.
    void scramble() {
        std::mt19937 random(99);
        regs::for_each_member([this, &random](const regs::member& m) {
            const auto value = static_cast<std::uint32_t>(random());
            const std::string_view name = m.row->name;
            if (m.in->id != regs::space_id::nt || name == "PCICMD" || name == "PMCSR" ||
                name == "MSICAP" || name.substr(0, 4) == "GASA" || name == "BARSETUP{n}")
                return;
            BOOST_TEST(host0.config_write(m.offset(), value, m.row->size).ok());
        });
        config_write(host0, "BARSETUP2", 0x80002198); // another size, prefetchable
        config_write(host0, "PCICMD", 0x0547);
        config_write(host0, "MSICAP", msi_enable);
        settle();
    }
    /// Something of everything, so that there is something to lose.
    void fill() {
        enumerate_both();
        enable_ntb_link(host0);
        enable_ntb_link(host2);
        write(host0, "LUTOFFSET", 0x401);
        write(host0, "LUTUDATA", 0x80000001);
        write(host0, "LUTMDATA", 0x1234);
        global_write(host0, "SWP1MSGCTL0", 0x00);
        write(host2, "OUTMSG0", 0x55);
        write(host2, "OUTDBELLSET", 0xF0);
        settle();
    }

private:
    std::uint32_t value_of(const regs::member& m, std::uint32_t address) {
        const std::uint32_t dword = bench.device().global_read(address & ~3U);
        const std::uint32_t ones = m.row->size == 4 ? 0xFFFFFFFFU : (1U << m.row->size * 8U) - 1U;
        return dword >> ((address & 3U) * 8U) & ones;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(reset)

// --- what a reset clears and keeps -------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_hot_reset_keeps_exactly_what_the_map_says, reset_hosts) { // B4.1 B4.4
    run([this] {
        const snapshot fresh = function_registers();
        scramble();
        const snapshot before = function_registers();
        bench.hot_reset(port0);
        const snapshot after = function_registers();
        unsigned kept = 0;
        unsigned reset = 0;
        for (const auto& [name, value] : after) {
            const regs::member m = *regs::expand(name);
            std::uint32_t expected = 0;
            for (std::size_t i = 0; i < m.row->field_count(); ++i) {
                const regs::field& f = m.row->fields.at(i);
                const bool keeps = f.on_hot_reset == regs::hot_reset::keeps;
                expected |= (keeps ? before : fresh).at(name) & f.mask();
                if (before.at(name) != fresh.at(name))
                    ++(keeps ? kept : reset);
            }
            BOOST_TEST(value == expected, name << ": " << value << ", expected " << expected);
        }
        BOOST_TEST(kept > 20U); // there was something to see
        BOOST_TEST(reset > 100U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_fundamental_reset_returns_every_register_to_power_on,
                        reset_hosts) { // B4.4
    run([this] {
        const snapshot fresh = function_registers();
        scramble();
        BOOST_TEST((function_registers() != fresh));
        bench.fundamental_reset(partition_number(0));
        for (const auto& [name, value] : function_registers())
            BOOST_TEST(value == fresh.at(name), name);
        BOOST_TEST(bench.device().link_up(port0)); // its speed and width are in there
        BOOST_TEST((config_read(host0, "PCIELSTS") & 0x3FFU) == 0x042U);
    });
}

BOOST_FIXTURE_TEST_CASE(every_kind_of_reset_clears_completion_enable, reset_hosts) { // B4.1
    run([this] {
        fill();
        BOOST_TEST(read(host0, "NTCTL") == 2U);
        bench.hot_reset(port0);
        BOOST_TEST(config_read(host0, "NTCTL") == 0U);
        config_write(host0, "NTCTL", 2);
        bench.fundamental_reset(partition_number(0));
        BOOST_TEST(config_read(host0, "NTCTL") == 0U);
        config_write(host0, "NTCTL", 2);
        bench.set_link(port0, false);
        BOOST_TEST(global_read(host2, "NTCTL", port0) == 0U);
        BOOST_TEST(read(host2, "NTCTL") == 2U); // the peer's stays
    });
}

BOOST_FIXTURE_TEST_CASE(a_reset_invalidates_the_mapping_entries_of_its_partition,
                        reset_hosts) { // B4.3
    run([this] {
        for (const bool hot : {true, false}) {
            fill();
            write(host2, "NTMTBLADDR", 0);
            BOOST_TEST((read(host2, "NTMTBLDATA") & 1U) == 1U);
            if (hot)
                bench.hot_reset(port0);
            else
                bench.fundamental_reset(partition_number(0));
            BOOST_TEST(read(host2, "NTMTBLDATA") == 0U);
            write(host2, "NTMTBLADDR", 1);
            BOOST_TEST((read(host2, "NTMTBLDATA") & 1U) == 1U); // the other partition's
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_reset_empties_doorbells_messages_and_lookup_tables,
                        reset_hosts) { // B4.4
    run([this] {
        fill();
        BOOST_TEST(global_read(host2, "GDBELLSTS") == 0xF0U);
        write(host2, "INDBELLSTS", 0x30);
        bench.hot_reset(port0);
        BOOST_TEST(config_read(host0, "INDBELLSTS") == 0U);
        BOOST_TEST(config_read(host0, "MSGSTS") == 0U);
        BOOST_TEST(global_read(host2, "GDBELLSTS") == 0xC0U); // what the peer has pending
        config_write(host0, "LUTOFFSET", 0x401);
        BOOST_TEST(config_read(host0, "LUTUDATA") == 0U);
        BOOST_TEST(config_read(host0, "LUTMDATA") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(resets_of_a_partition_leave_the_switch_s_registers_alone,
                        reset_hosts) { // B4.4
    run([this] {
        enumerate_both();
        std::mt19937 random(3);
        regs::for_each_member([this, &random](const regs::member& m) {
            if (m.in->id == regs::space_id::sw)
                bench.device().global_write(m.offset(), static_cast<std::uint32_t>(random()));
        });
        const snapshot before = switch_registers();
        bench.hot_reset(port0);
        bench.fundamental_reset(partition_number(1));
        settle();
        for (const auto& [name, value] : switch_registers()) {
            const bool records_it = name == "SESTS" || name == "SEHRSTSTS" || name == "SEFRSTSTS" ||
                                    name == "SELINKUPSTS" || name == "SELINKDNSTS";
            if (!records_it)
                BOOST_TEST(value == before.at(name), name);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_reset_leaves_the_other_partition_alone, reset_hosts) { // B4.4
    run([this] {
        fill();
        const snapshot before = function_registers();
        bench.hot_reset(port2);
        bench.fundamental_reset(partition_number(1));
        BOOST_TEST((function_registers() == before));
    });
}

// --- the link ----------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_hot_reset_takes_the_link_down_for_the_time_of_a_retraining, reset_hosts) {
    run([this] {
        enumerate_both();
        signals.clear();
        const std::uint64_t begin = now_ps();
        bench.hot_reset(port0);
        const auto& changes = signals.changes("switch.port0.link.up");
        BOOST_TEST_REQUIRE(changes.size() == 2U);
        BOOST_TEST(changes.at(0).value == 0U);
        BOOST_TEST(changes.at(0).time_ps == begin);
        BOOST_TEST(changes.at(1).value == 1U);
        BOOST_TEST(changes.at(1).time_ps ==
                   begin + timing_config{}.link_retrain_ns * std::uint64_t{1000});
        BOOST_TEST((config_read(host0, "PCIELSTS") & 0x3FFU) == 0x042U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_hot_reset_behind_a_dead_link_resets_and_leaves_it_down, reset_hosts) {
    run([this] {
        fill();
        bench.set_link(port0, false);
        global_write(host2, "NTCTL", 2, port0);
        global_write(host2, "SEHRSTSTS", 0xFF);
        bench.hot_reset(port0);
        BOOST_TEST(!bench.device().link_up(port0));
        BOOST_TEST(global_read(host2, "NTCTL", port0) == 0U);
        BOOST_TEST(global_read(host2, "SEHRSTSTS") == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_link_taken_down_during_a_hot_reset_stays_down, reset_hosts) {
    run([this] {
        enumerate_both();
        sc_core::sc_spawn([this] {
            wait_ns(500); // in the middle of the retraining
            bench.set_link(port0, false);
        });
        bench.hot_reset(port0);
        settle();
        BOOST_TEST(!bench.device().link_up(port0));
        bench.set_link(port0, true);
        BOOST_TEST(bench.device().link_up(port0));
    });
}

BOOST_FIXTURE_TEST_CASE(a_port_shows_its_link_in_both_of_its_status_registers,
                        reset_hosts) { // B13.1
    run([this] {
        enumerate_both();
        BOOST_TEST((global_read(host2, "SWPORT0STS") >> 4 & 1U) == 1U);
        BOOST_TEST((global_read(host2, "PCIELSTS", port0) >> 16 & 0x3FFU) == 0x042U);
        bench.set_link(port0, false);
        BOOST_TEST((global_read(host2, "SWPORT0STS") >> 4 & 1U) == 0U);
        BOOST_TEST((global_read(host2, "PCIELSTS", port0) >> 16 & 0x3FFU) == 0U);
        BOOST_TEST((global_read(host2, "SWPORT2STS") >> 4 & 1U) == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_driver_can_start_again_after_a_reset, reset_hosts) { // B2.3 B20.2
    run([this] {
        fill();
        bench.hot_reset(port0);
        BOOST_TEST(config_read(host0, "BARSETUP0") == 0x800004C0U);
        enumerate_both();
        enable_ntb_link(host0);
        write(host2, "INDBELLMSK", 0);
        write(host2, "INDBELLSTS", 0xFFFFFFFF);
        write(host2, "NTINTMSK", int_all & ~int_dbell);
        const std::uint64_t before = host2.interrupts().msi_count();
        write(host0, "OUTDBELLSET", 1);
        await_msi(host2, before);
    });
}

// --- under way ---------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_doorbell_that_arrives_after_the_reset_does_not_interrupt,
                        reset_hosts) { // B5.9
    run([this] {
        enumerate_both();
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", 0);
        write(host0, "OUTDBELLSET", 1); // 8 cycles away from the peer
        bench.hot_reset(port2);
        settle();
        BOOST_TEST(host2.interrupts().msi_count() == 0U);
        BOOST_TEST(config_read(host2, "NTINTSTS") == 0U);
        BOOST_TEST(signals.last("switch.port2.nt.msi_dropped_count") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_interrupt_in_the_pipeline_dies_with_a_reset, reset_hosts) {
    run([this] {
        enumerate_both();
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", 0);
        write(host0, "OUTDBELLSET", 1);
        wait_ns(34); // pending after 32 ns, MSI after 48
        bench.fundamental_reset(partition_number(1));
        settle();
        BOOST_TEST(host2.interrupts().msi_count() == 0U);
        BOOST_TEST(signals.last("switch.port2.nt.msi_count") == 0U);
    });
}

BOOST_AUTO_TEST_CASE(an_interrupt_from_before_a_reset_does_not_come_when_msi_is_on_again) {
    timing_config timing = ideal_timing();
    timing.interrupt = 200;
    reset_hosts hosts(timing);
    hosts.run([&hosts] {
        hosts.enumerate_both();
        hosts.write(hosts.host2, "INDBELLMSK", 0);
        hosts.write(hosts.host2, "NTINTMSK", 0);
        hosts.write(hosts.host0, "OUTDBELLSET", 1);
        hosts.bench.fundamental_reset(partition_number(1));
        hosts.enumerate_both(); // takes no time here
        two_hosts::settle();
        BOOST_TEST(hosts.host2.interrupts().msi_count() == 0U);
        BOOST_TEST(hosts.signals.last("switch.port2.nt.msi_dropped_count") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_on_its_way_to_the_host_dies_with_the_link, reset_hosts) {
    run([this] {
        enumerate_both();
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", 0);
        for (const unsigned later : {60U, 100U}) { // in the egress pipeline; on the link
            const std::uint64_t sent = signals.last("switch.port2.nt.msi_count");
            write(host0, "OUTDBELLSET", 1);
            wait_ns(later);
            BOOST_TEST(signals.last("switch.port2.nt.msi_count") == sent + 1);
            BOOST_TEST(host2.interrupts().msi_count() == 0U);
            bench.set_link(port2, false);
            bench.set_link(port2, true); // at once, before the MSI would have been there
            settle();
            BOOST_TEST(host2.interrupts().msi_count() == 0U);
            enumerate_both();
            write(host2, "INDBELLMSK", 0);
            write(host2, "NTINTMSK", 0);
        }
        write(host0, "OUTDBELLSET", 1); // and the next one works
        settle();
        BOOST_TEST(host2.interrupts().msi_count() == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_request_on_its_way_dies_with_the_link, reset_hosts) {
    run([this] {
        enumerate_both();
        for (const bool comes_back : {false, true}) {
            sc_core::sc_spawn([this, comes_back] {
                wait_ns(20);
                bench.set_link(port0, false);
                if (comes_back)
                    bench.set_link(port0, true); // up again before the request arrives
            });
            const completion done = host0.config_write(0x40C, 0xBAD);
            BOOST_TEST(done.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            BOOST_TEST(global_read(host2, "NTSDATA", port0) == 0U);
            bench.set_link(port0, true);
        }
        BOOST_TEST(host0.config_write(0x40C, 0x600D).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(a_completion_dies_with_the_link, reset_hosts) {
    run([this] {
        enumerate_both();
        for (const bool comes_back : {false, true}) {
            settle();
            const std::uint64_t begin = now_ps();
            BOOST_TEST(host0.config_read(0x000).ok());
            const std::uint64_t whole_ps = now_ps() - begin;
            sc_core::sc_spawn([this, comes_back, whole_ps] {
                sc_core::wait(sc_core::sc_time::from_value(whole_ps - 4000)); // on its way back
                bench.set_link(port0, false);
                if (comes_back)
                    bench.set_link(port0, true);
            });
            const completion done = host0.config_read(0x000);
            BOOST_TEST(done.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            BOOST_TEST(done.data == 0xFFFFFFFFU);
            bench.set_link(port0, true);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(nothing_waits_behind_tlps_that_died_with_the_link, reset_hosts) {
    run([this] {
        enumerate_both();
        settle();
        for (unsigned i = 0; i < 8; ++i)
            sc_core::sc_spawn([this] {
                std::array<unsigned char, 1024> data{};
                BOOST_TEST(host0.bar_transfer(bar_number(0), tlm::TLM_WRITE_COMMAND, 0, data.data(),
                                              1024) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            });
        wait_ns(100);
        bench.set_link(port0, false);
        bench.set_link(port0, true);
        const expected_time expected{timing_config{}};
        const std::uint64_t begin = now_ps();
        BOOST_TEST(host0.config_write(0x40C, 1).ok());
        BOOST_TEST(now_ps() ==
                   expected.reaches_host(expected.acts(begin, expected_time::write_of_dword),
                                         expected_time::completion_without_data));
        settle();
    });
}

BOOST_FIXTURE_TEST_CASE(a_reset_function_hears_nothing_of_messages_from_before,
                        reset_hosts) { // B6.2
    run([this] {
        enumerate_both();
        global_write(host0, "SWP0MSGCTL0", 0x50); // nobody: refused
        write(host0, "OUTMSG0", 1);
        write(host0, "OUTMSG0", 2);
        bench.fundamental_reset(partition_number(0));
        BOOST_TEST(config_read(host0, "MSGSTS") == 0U);
        settle();
        BOOST_TEST(config_read(host0, "MSGSTS") == 0U);
        BOOST_TEST(host0.config_write(0x430, 3).ok()); // of after the reset: it hears
        BOOST_TEST(config_read(host0, "MSGSTS") == lost(0));
    });
}

// --- INTx --------------------------------------------------------------------------------------

namespace {

class level_hosts : public reset_hosts {
public:
    void assert_intx() {
        enumerate_both();
        config_write(host2, "MSICAP", 0);
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", 0);
        write(host0, "OUTDBELLSET", 1);
        settle();
        BOOST_TEST_REQUIRE(host2.interrupts().intx());
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_hot_reset_takes_intx_back, level_hosts) { // B12.4
    run([this] {
        assert_intx();
        bench.hot_reset(port2);
        settle();
        BOOST_TEST(!host2.interrupts().intx());
        BOOST_TEST(signals.last("switch.port2.nt.intx") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_fundamental_reset_takes_intx_back, level_hosts) { // B12.4
    run([this] {
        assert_intx();
        bench.fundamental_reset(partition_number(1));
        settle();
        BOOST_TEST(!host2.interrupts().intx());
    });
}

BOOST_FIXTURE_TEST_CASE(a_link_that_goes_down_takes_intx_back, level_hosts) { // B12.4
    run([this] {
        assert_intx();
        bench.set_link(port2, false);
        settle();
        BOOST_TEST(!host2.interrupts().intx());
        bench.set_link(port2, true);
        settle();
        BOOST_TEST(!host2.interrupts().intx());
        assert_intx(); // and it works again
        BOOST_TEST(host2.interrupts().intx_count() == 2U);
    });
}

// --- the whole switch --------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(the_switch_s_reset_returns_every_register_to_power_on,
                        reset_hosts) { // B4.4
    run([this] {
        const snapshot fresh_function = function_registers();
        const snapshot fresh_switch = switch_registers();
        fill();
        scramble();
        for (const char* name : {"GODBELLMSK3", "GIDBELLMSK4", "SWP0MSGCTL1", "SEMSK", "TMPCTL"})
            global_write(host2, name, 0x55);
        bench.device().global_write(sw::SWPORTCTL.at(6), 5);
        bench.fundamental_reset();
        BOOST_TEST(!bench.device().link_up(port0));
        settle(); // links train
        BOOST_TEST(bench.device().link_up(port0));
        BOOST_TEST(bench.device().link_up(port2));
        for (const auto& [name, value] : function_registers())
            BOOST_TEST(value == fresh_function.at(name), name);
        for (const auto& [name, value] : switch_registers())
            BOOST_TEST(value == fresh_switch.at(name), name);
        enumerate_both();
        write(host0, "NTMTBLADDR", 0);
        BOOST_TEST(read(host0, "NTMTBLDATA") == 0U);
        write(host0, "OUTDBELLSET", 0x18); // of the masks nothing is left
        settle();
        BOOST_TEST(read(host2, "INDBELLSTS") == 0x18U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_switch_s_reset_loses_what_is_on_its_way, reset_hosts) {
    run([this] {
        enumerate_both();
        global_write(host0, "SWP0MSGCTL0", 1U << 4);
        write(host0, "OUTDBELLSET", 1);
        write(host0, "OUTMSG0", 0x55);
        write(host0, "NTGSIGNAL", 1);
        bench.device().global_write(sw::SWPORTCTL.at(4), 0x23); // a change of 2 ms
        bench.fundamental_reset();
        settle();
        enumerate_both();
        BOOST_TEST(read(host2, "INDBELLSTS") == 0U);
        BOOST_TEST(read(host2, "MSGSTS") == 0U);
        BOOST_TEST(read(host0, "MSGSTS") == 0U); // nor does the sender hear of it
        BOOST_TEST(read(host0, "NTINTSTS") == 0U);
        wait_ns(3'000'000);
        BOOST_TEST(bench.device().global_read(sw::SWPORTSTS.at(4)) == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
