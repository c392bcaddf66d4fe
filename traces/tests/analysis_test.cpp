// SPDX-License-Identifier: Apache-2.0
// The analysis: latencies of a hand-written waveform and of a synthetic model, whose figures are
// known; what has no MSI; budgets; reports.
#include <boost/test/unit_test.hpp>

#include "traces/analysis/latency.h"
#include "traces/analysis/summary.h"
#include "traces/tests/ping_pong.h"
#include "traces/tests/support.h"
#include "traces/trace_error.h"
#include "traces/vcd_recorder.h"

namespace ntb::traces::test {
namespace {

const std::string by_hand = NTBSIM_TRACES_TEST_DATA "/exchange.vcd";

struct fixture {
    temporary_directory directory;
    std::string path = directory.file("t.vcd");

    void play(const ping_pong_timing& timing, unsigned rings, const char* patterns = "") const {
        vcd_recorder r({path, line_writer::no_limit, signal_selection(patterns)});
        ping_pong model(r, timing);
        for (unsigned i = 0; i < rings; ++i)
            model.ring(i & 1U);
        r.close(model.now());
    }
};

const path_latency& path_of(const latency_report& report, std::string_view name, unsigned from,
                            unsigned to) {
    for (const path_latency& p : report.paths) {
        if (p.name == name && p.from == from && p.to == to)
            return p;
    }
    throw std::runtime_error("no path " + std::string(name));
}

std::uint64_t silent(const latency_report& report, delivery_kind kind, delivery_end why,
                     unsigned from, unsigned to, std::uint64_t first_ps) {
    for (const without_msi& w : report.silent) {
        if (w.kind == kind && w.why == why && w.from == from && w.to == to) {
            BOOST_TEST(w.first_ps == first_ps);
            return w.count;
        }
    }
    return 0;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(analysis, fixture)

BOOST_AUTO_TEST_CASE(doorbells_of_the_hand_written_file_take_their_known_times) {
    const latency_report r = measure_latencies(by_hand);
    BOOST_TEST(r.core_clock_ps == 4000U);
    BOOST_TEST(r.end_ps == 1000000U);
    BOOST_TEST(r.other_doors == 0U);
    const path_latency& status = path_of(r, "doorbell-status", 0, 2);
    BOOST_TEST(status.count == 2U);
    BOOST_TEST(status.min_ps == 50000U);
    BOOST_TEST(status.median_ps == 50000U);
    BOOST_TEST(status.p99_ps == 60000U);
    BOOST_TEST(status.max_ps == 60000U);
    BOOST_TEST(status.max_at_ps == 10000U);
    const path_latency& interrupt = path_of(r, "doorbell-interrupt", 0, 2);
    BOOST_TEST(interrupt.count == 1U);
    BOOST_TEST(interrupt.max_ps == 20000U);
    const path_latency& whole = path_of(r, "doorbell", 0, 2);
    BOOST_TEST(whole.count == 1U);
    BOOST_TEST(whole.max_ps == 80000U);
}

BOOST_AUTO_TEST_CASE(messages_of_the_hand_written_file_take_their_known_times) {
    const latency_report r = measure_latencies(by_hand);
    BOOST_TEST(path_of(r, "message-status", 2, 0).count == 1U);
    BOOST_TEST(path_of(r, "message-status", 2, 0).max_ps == 60000U);
    BOOST_TEST(path_of(r, "message-interrupt", 2, 0).max_ps == 16000U);
    BOOST_TEST(path_of(r, "message", 2, 0).max_ps == 76000U);
}

BOOST_AUTO_TEST_CASE(requests_without_an_msi_are_counted_by_reason_with_a_time_to_look_at) {
    const latency_report r = measure_latencies(by_hand);
    const auto bell = delivery_kind::doorbell;
    BOOST_TEST(silent(r, bell, delivery_end::bit_was_set, 0, 2, 240000) == 1U);
    BOOST_TEST(silent(r, bell, delivery_end::coalesced, 0, 2, 330000) == 1U);
    BOOST_TEST(silent(r, bell, delivery_end::masked, 2, 0, 840000) == 1U);
    BOOST_TEST(r.silent.size() == 3U);
    // The MSI that unmasking caused belongs to no doorbell.
    BOOST_CHECK_THROW(path_of(r, "doorbell-interrupt", 2, 0), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_summary_counts_what_each_port_did) {
    const waveform_summary s = summarise(by_hand);
    BOOST_TEST(s.signals == 17U);
    BOOST_TEST(s.ports[0].doorbells_rung == 3U);
    BOOST_TEST(s.ports[2].doorbells_received == 2U);
    BOOST_TEST(s.ports[2].msis == 1U);
    BOOST_TEST(s.ports[2].messages_sent == 2U);
    BOOST_TEST(s.ports[2].messages_refused == 1U);
    BOOST_TEST(s.ports[0].messages_received == 1U);
    BOOST_TEST(s.ports[0].msis == 2U);
    BOOST_TEST(s.ports[0].rx_tlps == 3U);
    BOOST_TEST(!s.ports[4].seen);
    BOOST_TEST(summary_text(s).find("17 signals") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_bound_on_interrupts_holds_for_messages_too) {
    const waveform_summary s = summarise(by_hand, 50, 75000);
    std::vector<std::string> late;
    for (const finding& f : s.findings) {
        if (f.kind == finding_kind::interrupt_late)
            late.push_back(std::to_string(f.port) + " " + f.first);
    }
    const std::vector<std::string> expected{"2 doorbell 0x1 of port 0, MSI after 80 ns",
                                            "0 message register 1 of port 2, MSI after 76 ns"};
    BOOST_TEST(late == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(percentiles_and_histograms_are_those_of_each_pair) {
    vcd_recorder r({path});
    std::uint64_t t = 0;
    struct direction {
        unsigned from;
        unsigned to;
        std::uint64_t usual_ps;
        signal_id set{}, status{};
    };
    std::vector<direction> directions{{0, 2, 30000}, {2, 0, 41000}};
    for (direction& d : directions) {
        d.set = r.declare_bits("switch.port" + std::to_string(d.from) + ".nt.outdbellset", 32, 0);
        d.status = r.declare_bits("switch.port" + std::to_string(d.to) + ".nt.indbellsts", 32, 0);
    }
    for (const direction& d : directions) {
        for (unsigned i = 0; i < 200; ++i) { // 197 usual ones, two slow ones, a very slow one
            t += 1000000;
            const std::uint64_t took = i == 150 ? 500000 : i % 90 == 89 ? 90000 : d.usual_ps;
            r.pulse(d.set, t, t + 4000, 1);
            r.set(d.status, t + took, 1);
            r.set(d.status, t + 700000, 0);
        }
    }
    r.close(t + 1000000);
    const latency_report report = measure_latencies(path);
    for (const direction& d : directions) {
        const path_latency& p = path_of(report, "doorbell-status", d.from, d.to);
        BOOST_TEST(p.count == 200U);
        BOOST_TEST(p.min_ps == d.usual_ps);
        BOOST_TEST(p.median_ps == d.usual_ps);
        BOOST_TEST(p.p99_ps == 90000U); // nearest rank: the 198th of 200
        BOOST_TEST(p.max_ps == 500000U);
        BOOST_TEST(p.max_at_ps == (d.from == 0 ? 151 : 351) * std::uint64_t{1000000});
        std::uint64_t usual = 0;
        std::uint64_t all = 0;
        for (const histogram_bucket& b : p.histogram) {
            all += b.count;
            usual += b.begin <= d.usual_ps && d.usual_ps < b.end ? b.count : 0;
        }
        BOOST_TEST(all == 200U);
        BOOST_TEST(usual == 197U);
    }
    BOOST_TEST(latency_histograms(report).find("doorbell-status 2 -> 0, ns") != std::string::npos);
    BOOST_TEST(latency_json(report).find("\"histogram\": [{\"from_ps\": 0, ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(latencies_follow_each_number_of_the_timing) {
    ping_pong_timing timing;
    for (unsigned change = 0; change < 5; ++change) {
        timing.link += change == 1 ? 2 : 0;
        timing.ingress += change == 2 ? 5 : 0;
        timing.doorbell += change == 3 ? 1 : 0;
        timing.interrupt += change == 4 ? 7 : 0;
        play(timing, 40);
        const latency_report r = measure_latencies(path);
        for (const auto& [from, to] : {std::pair{0U, 2U}, std::pair{2U, 0U}}) {
            const path_latency& status = path_of(r, "doorbell-status", from, to);
            const path_latency& interrupt = path_of(r, "doorbell-interrupt", from, to);
            const path_latency& whole = path_of(r, "doorbell", from, to);
            BOOST_TEST(status.count == 20U);
            BOOST_TEST(status.min_ps == timing.write_to_status());
            BOOST_TEST(status.max_ps == timing.write_to_status());
            BOOST_TEST(interrupt.count == 20U);
            BOOST_TEST(interrupt.min_ps == timing.status_to_msi());
            BOOST_TEST(interrupt.max_ps == timing.status_to_msi());
            BOOST_TEST(whole.median_ps == timing.write_to_status() + timing.status_to_msi());
        }
        BOOST_TEST(r.silent.empty());
    }
}

BOOST_AUTO_TEST_CASE(with_all_delays_zero_everything_is_seen_at_one_instant) {
    ping_pong_timing timing;
    timing.link = timing.ingress = timing.doorbell = timing.interrupt = timing.egress = 0;
    play(timing, 40);
    const latency_report r = measure_latencies(path);
    BOOST_TEST(path_of(r, "doorbell", 0, 2).count == 20U);
    BOOST_TEST(path_of(r, "doorbell", 0, 2).max_ps == 0U);
    BOOST_TEST(path_of(r, "doorbell", 2, 0).count == 20U);
}

BOOST_AUTO_TEST_CASE(without_the_links_paths_begin_where_the_write_acts) {
    play({}, 10, "!*.tlp");
    const latency_report r = measure_latencies(path);
    BOOST_TEST(!r.links_recorded);
    const ping_pong_timing timing;
    BOOST_TEST(path_of(r, "doorbell-status", 0, 2).max_ps == timing.doorbell * timing.cycle);
    BOOST_TEST(latency_table(r).find("links are not recorded") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_the_core_clock_only_nanoseconds_are_told) {
    play({}, 10, "!switch.core_clock_ps");
    const latency_report r = measure_latencies(path);
    BOOST_TEST(r.core_clock_ps == 0U);
    BOOST_TEST(latency_table(r).find("core clock not recorded") != std::string::npos);
    BOOST_TEST(latency_json(r).find("cycles") == std::string::npos);
    BOOST_TEST(exceeded(r, {parse_budget("doorbell=1000cycles")}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(two_rings_under_way_at_once_are_told_apart) {
    // Port 0 rings bit 0, two cycles later bit 1; the first raises an interrupt, both arrive.
    vcd_recorder r({path});
    const signal_id set = r.declare_bits("switch.port0.nt.outdbellset", 32, 0);
    const signal_id count = r.declare_bits("switch.port0.nt.outdbellset_count", 32, 0);
    const signal_id status = r.declare_bits("switch.port2.nt.indbellsts", 32, 0);
    const signal_id msi = r.declare_bits("switch.port2.nt.msi", 1, 0);
    std::uint64_t rung = 0;
    for (std::uint64_t t = 100000; t < 1000000; t += 100000) {
        r.pulse(set, t, t + 4000, 1);
        r.set(count, t, ++rung);
        r.pulse(set, t + 8000, t + 12000, 3); // bit 0 once more, and bit 1
        r.set(count, t + 8000, ++rung);
        r.set(status, t + 32000, 1);
        r.set(status, t + 40000, 3);
        r.pulse(msi, t + 48000, t + 52000, 1);
        r.set(status, t + 80000, 0);
    }
    r.close(1000000);
    const latency_report report = measure_latencies(path);
    const path_latency& p = path_of(report, "doorbell-status", 0, 2);
    BOOST_TEST(p.count == 18U);
    BOOST_TEST(p.min_ps == 32000U);
    BOOST_TEST(p.max_ps == 32000U);
    BOOST_TEST(path_of(report, "doorbell", 0, 2).max_ps == 48000U);
    BOOST_TEST(silent(report, delivery_kind::doorbell, delivery_end::coalesced, 0, 2, 108000) ==
               9U);
}

BOOST_AUTO_TEST_CASE(rings_without_a_pause_between_them_are_counted_by_their_counter) {
    vcd_recorder r({path});
    const signal_id set = r.declare_bits("switch.port0.nt.outdbellset", 32, 0);
    const signal_id count = r.declare_bits("switch.port0.nt.outdbellset_count", 32, 0);
    for (std::uint64_t n = 1; n <= 10; ++n) { // the wire stays high for ten cycles
        r.pulse(set, n * 4000, n * 4000 + 4000, 1);
        r.set(count, n * 4000, n);
    }
    r.close(100000);
    BOOST_TEST(summarise(path).ports[0].doorbells_rung == 10U);
}

BOOST_AUTO_TEST_CASE(a_stale_request_does_not_spoil_the_figures) {
    // Port 4 is masked off from bit 0 (nothing arrives); 100 rings later it is let in.
    vcd_recorder r({path});
    const signal_id set = r.declare_bits("switch.port0.nt.outdbellset", 32, 0);
    const signal_id status2 = r.declare_bits("switch.port2.nt.indbellsts", 32, 0);
    const signal_id status4 = r.declare_bits("switch.port4.nt.indbellsts", 32, 0);
    std::uint64_t t = 0;
    for (int i = 0; i < 200; ++i) {
        t += 100000;
        r.pulse(set, t, t + 4000, 1);
        r.set(status2, t + 32000, 1);
        if (i >= 100)
            r.set(status4, t + 32000, 1);
        r.set(status2, t + 80000, 0);
        r.set(status4, t + 80000, 0);
    }
    r.close(t + 90000);
    const latency_report report = measure_latencies(path);
    for (const unsigned to : {2U, 4U}) {
        BOOST_TEST(path_of(report, "doorbell-status", 0, to).min_ps == 32000U);
        BOOST_TEST(path_of(report, "doorbell-status", 0, to).max_ps == 32000U);
    }
    BOOST_TEST(path_of(report, "doorbell-status", 0, 4).count == 100U);
}

BOOST_AUTO_TEST_CASE(the_table_shows_file_cycles_and_nanoseconds) {
    play({}, 10);
    const std::string table = latency_table(measure_latencies(path));
    BOOST_TEST(table.find(path + ": latencies read from the waveform") == 0U);
    BOOST_TEST(table.find("core clock 4 ns") != std::string::npos);
    BOOST_TEST(table.find("doorbell            0 -> 2  BAR0 write -> peer MSI             5      "
                          "28      28   28   28  112     112  112  112    100 ns\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_names_every_figure_in_three_units) {
    const std::string json = latency_json(measure_latencies(by_hand));
    BOOST_TEST(json.find("\"name\": \"message\", \"path\": \"OUTMSG write -> peer MSI\", "
                         "\"from\": 2, \"to\": 0, \"count\": 1, \"min_ps\": 76000, "
                         "\"min_ns\": 76, \"min_cycles\": 19") != std::string::npos);
    BOOST_TEST(json.find("\"why\": \"coalesced\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_budget_is_exceeded_only_by_a_larger_figure) {
    const latency_report r = measure_latencies(by_hand);
    const auto over = [&](const char* text) { return exceeded(r, {parse_budget(text)}).size(); };
    BOOST_TEST(over("doorbell=80ns") == 0U);
    BOOST_TEST(over("doorbell=79999ps") == 1U);
    BOOST_TEST(over("doorbell=20cycles") == 0U);
    BOOST_TEST(over("doorbell=19 cycles") == 1U);
    BOOST_TEST(over("doorbell-status=59ns") == 2U); // both pairs
    BOOST_TEST(over("doorbell-status:0-2=59ns") == 1U);
    BOOST_TEST(over("doorbell-status:0-2.median=50ns") == 0U);
    BOOST_TEST(over("doorbell-status:0-2.min=49ns") == 1U);
    BOOST_TEST(over("message:0-2=1s") == 1U); // not measured: no proof that it holds
}

BOOST_AUTO_TEST_CASE(what_exceeds_a_budget_is_told_in_the_budgets_unit) {
    const latency_report r = measure_latencies(by_hand);
    const auto told = [&](const char* budget, const char* part) {
        const std::vector<std::string> lines = exceeded(r, {parse_budget(budget)});
        BOOST_REQUIRE(lines.size() == 1U);
        BOOST_TEST(lines.front().find(part) != std::string::npos, lines.front());
    };
    told("doorbell=19 cycles", " max is 20 cycles,");
    told("doorbell=79ns", " max is 80 ns,");
    told("doorbell=79999ps", " max is 80000 ps,");
    told("doorbell=0.079us", " max is 0.08 us,");
    told("doorbell=1000fs", " max is 80000000 fs,");
}

BOOST_AUTO_TEST_CASE(a_budget_that_says_nothing_is_refused) {
    for (const char* bad :
         {"doorbell", "bell=1ns", "doorbell=1", "doorbell=ns", "doorbell.avg=1ns", "doorbell:0=1ns",
          "doorbell:0-x=1ns", "doorbell=-1cycles", "doorbell=cycles", "=1ns", ""})
        BOOST_CHECK_THROW((void)parse_budget(bad), trace_error);
}

BOOST_AUTO_TEST_CASE(signal_names_are_told_by_role_port_and_number) {
    const auto is = [](const char* name, signal_role role, unsigned port, unsigned number) {
        const signal_meaning m = meaning_of(name);
        return m.role == role && m.port == port && m.number == number;
    };
    BOOST_TEST(is("switch.port12.nt.outmsg3_write_count", signal_role::outmsg_write_count, 12, 3));
    BOOST_TEST(is("switch.port2.link.tx.tlp", signal_role::tx_tlp, 2, 0));
    BOOST_TEST(is("switch.port2.nt.inmsg1", signal_role::inmsg, 2, 1));
    for (const char* other : {"switch.port24.nt.msi", "switch.port.nt.msi", "switch.port2.nt.msix",
                              "switch.port2.nt.inmsgsrc1", "switch.port2.nt.outmsg4", "sests"})
        BOOST_TEST((meaning_of(other).role == signal_role::none));
    BOOST_TEST(parse_bar0_write("MWr bar0+0x0420 4B 0x00000010").value == 16U);
    BOOST_TEST(parse_bar0_write("MWr bar0+0x0420 4B 0x00000010").offset == 0x420U);
    BOOST_TEST(parse_bar0_write("MWr bar0+0x0420 OUTDBELLSET 4B 0x00000010").offset == 0x420U);
    BOOST_TEST(parse_bar0_write("MWr bar0+0x0420 OUTDBELLSET 4B 0x00000010").value == 16U);
    for (const char* other : {"MRd bar0+0x0420 4B", "MWr bar2+0x0420 4B 0x1", "MWr bar0+0x", "",
                              "MWr bar0+0x420", "MWr bar0+0x420 0xzz"})
        BOOST_TEST(!parse_bar0_write(other).valid);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
