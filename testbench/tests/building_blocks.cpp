// SPDX-License-Identifier: Apache-2.0
// The parts of the model that have rules of their own: text of TLPs, delay lines, the clock.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "model/core_clock.h"
#include "model/delay_line.h"
#include "model/ntb_switch.h"
#include "model/tlp_text.h"
#include "testbench/fixture/simulated_test.h"

using namespace ntb;
using namespace ntb::test;

BOOST_AUTO_TEST_SUITE(text_of_tlps)

BOOST_AUTO_TEST_CASE(has_decimal_numbers_of_any_size) {
    for (const std::uint32_t value : {0U, 9U, 10U, 99U, 4096U, 1000000000U, 4294967295U}) {
        tlp_text text;
        text.add("bar").decimal(value).add('+');
        BOOST_TEST(text.view() == "bar" + std::to_string(value) + "+");
    }
}

BOOST_AUTO_TEST_CASE(has_hexadecimal_numbers_of_at_least_the_wanted_digits) {
    const auto hex = [](std::uint64_t value, unsigned digits) {
        tlp_text text;
        text.hex(value, digits);
        return std::string(text.view());
    };
    BOOST_TEST(hex(0, 1) == "0x0");
    BOOST_TEST(hex(0, 4) == "0x0000");
    BOOST_TEST(hex(0xABC, 2) == "0xabc");
    BOOST_TEST(hex(0x12345678, 8) == "0x12345678");
    BOOST_TEST(hex(0xFFFFFFFFFFFFFFFF, 3) == "0xffffffffffffffff");
}

BOOST_AUTO_TEST_CASE(shows_data_as_a_little_endian_number_of_up_to_eight_bytes) {
    const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const auto data = [&bytes](std::uint32_t length) {
        tlp_text text;
        text.data(bytes, length);
        return std::string(text.view());
    };
    BOOST_TEST(data(1) == "0x01");
    BOOST_TEST(data(2) == "0x0201");
    BOOST_TEST(data(4) == "0x04030201");
    BOOST_TEST(data(8) == "0x0807060504030201");
    BOOST_TEST(data(9) == "0x0807060504030201...");
}

BOOST_AUTO_TEST_CASE(is_cut_where_it_does_not_fit) {
    tlp_text text;
    for (int i = 0; i < 50; ++i)
        text.add("abcd");
    BOOST_TEST(text.view().size() == 96U);
    BOOST_TEST(text.view().substr(92) == "abcd");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_delay_line)

BOOST_AUTO_TEST_CASE(gives_entries_back_in_order_when_they_are_due) {
    simulated_test test;
    delay_line<int, 4> line;
    test.run([&line] {
        BOOST_TEST(line.empty());
        BOOST_TEST(line.push(1000, 1));
        BOOST_TEST(line.push(1000, 2));
        BOOST_TEST(line.push(3000, 3));
        BOOST_TEST(!line.empty());
        int got = 0;
        BOOST_TEST(!line.pop_due(got));
        sc_core::wait(999, sc_core::SC_PS);
        BOOST_TEST(!line.pop_due(got));
        sc_core::wait(line.event());
        BOOST_TEST(now_ps() == 1000U);
        BOOST_TEST((line.pop_due(got) && got == 1));
        BOOST_TEST((line.pop_due(got) && got == 2));
        BOOST_TEST(!line.pop_due(got));
        sc_core::wait(line.event());
        BOOST_TEST(now_ps() == 3000U);
        BOOST_TEST((line.pop_due(got) && got == 3));
        BOOST_TEST(!line.pop_due(got));
        BOOST_TEST(line.empty());
    });
}

BOOST_AUTO_TEST_CASE(holds_as_many_as_it_has_places_again_and_again) {
    simulated_test test;
    delay_line<unsigned, 3> line;
    test.run([&line] {
        unsigned got = 0;
        for (unsigned round = 0; round < 5; ++round) {
            for (unsigned i = 0; i < 3; ++i) {
                BOOST_TEST(!line.full());
                BOOST_TEST(line.push(now_ps(), 10 * round + i));
            }
            BOOST_TEST(line.full());
            BOOST_TEST(!line.push(now_ps(), 99U));
            for (unsigned i = 0; i < 3; ++i)
                BOOST_TEST((line.pop_due(got) && got == 10 * round + i));
            BOOST_TEST(line.empty());
            BOOST_TEST(line.push(now_ps(), 0U)); // moves the ring on by one
            BOOST_TEST(line.pop_due(got));
        }
    });
}

BOOST_AUTO_TEST_CASE(lets_an_entry_be_merged_with_the_youngest_of_the_same_time) {
    simulated_test test;
    delay_line<int, 4> line;
    test.run([&line] {
        BOOST_TEST(line.youngest_due_at(0) == nullptr);
        BOOST_TEST(line.push(1000, 1));
        BOOST_TEST(line.push(2000, 2));
        BOOST_TEST(line.youngest_due_at(1000) == nullptr); // not the youngest
        BOOST_TEST_REQUIRE(line.youngest_due_at(2000) != nullptr);
        *line.youngest_due_at(2000) = 7;
        sc_core::wait(2000, sc_core::SC_PS);
        int got = 0;
        BOOST_TEST((line.pop_due(got) && got == 1));
        BOOST_TEST((line.pop_due(got) && got == 7));
    });
}

BOOST_AUTO_TEST_CASE(forgets_everything_on_request_and_wakes_nobody_for_it) {
    simulated_test test;
    delay_line<int, 4> line;
    test.run([&line] {
        BOOST_TEST(line.push(1000, 1));
        BOOST_TEST(line.push(2000, 2));
        line.clear();
        BOOST_TEST(line.empty());
        BOOST_TEST(line.push(5000, 3));
        sc_core::wait(line.event());
        BOOST_TEST(now_ps() == 5000U);
        int got = 0;
        BOOST_TEST((line.pop_due(got) && got == 3));
    });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_core_clock)

BOOST_AUTO_TEST_CASE(has_edges_and_what_takes_cycles_ends_on_one) {
    simulated_test test;
    test.run([] {
        const core_clock clock(4000);
        BOOST_TEST(clock.edge(0) == 0U);
        BOOST_TEST(clock.edge(1) == 4000U);
        BOOST_TEST(clock.edge(4000) == 4000U);
        BOOST_TEST(clock.edge(4001) == 8000U);
        sc_core::wait(4001, sc_core::SC_PS);
        BOOST_TEST(clock.after(0) == 4001U);
        BOOST_TEST(clock.after(1) == 12'000U);
        sc_core::wait(sc_core::sc_time::from_value(core_clock::now_ps() % 4000 == 0 ? 0 : 3999));
        BOOST_TEST(clock.after(3) == 20'000U);
    });
}

BOOST_AUTO_TEST_CASE(demands_a_time_resolution_of_a_picosecond) {
    sc_core::sc_set_time_resolution(10, sc_core::SC_PS);
    bool refused = false;
    sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
    try {
        const ntb_switch device("device", topology_config{}, timing_config{});
    } catch (const sc_core::sc_report& report) {
        refused = std::string(report.get_msg()).find("1 ps") != std::string::npos;
    }
    BOOST_TEST(refused);
}

BOOST_AUTO_TEST_SUITE_END()
