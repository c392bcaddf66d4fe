// SPDX-License-Identifier: Apache-2.0
// The temperature sensor (docs/reference/behaviour.md section 14). Values in half degrees Celsius.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include "model/regs/declared_ids.h"
#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

class warm_switch : public two_hosts_ideal {
public:
    void switch_on() {
        enumerate_both();
        global_write(host0, "TMPCTL", 0);
    }
    std::uint32_t now() { return global_read(host2, "TMPSTS") & 0xFFU; }
    std::uint32_t lowest() { return global_read(host2, "TMPSTS") >> 8 & 0xFFU; }
    std::uint32_t highest() { return global_read(host2, "TMPSTS") >> 16 & 0xFFU; }
    void adjust(int by) { global_write(host0, "TMPADJ", static_cast<std::uint8_t>(by)); }
    void forget_history() { global_write(host0, "TMPALARM", 0x0000FF00); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(temperature)

BOOST_FIXTURE_TEST_CASE(the_sensor_is_off_until_the_driver_switches_it_on,
                        warm_switch) { // B14.2 B20.1
    run([this] {
        enumerate_both();
        BOOST_TEST(global_read(host0, "TMPCTL") == 0x80000000U);
        bench.set_temperature(100);
        BOOST_TEST(now() == 0U);
        global_write(host0, "TMPCTL", 0);
        BOOST_TEST(now() == 100U);
        global_write(host0, "TMPCTL", 0x80000000);
        bench.set_temperature(120);
        BOOST_TEST(now() == 100U); // the last measurement
    });
}

BOOST_FIXTURE_TEST_CASE(it_measures_45_degrees_by_default, warm_switch) {
    run([this] {
        switch_on();
        BOOST_TEST(now() == 90U);
        BOOST_TEST(lowest() == 90U);
        BOOST_TEST(highest() == 90U);
    });
}

BOOST_FIXTURE_TEST_CASE(values_are_8_bits_of_half_degrees, warm_switch) { // B14.1
    run([this] {
        switch_on();
        for (const unsigned t : {0U, 1U, 127U, 128U, 254U, 255U}) {
            bench.set_temperature(t);
            BOOST_TEST(now() == t);
        }
        bench.set_temperature(256);
        BOOST_TEST(now() == 255U);
        bench.set_temperature(100'000);
        BOOST_TEST(now() == 255U);
        adjust(-100); // of what the sensor can measure
        BOOST_TEST(now() == 155U);
    });
}

BOOST_FIXTURE_TEST_CASE(lowest_and_highest_follow_what_was_measured, warm_switch) { // B14.3
    run([this] {
        switch_on();
        for (const unsigned t : {80U, 120U, 100U})
            bench.set_temperature(t);
        BOOST_TEST(now() == 100U);
        BOOST_TEST(lowest() == 80U);
        BOOST_TEST(highest() == 120U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_driver_s_write_to_the_alarm_register_begins_a_new_history,
                        warm_switch) { // B14.3
    run([this] {
        switch_on();
        for (const unsigned t : {20U, 200U, 100U})
            bench.set_temperature(t);
        forget_history();
        BOOST_TEST(lowest() == 100U);
        BOOST_TEST(highest() == 100U);
        bench.set_temperature(101);
        BOOST_TEST(lowest() == 100U);
        BOOST_TEST(highest() == 101U);
    });
}

BOOST_FIXTURE_TEST_CASE(any_history_can_be_loaded, warm_switch) { // B14.3
    run([this] {
        switch_on();
        global_write(host0, "TMPALARM", 0x00F00500); // highest 240, lowest 5
        BOOST_TEST(lowest() == 5U);
        BOOST_TEST(highest() == 240U);
        BOOST_TEST(now() == 90U);
        global_write(host0, "TMPCTL", 0x80000000); // also while the sensor is off
        forget_history();
        BOOST_TEST(lowest() == 255U);
        BOOST_TEST(highest() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_adjustment_is_a_signed_offset_and_the_result_stays_in_range,
                        warm_switch) { // B14.1
    run([this] {
        switch_on();
        adjust(10);
        BOOST_TEST(now() == 100U);
        adjust(-1);
        BOOST_TEST(now() == 89U);
        adjust(-128);
        BOOST_TEST(now() == 0U);
        bench.set_temperature(200);
        adjust(127);
        BOOST_TEST(now() == 255U);
        adjust(0);
        BOOST_TEST(now() == 200U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_status_is_read_only, warm_switch) { // B14.3
    run([this] {
        switch_on();
        const std::uint32_t before = global_read(host0, "TMPSTS");
        global_write(host0, "TMPSTS", 0xFFFFFFFF);
        BOOST_TEST(global_read(host0, "TMPSTS") == before);
    });
}

BOOST_FIXTURE_TEST_CASE(thresholds_are_kept, warm_switch) { // B14.2
    run([this] {
        switch_on();
        global_write(host0, "TMPCTL", 0x00C8A078);
        BOOST_TEST(global_read(host2, "TMPCTL") == 0x00C8A078U);
    });
}

// --- alarms ------------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t below_low = 1U << 24;  // BLTH
constexpr std::uint32_t above_high = 1U << 29; // AHTH, and its enable

/// The sensor with thresholds 40, 50 and 60 degrees, the highest alarm enabled; the enable of the
/// lowest has no known bit.
class alarmed_switch : public warm_switch {
public:
    void prepare(std::uint32_t enables = above_high) {
        enumerate_both();
        global_write(host0, "TMPCTL", enables | 120U << 16 | 100U << 8 | 80U);
    }
    std::uint32_t flags() { return global_read(host0, "TMPSTS") & 0x3F000000U; }
    std::uint32_t latched() { return global_read(host0, "TMPALARM") & 0x3F000000U; }
};

struct placed_bit {
    const char* in;
    const char* name;
    std::uint8_t bit;
};
/// Two hosts, and these fields have a place.
topology_config with_places(std::initializer_list<placed_bit> places) {
    topology_config t = topology_of({{0, 0}, {2, 1}});
    for (const placed_bit& p : places)
        t.layout.fields.at(regs::declared_field_named(regs::space_id::sw, p.in, p.name).index) = {
            true, p.bit, p.bit};
    return t;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(flags_show_what_is_below_the_low_and_above_the_high_threshold,
                        alarmed_switch) { // B14.2
    run([this] {
        prepare(0);
        for (const unsigned t : {80U, 90U, 100U, 110U, 120U}) {
            bench.set_temperature(t);
            BOOST_TEST(flags() == 0U);
        }
        bench.set_temperature(79);
        BOOST_TEST(flags() == below_low);
        bench.set_temperature(121);
        BOOST_TEST(flags() == above_high);
        BOOST_TEST(latched() == 0U); // not enabled
        bench.set_temperature(100);
        BOOST_TEST(flags() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_enabled_alarm_is_latched_and_cleared_with_a_one,
                        alarmed_switch) { // B14.2 B14.3
    run([this] {
        prepare(above_high);
        bench.set_temperature(70);
        BOOST_TEST(latched() == 0U);
        bench.set_temperature(130);
        bench.set_temperature(100);
        BOOST_TEST(flags() == 0U);
        BOOST_TEST(latched() == above_high);
        BOOST_TEST(latched() == above_high);       // reading clears nothing
        global_write(host0, "TMPALARM", 0x00FF00); // the driver's new history keeps it
        BOOST_TEST(latched() == above_high);
        global_write(host0, "TMPALARM", 0xFF00FF00U & ~above_high);
        BOOST_TEST(latched() == above_high);
        global_write(host0, "TMPALARM", above_high);
        BOOST_TEST(latched() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_alarm_that_goes_on_is_latched_once, alarmed_switch) { // B14.4
    run([this] {
        prepare();
        bench.set_temperature(130);
        global_write(host0, "TMPALARM", above_high);
        bench.set_temperature(140);
        BOOST_TEST(latched() == 0U);
        bench.set_temperature(110);
        bench.set_temperature(130);
        BOOST_TEST(latched() == above_high);
        global_write(host0, "TMPALARM", above_high);
        global_write(host0, "TMPCTL", 120U << 16 | 100U << 8 | 80U);              // off
        global_write(host0, "TMPCTL", above_high | 120U << 16 | 100U << 8 | 80U); // and on
        BOOST_TEST(latched() == above_high);
    });
}

BOOST_FIXTURE_TEST_CASE(an_alarm_interrupts_every_host_that_does_not_mask_it,
                        alarmed_switch) { // B12.1 B12.5
    run([this] {
        prepare();
        settle();
        write(host0, "NTINTMSK", int_all & ~int_temperature);
        bench.set_temperature(130);
        settle();
        BOOST_TEST(host0.interrupts().msi_count() == 1U);
        BOOST_TEST(host2.interrupts().msi_count() == 0U); // masked, as the driver leaves it
        for (root_complex* host : {&host0, &host2})
            BOOST_TEST(read(*host, "NTINTSTS") == int_temperature);
        write(host0, "NTINTSTS", int_temperature);
        settle();
        BOOST_TEST(read(host0, "NTINTSTS") == 0U);
        BOOST_TEST(read(host2, "NTINTSTS") == int_temperature);
        bench.set_temperature(100);
        bench.set_temperature(130); // it is latched still: nothing new
        settle();
        BOOST_TEST(host0.interrupts().msi_count() == 1U);
        global_write(host0, "TMPALARM", above_high);
        bench.set_temperature(100);
        bench.set_temperature(130);
        settle();
        BOOST_TEST(host0.interrupts().msi_count() == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(in_power_down_no_alarm_comes, alarmed_switch) { // B14.2
    run([this] {
        prepare(above_high | 1U << 31);
        bench.set_temperature(200);
        BOOST_TEST(flags() == 0U);
        BOOST_TEST(latched() == 0U);
        prepare();
        BOOST_TEST(flags() == above_high);
        BOOST_TEST(latched() == above_high);
    });
}

BOOST_AUTO_TEST_CASE(alarms_without_a_known_bit_are_where_the_layout_puts_them) { // B14.2
    several_hosts hosts(with_places({{"TMPSTS", "ALTH", 25},
                                     {"TMPSTS", "BMTH", 26},
                                     {"TMPSTS", "AMTH", 27},
                                     {"TMPSTS", "BHTH", 28},
                                     {"TMPCTL", "BLTH_EN", 24},
                                     {"TMPCTL", "AMTH_EN", 26}}),
                        ideal_timing());
    hosts.run([&hosts] {
        const auto flags = [&hosts] { return hosts.global_read(0, "TMPSTS") >> 24 & 0x3FU; };
        hosts.global_write(0, "TMPCTL", 1U << 26 | 120U << 16 | 100U << 8 | 80U);
        const std::array<std::pair<unsigned, unsigned>, 7> expected{{
            {79, 0x15},
            {80, 0x14},
            {81, 0x16},
            {100, 0x12},
            {101, 0x1A},
            {120, 0x0A},
            {121, 0x2A},
        }};
        for (const auto& [temperature, flag] : expected) {
            hosts.bench.set_temperature(temperature);
            BOOST_TEST(flags() == flag);
        }
        BOOST_TEST(hosts.global_read(0, "TMPALARM") >> 24 == 0x08U); // the one enabled
        hosts.global_write(0, "TMPCTL", 1U << 24 | 200);
        hosts.bench.set_temperature(100);
        BOOST_TEST(hosts.global_read(0, "TMPALARM") >> 24 == 0x09U);
    });
}

BOOST_AUTO_TEST_CASE(reading_clears_the_alarms_if_the_topology_says_so) { // B14.3
    topology_config topology = topology_of({{0, 0}, {2, 1}});
    topology.tmpalarm_read_clears = true;
    several_hosts hosts(topology, ideal_timing());
    hosts.run([&hosts] {
        hosts.global_write(0, "TMPCTL", above_high);
        BOOST_TEST((hosts.bench.device().global_read(0x3F1DC) & above_high) != 0U); // a debugger
        BOOST_TEST((hosts.global_read(0, "TMPALARM") & above_high) != 0U);
        BOOST_TEST((hosts.global_read(0, "TMPALARM") & above_high) == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
