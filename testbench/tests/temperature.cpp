// SPDX-License-Identifier: Apache-2.0
// The temperature sensor (docs/reference/behaviour.md section 14). Values in half degrees Celsius.
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "testbench/fixture/two_hosts.h"

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

BOOST_AUTO_TEST_SUITE_END()
