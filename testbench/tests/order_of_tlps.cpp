// SPDX-License-Identifier: Apache-2.0
// The table of B18.2 (docs/timing.md, "Order") cell by cell, each TLP at its cycle: what may pass
// takes the time that it takes alone, what may not goes right behind what it waited for.
//
// Going out, TLPs of one kind are held up by a host that gives no credits of that kind. Coming in,
// posted requests are held up by a long translation, non-posted ones by the outcome of a message
// (B6.3). Completions leave the incoming buffer as soon as what is before them has left, so what
// would pass them there cannot be seen apart from that.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "testbench/tests/meeting_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr unsigned dword_write = expected_time::write_of_dword;
constexpr unsigned asks = expected_time::read_request;
constexpr unsigned answers = expected_time::completion_of_dword;

/// Host 2's side of port 2 can be held up.
class held_up : public meeting_hosts {
public:
    using meeting_hosts::meeting_hosts;

    void stick(tlp_class c) { ask(fault_kind::stick_credits, c); }
    /// The time at which it was done.
    std::uint64_t release(tlp_class c) {
        ask(fault_kind::free_credits, c);
        return now_ps();
    }
    /// Kinds of the TLPs that have gone to host 2 since align(), in order: "MWr MRd".
    std::string gone() {
        std::string text;
        for (const recorded_signals::change& tlp : tlps(2, "tx"))
            text += (text.empty() ? "" : " ") + tlp.text.substr(0, tlp.text.find(' '));
        return text;
    }
    /// Those TLPs have left one behind the other, the first one at `ps`.
    void expect_from(std::uint64_t ps, const std::vector<unsigned>& bytes) {
        BOOST_TEST_REQUIRE(tlps(2, "tx").size() == bytes.size());
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            BOOST_TEST(tlps(2, "tx").at(i).time_ps == ps);
            ps += expected.on_the_wire(bytes.at(i));
        }
    }
    /// A window write of host 0 that nothing holds up is with host 2 on time.
    void expect_write_passes() {
        align();
        const std::uint64_t begin = now_ps();
        spawn_write(0, 4, 0x100);
        settle();
        BOOST_TEST(gone() == "MWr");
        expect_from(ready(translated(begin, 4)), {dword_write});
    }
    void spawn_window_read(unsigned port) {
        spawn([this, port] { BOOST_TEST(host(port).bar_read(bar2, 0).ok()); });
    }
    void spawn_register_read(unsigned port) {
        spawn([this, port] { BOOST_TEST(host(port).bar_read(bar_number(0), 0x40C).ok()); });
    }

private:
    void ask(fault_kind kind, tlp_class c) {
        bench.inject(port_number(2), fault{kind, link_direction::tx, c, 0});
    }
};

timing_config long_translation() {
    return timing_with([](timing_config& t) { t.window = 200; });
}

timing_config long_messages() {
    return timing_with([](timing_config& t) { t.message = 200; });
}

} // namespace

BOOST_AUTO_TEST_SUITE(order_of_tlps)

// --- going out ---------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(behind_a_posted_one_only_the_completion_of_a_configuration_write_goes_out,
                        held_up) { // B18.2
    run([this] {
        prepare();
        stick(tlp_class::posted);
        spawn_write(0, 4);
        align();
        const std::uint64_t begin = now_ps();
        BOOST_TEST(host(2).config_write(0x40C, 1).ok());
        BOOST_TEST(now_ps() == expected.reaches_host(expected.acts(begin, dword_write),
                                                     expected_time::completion_without_data));
        align();
        spawn_write(4, 4);
        settle();
        spawn_window_read(0);
        settle();
        spawn_register_read(2);
        settle();
        // Behind the completion of the read not even that of a configuration write.
        spawn([this] { BOOST_TEST(host(2).config_write(0x40C, 2).ok()); });
        settle();
        BOOST_TEST(gone().empty());
        align();
        const std::uint64_t freed = release(tlp_class::posted);
        await_all();
        settle();
        BOOST_TEST(gone() == "MWr MWr MRd CplD Cpl");
        expect_from(freed, {dword_write, dword_write, asks, answers,
                            expected_time::completion_without_data});
    });
}

BOOST_FIXTURE_TEST_CASE(a_non_posted_one_that_waits_to_go_out_is_passed_by_the_other_kinds,
                        held_up) { // B18.2
    run([this] {
        prepare();
        stick(tlp_class::non_posted);
        spawn_window_read(0);
        expect_write_passes();
        align();
        const std::uint64_t begin = now_ps();
        (void)read(2, "NTSDATA");
        BOOST_TEST(now_ps() == expected.reaches_host(expected.acts(begin, asks), answers));
        spawn_window_read(4);
        align();
        BOOST_TEST(gone().empty());
        const std::uint64_t freed = release(tlp_class::non_posted);
        await_all();
        BOOST_TEST(gone() == "MRd MRd");
        expect_from(freed, {asks, asks});
    });
}

BOOST_FIXTURE_TEST_CASE(a_completion_that_waits_to_go_out_is_passed_by_the_other_kinds,
                        held_up) { // B18.2
    run([this] {
        prepare();
        stick(tlp_class::completion);
        spawn_register_read(2);
        expect_write_passes();
        align();
        const std::uint64_t begin = now_ps();
        (void)host(0).bar_read(bar2, 0);
        const std::uint64_t translated_ps =
            expected.acts(begin, asks) + expected.cycles(timing_.window);
        expect_from(ready(translated_ps), {asks});
        const std::uint64_t asked = expected.reaches_other_host(translated_ps, asks);
        BOOST_TEST(now_ps() ==
                   expected.reaches_host(
                       expected.completion_crosses(asked + expected.dllps(), answers), answers));
        spawn([this] { BOOST_TEST(host(2).config_write(0x40C, 2).ok()); });
        align();
        BOOST_TEST(gone().empty());
        const std::uint64_t freed = release(tlp_class::completion);
        await_all();
        BOOST_TEST(gone() == "CplD Cpl");
        expect_from(freed, {answers, expected_time::completion_without_data});
    });
}

// --- coming in ---------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_posted_one_that_waits_inside_is_passed_by_nothing) { // B18.2
    held_up hosts(long_translation());
    hosts.run([&hosts] {
        hosts.prepare();
        const expected_time& expected = hosts.expected;
        std::uint64_t begin = now_ps();
        hosts.spawn_write(0, 4);
        sc_core::wait(sc_core::SC_ZERO_TIME); // it goes first
        hosts.write(0, "NTSDATA", 1);
        BOOST_TEST(now_ps() == hosts.translated(begin, 4));

        hosts.align();
        begin = now_ps();
        hosts.spawn_write(0, 4);
        sc_core::wait(sc_core::SC_ZERO_TIME);
        (void)hosts.read(0, "NTSDATA");
        BOOST_TEST(now_ps() == expected.reaches_host(hosts.translated(begin, 4), answers));

        hosts.align();
        begin = now_ps();
        hosts.spawn_write(0, 4);
        sc_core::wait(sc_core::SC_ZERO_TIME);
        BOOST_TEST(hosts.host(0).config_write(0x40C, 2).ok());
        BOOST_TEST(now_ps() == expected.reaches_host(hosts.translated(begin, 4),
                                                     expected_time::completion_without_data));

        // A completion: host 2 reads host 0's memory, whose answer comes behind host 0's write.
        hosts.align();
        const std::uint64_t asked = expected.reaches_other_host(
            expected.acts(now_ps(), asks) + expected.cycles(long_translation().window), asks);
        std::uint64_t completed = 0;
        hosts.spawn([&hosts, &completed] {
            BOOST_TEST(hosts.host(2).bar_read(bar2, 0).ok());
            completed = now_ps();
        });
        sc_core::wait(
            sc_core::sc_time::from_value(asked - expected.on_the_wire(dword_write) - now_ps()));
        begin = now_ps();
        hosts.spawn_write(0, 4);
        hosts.await_all();
        BOOST_TEST(hosts.tlps(0, "rx").at(1).time_ps == asked + expected.dllps());
        const std::uint64_t crossed = hosts.translated(begin, 4);
        BOOST_TEST_REQUIRE(expected.acts(asked + expected.dllps(), answers) < crossed);
        // Both are ready for port 2's link at the same time, the write first.
        BOOST_TEST(completed ==
                   expected.reaches_host(
                       crossed + expected.cycles(timing_config{}.cross_completion), answers) +
                       expected.on_the_wire(dword_write));
    });
}

BOOST_AUTO_TEST_CASE(a_non_posted_one_that_waits_inside_is_passed_by_the_other_kinds) { // B18.2
    held_up hosts(long_messages());
    hosts.run([&hosts] {
        hosts.prepare();
        const expected_time& expected = hosts.expected;
        /// Its answer is held up until the message's outcome is known: that time.
        const auto wait_inside = [&hosts, &expected] {
            hosts.align();
            hosts.write(0, "MSGSTS", 0xF);
            hosts.write(0, "OUTMSG0", 1);
            const std::uint64_t known = now_ps() + expected.cycles(long_messages().message);
            hosts.spawn([&hosts, &expected, known] {
                (void)hosts.read(0, "MSGSTS");
                BOOST_TEST(now_ps() == expected.reaches_host(known, answers));
            });
            sc_core::wait(sc_core::SC_ZERO_TIME); // it goes first
            return known;
        };
        std::uint64_t known = wait_inside();
        std::uint64_t begin = now_ps() + expected.on_the_wire(asks);
        hosts.write(0, "NTSDATA", 1);
        BOOST_TEST(now_ps() == expected.acts(begin, dword_write)); // passes
        hosts.await_all();

        known = wait_inside();
        (void)hosts.read(0, "NTSDATA"); // does not
        BOOST_TEST(now_ps() ==
                   expected.reaches_host(known, answers) + expected.on_the_wire(answers));
        hosts.await_all();

        known = wait_inside();
        begin = now_ps();
        (void)hosts.host(2).bar_read(bar2, 0); // host 0's completion passes
        const std::uint64_t asked = expected.reaches_other_host(
            expected.acts(begin, asks) + expected.cycles(timing_config{}.window), asks);
        const std::uint64_t completed = expected.reaches_host(
            expected.completion_crosses(asked + expected.dllps(), answers), answers);
        BOOST_TEST_REQUIRE(expected.acts(asked, answers) < known);
        BOOST_TEST(now_ps() == completed);
        hosts.await_all();
    });
}

BOOST_AUTO_TEST_SUITE_END()
