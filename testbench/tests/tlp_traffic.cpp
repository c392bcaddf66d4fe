// SPDX-License-Identifier: Apache-2.0
// TLPs that meet: posted requests that move on by themselves, the order among the three kinds
// (docs/reference/behaviour.md B18.2), ports that two hosts write to, credits, DLLPs. Every
// expected time is computed from the timing configuration alone (expected_time.h).
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <vector>

#include "testbench/tests/meeting_hosts.h"

using namespace ntb;
using namespace ntb::test;

BOOST_AUTO_TEST_SUITE(tlp_traffic)

// --- order -------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_doorbell_behind_a_2_kib_window_write_waits_on_the_peer_s_link,
                        meeting_hosts) { // B18.2
    run([this] {
        prepare();
        const std::uint64_t begin = now_ps();
        std::vector<unsigned char> data(kib2, 0x5A);
        BOOST_TEST(host(0).bar_transfer(bar2, tlm::TLM_WRITE_COMMAND, 0, data.data(), kib2) ==
                   tlm::TLM_OK_RESPONSE);
        const std::uint64_t crossed = translated(begin, kib2);
        BOOST_TEST(now_ps() == crossed); // posted: the host goes on
        write(0, "OUTDBELLSET", 2);
        const std::uint64_t rung = expected.acts(crossed, expected_time::write_of_dword);
        BOOST_TEST(now_ps() == rung);
        settle();
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.indbellsts") ==
                   rung + expected.cycles(timing_.doorbell));
        const std::uint64_t data_end = ready(crossed) + expected.on_the_wire(wire_of(kib2));
        const std::uint64_t msi_ready =
            expected.reaches_host(rung + expected.cycles(timing_.doorbell + timing_.interrupt), 0);
        BOOST_TEST_REQUIRE(msi_ready < data_end); // else nothing would be shown here
        BOOST_TEST(host(2).interrupts().last_msi().time_ps ==
                   data_end + expected.on_the_wire(expected_time::msi));
    });
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_on_the_link_behind_a_write_acts_when_that_has_crossed,
                        meeting_hosts) { // B18.2
    run([this] {
        prepare();
        const std::uint64_t begin = now_ps();
        spawn_write(0, 64);
        sc_core::wait(sc_core::SC_ZERO_TIME); // it goes first
        write(0, "OUTDBELLSET", 2);
        const std::uint64_t alone =
            expected.acts(begin + expected.on_the_wire(wire_of(64)), expected_time::write_of_dword);
        BOOST_TEST_REQUIRE(alone < translated(begin, 64)); // or it would have to wait for nothing
        BOOST_TEST(now_ps() == translated(begin, 64));
        BOOST_TEST(signals.last_change_ps("switch.port0.nt.outdbellset_count") == now_ps());
        await_all();
    });
}

BOOST_FIXTURE_TEST_CASE(a_read_pushes_the_writes_before_it, meeting_hosts) { // B18.2
    run([this] {
        prepare();
        const std::uint64_t begin = now_ps();
        spawn_write(0, kib2);
        sc_core::wait(sc_core::SC_ZERO_TIME);
        BOOST_TEST(host(0).bar_read(bar2, kib2 - 4).data == 0xA0A0A0A0U);
        const std::uint64_t data_end =
            ready(translated(begin, kib2)) + expected.on_the_wire(wire_of(kib2));
        BOOST_TEST_REQUIRE(tlps(2, "tx").size() == 2U);
        BOOST_TEST(tlps(2, "tx").at(0).until_ps == data_end);
        BOOST_TEST(tlps(2, "tx").at(1).time_ps == data_end);
        const std::uint64_t asked = data_end + expected.on_the_wire(expected_time::read_request);
        BOOST_TEST(now_ps() == expected.reaches_host(
                                   expected.completion_crosses(asked + expected.dllps(),
                                                               expected_time::completion_of_dword),
                                   expected_time::completion_of_dword));
        await_all();
    });
}

BOOST_FIXTURE_TEST_CASE(a_completion_does_not_pass_the_data_before_it, meeting_hosts) { // B18.2
    run([this] {
        prepare();
        const std::uint64_t cycle = timing_.core_clock_ps;
        // The read begins before or after the write comes into port 2. Its DLLPs are due while the
        // data is in the egress pipeline and the link idle: they delay nothing.
        for (const std::uint64_t later : {std::uint64_t{0}, cycle, 2 * cycle}) {
            align();
            const std::uint64_t begin = now_ps();
            spawn_write(0, kib2);
            const std::uint64_t crossed = translated(begin, kib2);
            sc_core::wait(sc_core::sc_time::from_value(crossed - begin + later - cycle));
            const std::uint64_t asked = now_ps();
            (void)read(2, "NTSDATA");
            const std::uint64_t data_end = ready(crossed) + expected.on_the_wire(wire_of(kib2));
            const std::uint64_t alone =
                expected.reaches_host(expected.acts(asked, expected_time::read_request), 0);
            BOOST_TEST_REQUIRE(alone < data_end); // or it would have to wait for nothing
            BOOST_TEST_REQUIRE(tlps(2, "tx").size() == 2U);
            BOOST_TEST(tlps(2, "tx").at(0).time_ps == ready(crossed));
            BOOST_TEST(tlps(2, "tx").at(1).time_ps == data_end); // right behind it
            BOOST_TEST(now_ps() ==
                       data_end + expected.on_the_wire(expected_time::completion_of_dword));
            std::array<unsigned char, 4> last{};
            BOOST_TEST(host(2).ram().read(kib2 - 4, last.data(), 4));
            BOOST_TEST(last.at(3) == 0xA0); // who sees the completion has the data
            await_all();
        }
    });
}

BOOST_AUTO_TEST_CASE(a_write_passes_a_read_that_waits_for_credits) { // B18.2
    meeting_hosts hosts(timing_with([](timing_config& t) {
        t.host_credits.non_posted_headers = 1;
        t.credit_return = 255;
    }));
    hosts.run([&hosts] {
        hosts.prepare();
        for (unsigned i = 0; i < 2; ++i)
            hosts.spawn([&hosts] { BOOST_TEST(hosts.host(0).bar_read(bar2, 0).ok()); });
        sc_core::wait(200, sc_core::SC_NS);
        hosts.spawn_write(0, 4, 0x100);
        hosts.await_all();
        const auto& sent = hosts.tlps(2, "tx");
        BOOST_TEST_REQUIRE(sent.size() == 3U);
        BOOST_TEST(sent.at(0).text.substr(0, 3) == "MRd");
        BOOST_TEST(sent.at(1).text.substr(0, 3) == "MWr");
        BOOST_TEST(sent.at(2).text.substr(0, 3) == "MRd");
        // The first read's credit came back in closed form.
        BOOST_TEST(sent.at(2).time_ps ==
                   sent.at(0).time_ps + hosts.expected.on_the_wire(expected_time::read_request) +
                       hosts.expected.cycles(255));
    });
}

// --- ports that meet ---------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(two_hosts_that_write_to_one_port_share_its_link, meeting_hosts) { // B18.2
    run([this] {
        prepare();
        const std::uint64_t begin = now_ps();
        spawn_write(0, 1024);
        spawn_write(4, 1024, 0x4000);
        await_all();
        BOOST_TEST(now_ps() == translated(begin, 1024)); // neither waits for the other
        settle();
        const std::uint64_t first = ready(translated(begin, 1024));
        const std::uint64_t took = expected.on_the_wire(wire_of(1024));
        BOOST_TEST_REQUIRE(tlps(2, "tx").size() == 2U);
        BOOST_TEST(tlps(2, "tx").at(0).time_ps == first);
        BOOST_TEST(tlps(2, "tx").at(0).until_ps == first + took);
        BOOST_TEST(tlps(2, "tx").at(1).time_ps == first + took);
        BOOST_TEST(tlps(2, "tx").at(1).until_ps == first + 2 * took);
    });
}

BOOST_FIXTURE_TEST_CASE(writers_wait_when_the_port_has_no_room_and_all_arrives_in_order,
                        meeting_hosts) {
    run([this] {
        prepare();
        constexpr unsigned writes = 60; // many more than a port keeps
        for (unsigned i = 0; i < writes; ++i)
            spawn([this, i] {
                const std::uint32_t value = i + 1;
                std::array<unsigned char, 1024> data{};
                std::memcpy(data.data(), &value, 4);
                BOOST_TEST(host(i % 2 * 4).bar_transfer(bar2, tlm::TLM_WRITE_COMMAND,
                                                        0x400 * std::uint64_t{i}, data.data(),
                                                        1024) == tlm::TLM_OK_RESPONSE);
            });
        await_all();
        settle();
        sc_core::wait(100, sc_core::SC_US);
        for (unsigned i = 0; i < writes; ++i) {
            std::uint32_t value = 0;
            BOOST_TEST(host(2).ram().read(0x400 * std::uint64_t{i}, &value, 4));
            BOOST_TEST(value == i + 1);
        }
        const auto& sent = tlps(2, "tx");
        BOOST_TEST_REQUIRE(sent.size() == writes);
        for (unsigned i = 1; i < writes; ++i) // without a gap: the link is what is short
            BOOST_TEST(sent.at(i).time_ps == sent.at(i - 1).until_ps);
    });
}

BOOST_FIXTURE_TEST_CASE(a_transaction_larger_than_a_tlp_can_be_holds_its_initiator, meeting_hosts) {
    run([this] {
        prepare();
        const std::uint64_t begin = now_ps();
        constexpr unsigned bytes = 8192;
        std::vector<unsigned char> data(bytes, 0x77);
        BOOST_TEST(host(0).bar_transfer(bar2, tlm::TLM_WRITE_COMMAND, 0, data.data(), bytes) ==
                   tlm::TLM_OK_RESPONSE);
        BOOST_TEST(now_ps() ==
                   ready(translated(begin, bytes)) + expected.on_the_wire(wire_of(bytes)));
        std::vector<unsigned char> there(bytes);
        BOOST_TEST(host(2).ram().read(0, there.data(), bytes));
        BOOST_TEST((there == data));
    });
}

// --- credits and DLLPs ---------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_port_without_credit_of_its_host_waits_for_it) { // B18.5
    meeting_hosts hosts(timing_with([](timing_config& t) { t.host_credits.posted_headers = 1; }));
    hosts.run([&hosts] {
        hosts.prepare();
        const std::uint64_t begin = now_ps();
        for (unsigned i = 0; i < 3; ++i)
            hosts.spawn_write(0, 4, std::uint64_t{16} * i);
        hosts.await_all();
        several_hosts::settle();
        const auto& sent = hosts.tlps(2, "tx");
        BOOST_TEST_REQUIRE(sent.size() == 3U);
        const std::uint64_t took = hosts.expected.on_the_wire(expected_time::write_of_dword);
        const std::uint64_t first = hosts.ready(hosts.translated(begin, 4));
        const std::uint64_t again = took + hosts.expected.cycles(timing_config{}.credit_return);
        for (unsigned i = 0; i < 3; ++i)
            BOOST_TEST(sent.at(i).time_ps == first + i * again);
    });
}

BOOST_AUTO_TEST_CASE(data_credits_count_sixteen_bytes_each) { // B18.5
    meeting_hosts hosts(timing_with([](timing_config& t) { t.host_credits.posted_data = 8; }));
    hosts.run([&hosts] {
        hosts.prepare();
        for (const unsigned bytes : {64U, 60U, 4U}) // four units, four, then one more
            hosts.spawn_write(0, bytes);
        hosts.await_all();
        several_hosts::settle();
        const auto& sent = hosts.tlps(2, "tx");
        BOOST_TEST_REQUIRE(sent.size() == 3U);
        BOOST_TEST(sent.at(2).time_ps ==
                   sent.at(0).until_ps + hosts.expected.cycles(timing_config{}.credit_return));
        BOOST_TEST(sent.at(1).until_ps < sent.at(2).time_ps);
    });
}

BOOST_AUTO_TEST_CASE(a_host_without_credit_of_the_switch_waits_for_it) { // B18.5
    meeting_hosts hosts(timing_with([](timing_config& t) { t.switch_credits.posted_headers = 1; }));
    hosts.run([&hosts] {
        hosts.prepare();
        const std::uint64_t begin = now_ps();
        for (unsigned i = 0; i < 3; ++i)
            hosts.spawn_write(0, 4, std::uint64_t{16} * i);
        hosts.await_all();
        const auto& sent = hosts.tlps(0, "rx");
        BOOST_TEST_REQUIRE(sent.size() == 3U);
        // A TLP gives its credit back when it has left the port's buffer.
        std::uint64_t at = begin;
        for (unsigned i = 0; i < 3; ++i) {
            BOOST_TEST(sent.at(i).time_ps == at);
            at = hosts.expected.edge(hosts.translated(at, 4)) +
                 hosts.expected.cycles(timing_config{}.credit_return);
        }
    });
}

BOOST_AUTO_TEST_CASE(dllps_use_idle_time_and_delay_what_follows_at_once) {
    meeting_hosts hosts{timing_config{}};
    hosts.run([&hosts] {
        hosts.prepare();
        (void)hosts.read(0, "NTSDATA");
        const std::uint64_t answered = now_ps();
        (void)hosts.read(0, "NTSDATA");
        // An ACK and an UpdateFC of the completion, 8 bytes each.
        BOOST_TEST(hosts.tlps(0, "rx").back().time_ps == answered + hosts.expected.dllps());
        sc_core::wait(sc_core::sc_time::from_value(hosts.expected.dllps()));
        const std::uint64_t later = now_ps();
        (void)hosts.read(0, "NTSDATA");
        BOOST_TEST(hosts.tlps(0, "rx").back().time_ps == later);
    });
}

BOOST_FIXTURE_TEST_CASE(a_tlp_that_is_lost_with_its_link_is_not_shown_any_longer, meeting_hosts) {
    run([this] {
        prepare();
        const std::uint64_t begin = now_ps();
        spawn_write(0, kib2);
        spawn_write(4, kib2); // behind it on the link of port 2
        await_all();
        const std::uint64_t on_the_wire = ready(translated(begin, kib2)) + 1'000;
        BOOST_TEST_REQUIRE(now_ps() < on_the_wire);
        sc_core::wait(sc_core::sc_time::from_value(on_the_wire - now_ps()));
        bench.set_link(port_number(2), false);
        BOOST_TEST_REQUIRE(tlps(2, "tx").size() == 1U); // the one behind it is never shown
        BOOST_TEST(tlps(2, "tx").front().time_ps < on_the_wire);
        BOOST_TEST(tlps(2, "tx").front().until_ps == on_the_wire);
    });
}

BOOST_AUTO_TEST_SUITE_END()
