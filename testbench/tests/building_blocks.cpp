// SPDX-License-Identifier: Apache-2.0
// The parts of the model that have rules of their own: text of TLPs, delay lines, the clock.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/core_clock.h"
#include "model/delay_line.h"
#include "model/ntb_switch.h"
#include "model/tlp_appearance.h"
#include "testbench/fixture/simulated_test.h"

using namespace ntb;
using namespace ntb::test;

BOOST_AUTO_TEST_SUITE(text_of_tlps)

namespace {

/// In dots, so that the spelling of blanks is seen.
struct dots {
    static constexpr std::string_view text = "...";
};

template <class Blank = plain_blank>
std::string text_of(const tlp_appearance& t) {
    std::string out(tlp_room<Blank>, '#');
    const char* const end = put_tlp<Blank>(out.data(), t);
    out.resize(static_cast<std::size_t>(end - out.data()));
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(says_what_each_kind_of_tlp_has) {
    tlp_appearance t;
    t.address = 0x428;
    t.length = 4;
    t.tag = 7;
    t.bar = 2;
    const std::vector<std::pair<tlp_head, const char*>> expected{
        {tlp_head::bar_write, "MWr bar2+0x0428 4B"},
        {tlp_head::bar_read, "MRd bar2+0x0428 4B tag 7"},
        {tlp_head::config_write, "CfgWr 0x428 4B tag 7"},
        {tlp_head::config_read, "CfgRd 0x428 4B tag 7"},
        {tlp_head::dma_config_write, "CfgWr DMA 0x428 4B tag 7"},
        {tlp_head::dma_config_read, "CfgRd DMA 0x428 4B tag 7"},
        {tlp_head::memory_write, "MWr 0x00000428 4B"},
        {tlp_head::memory_read, "MRd 0x00000428 4B tag 7"},
        {tlp_head::routed_config_write, "CfgWr 0x00:0.0+0x428 4B tag 7"},
        {tlp_head::routed_config_read, "CfgRd 0x00:0.0+0x428 4B tag 7"},
        {tlp_head::completion_with_data, "CplD 4B tag 7"},
        {tlp_head::completion, "Cpl tag 7"},
        {tlp_head::completion_refused, "Cpl UR tag 7"},
        {tlp_head::msi, "MSI 0x00000428"}};
    for (const auto& [head, text] : expected) {
        t.head = head;
        BOOST_TEST(text_of(t) == text);
    }
    t.head = tlp_head::routed_config_read;
    t.address = std::uint64_t{0x1A5B} << 12U | 0xFFC;
    BOOST_TEST(text_of(t) == "CfgRd 0x1a:11.3+0xffc 4B tag 7");
}

BOOST_AUTO_TEST_CASE(has_decimal_numbers_of_any_size) {
    for (const std::uint32_t value : {0U, 9U, 10U, 99U, 100U, 4096U, 1000000000U, 4294967295U}) {
        tlp_appearance t;
        t.head = tlp_head::completion_with_data;
        t.length = value;
        t.tag = static_cast<std::uint8_t>(value);
        BOOST_TEST(text_of(t) ==
                   "CplD " + std::to_string(value) + "B tag " + std::to_string(value & 0xFFU));
    }
}

BOOST_AUTO_TEST_CASE(has_hexadecimal_numbers_of_at_least_the_wanted_digits) {
    const auto address = [](std::uint64_t value, tlp_head head) {
        tlp_appearance t;
        t.address = value;
        t.head = head;
        return text_of(t);
    };
    BOOST_TEST(address(0, tlp_head::bar_write) == "MWr bar0+0x0000 0B");
    BOOST_TEST(address(0xABC, tlp_head::bar_write) == "MWr bar0+0x0abc 0B");
    BOOST_TEST(address(0x9ABCD, tlp_head::bar_write) == "MWr bar0+0x9abcd 0B");
    BOOST_TEST(address(0xABC, tlp_head::memory_write) == "MWr 0x00000abc 0B");
    BOOST_TEST(address(0x123456789, tlp_head::memory_write) == "MWr 0x123456789 0B");
    BOOST_TEST(address(0x123456789ABCDEF0, tlp_head::memory_write) == "MWr 0x123456789abcdef0 0B");
    BOOST_TEST(address(0xFFFFFFFFFFFFFFFF, tlp_head::msi) == "MSI 0xffffffffffffffff");
}

BOOST_AUTO_TEST_CASE(shows_data_as_a_little_endian_number_of_up_to_eight_bytes) {
    const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const auto data = [&bytes](std::uint32_t length) {
        tlp_appearance t;
        t.head = tlp_head::completion;
        t.set_data(bytes, length);
        return text_of(t).substr(std::string_view("Cpl tag 0 ").size());
    };
    BOOST_TEST(data(0) == "0x0");
    BOOST_TEST(data(1) == "0x01");
    BOOST_TEST(data(2) == "0x0201");
    BOOST_TEST(data(4) == "0x04030201");
    BOOST_TEST(data(8) == "0x0807060504030201");
    BOOST_TEST(data(9) == "0x0807060504030201...");
}

BOOST_AUTO_TEST_CASE(spells_blanks_as_it_is_told_and_has_names_of_any_length) {
    tlp_appearance t;
    t.head = tlp_head::dma_config_write;
    t.poisoned = true;
    for (std::size_t size = 0; size <= 32; ++size) {
        const std::string name = std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345").substr(0, size);
        t.set_name(name);
        BOOST_TEST(text_of<dots>(t) == "CfgWr...DMA...0x000" + (size == 0 ? "" : "..." + name) +
                                           "...0B...tag...0...EP");
    }
}

BOOST_AUTO_TEST_CASE(of_the_longest_fits_into_its_room) {
    const unsigned char bytes[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    tlp_appearance t;
    t.head = tlp_head::dma_config_write;
    t.address = ~std::uint64_t{0};
    t.set_name("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    t.length = 0xFFFFFFFF;
    t.tag = 255;
    t.poisoned = true;
    t.set_data(bytes, 9);
    constexpr std::size_t overrun = 32; // what the stores behind the end may touch
    BOOST_TEST(text_of(t) == "CfgWr DMA 0xffffffffffffffff ABCDEFGHIJKLMNOPQRSTUVWXYZ012345 "
                             "4294967295B tag 255 EP 0xffffffffffffffff...");
    BOOST_TEST(text_of(t).size() + overrun <= tlp_room<plain_blank>);
    BOOST_TEST(text_of<dots>(t).size() + overrun <= tlp_room<dots>);
}

BOOST_AUTO_TEST_CASE(is_equal_where_all_that_is_shown_is_equal) {
    const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
    tlp_appearance t;
    t.set_name("MSGSTS");
    t.set_data(bytes, 4);
    const std::string same_name = "MSGSTS";
    tlp_appearance u = t;
    u.set_name(same_name);
    BOOST_TEST((t == u));
    const auto differs = [&t](auto change) {
        tlp_appearance other = t;
        change(other);
        return !(other == t);
    };
    BOOST_TEST(differs([](tlp_appearance& o) { o.set_name("MSGST"); }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.address = 1; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.data = 1; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.length = 1; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.head = tlp_head::msi; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.bar = 1; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.tag = 1; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.data_bytes = 8; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.has_data = false; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.has_more_data = true; }));
    BOOST_TEST(differs([](tlp_appearance& o) { o.poisoned = true; }));
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
