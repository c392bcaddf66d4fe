// SPDX-License-Identifier: Apache-2.0
// What deserves a look: findings, use of the links, histograms, and budgets on them.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "traces/analysis/histogram.h"
#include "traces/analysis/latency.h"
#include "traces/analysis/summary.h"
#include "traces/diagram/charts.h"
#include "traces/tests/support.h"
#include "traces/trace_error.h"
#include "traces/vcd_recorder.h"

namespace ntb::traces::test {
namespace {

constexpr std::uint64_t ns = 1000;

/// Two ports with what an interrupt depends on; everything unmasked.
struct fixture {
    temporary_directory directory;
    std::string path = directory.file("t.vcd");
    vcd_recorder r{{path}};
    struct port {
        signal_id up, rx, tx, set, status, mask, message_status, summary, msi, dropped, intx;
    };
    port sender = declare(0);
    port receiver = declare(2);

    port declare(unsigned number) {
        const std::string p = "switch.port" + std::to_string(number) + '.';
        port out{};
        out.up = r.declare_bits(p + "link.up", 1, 1);
        out.rx = r.declare_text(p + "link.rx.tlp");
        out.tx = r.declare_text(p + "link.tx.tlp");
        out.set = r.declare_bits(p + "nt.outdbellset", 32, 0);
        out.status = r.declare_bits(p + "nt.indbellsts", 32, 0);
        out.mask = r.declare_bits(p + "nt.indbellmsk", 32, 0);
        out.message_status = r.declare_bits(p + "nt.msgsts", 32, 0);
        r.declare_bits(p + "nt.msgstsmsk", 32, 0);
        out.summary = r.declare_bits(p + "nt.ntintsts", 32, 0);
        r.declare_bits(p + "nt.ntintmsk", 32, 0);
        out.msi = r.declare_bits(p + "nt.msi", 1, 0);
        out.dropped = r.declare_bits(p + "nt.msi_dropped", 1, 0);
        out.intx = r.declare_bits(p + "nt.intx", 1, 0);
        return out;
    }
    void ring(std::uint64_t t, std::uint64_t bits = 1) {
        r.text(sender.rx, t, t, t + 10 * ns,
               "MWr bar0+0x0420 OUTDBELLSET 4B 0x0000000" + std::to_string(bits));
        r.pulse(sender.set, t + 10 * ns, t + 14 * ns, bits);
    }
    void arrives(std::uint64_t t) {
        r.set(receiver.status, t, 1);
        r.set(receiver.summary, t, 2);
    }
    void handled(std::uint64_t t) {
        r.set(receiver.status, t, 0);
        r.set(receiver.summary, t, 0);
    }
    void interrupts(std::uint64_t t) { r.pulse(receiver.msi, t, t + 4 * ns, 1); }

    waveform_summary summary(std::uint64_t end) {
        r.close(end);
        return summarise(path);
    }
};

/// The finding of that kind at a port; count 0 if there is none.
finding found(const waveform_summary& s, finding_kind kind, unsigned port) {
    for (const finding& f : s.findings) {
        if (f.kind == kind && f.port == port)
            return f;
    }
    return {};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(look, fixture)

BOOST_AUTO_TEST_CASE(a_clean_exchange_has_no_findings) {
    ring(100 * ns);
    arrives(150 * ns);
    interrupts(160 * ns);
    handled(200 * ns);
    BOOST_TEST(summary(300 * ns).findings.empty());
}

BOOST_AUTO_TEST_CASE(a_cause_without_an_interrupt_is_a_lost_one) {
    ring(100 * ns);
    arrives(150 * ns);
    handled(200 * ns); // somebody polled
    const finding f = found(summary(300 * ns), finding_kind::interrupt_lost, 2);
    BOOST_TEST(f.count == 1U);
    BOOST_TEST(f.first_ps == 150 * ns);
    BOOST_TEST(f.first == "doorbell 0x1 of port 0");
}

BOOST_AUTO_TEST_CASE(an_intx_in_place_of_an_msi_is_none) {
    ring(100 * ns);
    arrives(150 * ns);
    r.set(receiver.intx, 160 * ns, 1);
    handled(200 * ns);
    r.set(receiver.intx, 200 * ns, 0);
    BOOST_TEST(summary(300 * ns).findings.empty());
}

BOOST_AUTO_TEST_CASE(a_second_msi_for_one_cause_is_unasked) {
    ring(100 * ns);
    arrives(150 * ns);
    interrupts(160 * ns);
    interrupts(170 * ns);
    handled(200 * ns);
    const waveform_summary s = summary(300 * ns);
    BOOST_TEST(s.findings.size() == 1U);
    BOOST_TEST(found(s, finding_kind::interrupt_unasked, 2).first_ps == 170 * ns);
}

BOOST_AUTO_TEST_CASE(msis_of_the_function_and_of_the_link_are_the_same_ones) {
    // A port of which the causes of interrupts are not recorded.
    const signal_id count = r.declare_bits("switch.port4.nt.msi_count", 32, 0);
    const signal_id tx = r.declare_text("switch.port4.link.tx.tlp");
    const auto on_link = [&](std::uint64_t t) {
        r.text(tx, t, t, t + 10 * ns, "MSI 0xfee00000 0x0041");
    };
    r.set(count, 1000 * ns, 1);
    on_link(1050 * ns); // as it should be
    r.set(count, 2000 * ns, 2);
    on_link(2050 * ns);
    on_link(2060 * ns);         // doubled
    r.set(count, 3000 * ns, 3); // lost
    r.set(receiver.up, 20000 * ns, 0);
    const waveform_summary s = summary(20000 * ns);
    BOOST_TEST(found(s, finding_kind::interrupt_unasked, 4).first_ps == 2060 * ns);
    BOOST_TEST(found(s, finding_kind::interrupt_unasked, 4).count == 1U);
    BOOST_TEST(found(s, finding_kind::interrupt_lost, 4).first_ps == 3000 * ns);
    BOOST_TEST(found(s, finding_kind::interrupt_lost, 4).first ==
               "MSI that never reached the link");
}

BOOST_AUTO_TEST_CASE(msis_that_wait_are_lost_with_their_link) {
    const signal_id up = r.declare_bits("switch.port4.link.up", 1, 1);
    const signal_id tx = r.declare_text("switch.port4.link.tx.tlp");
    const signal_id count = r.declare_bits("switch.port4.nt.msi_count", 32, 0);
    r.set(count, 1000 * ns, 1);
    r.set(up, 10000 * ns, 0);
    r.set(up, 12000 * ns, 1);
    r.text(tx, 20000 * ns, 20000 * ns, 20010 * ns, "MSI 0xfee00000 0x0041");
    const waveform_summary s = summary(30000 * ns);
    BOOST_TEST(found(s, finding_kind::interrupt_lost, 4).first_ps == 1000 * ns);
    BOOST_TEST(found(s, finding_kind::interrupt_unasked, 4).first_ps == 20000 * ns);
}

BOOST_AUTO_TEST_CASE(a_dropped_msi_is_found_once) {
    ring(100 * ns);
    arrives(150 * ns);
    r.pulse(receiver.dropped, 160 * ns, 164 * ns, 1);
    const waveform_summary s = summary(300 * ns);
    BOOST_TEST(s.findings.size() == 1U);
    BOOST_TEST(found(s, finding_kind::interrupt_dropped, 2).first_ps == 160 * ns);
}

BOOST_AUTO_TEST_CASE(a_doorbell_that_nobody_hears_is_found_at_its_sender) {
    ring(100 * ns, 4);
    const finding f = found(summary(300 * ns), finding_kind::doorbell_unheard, 0);
    BOOST_TEST(f.first_ps == 110 * ns);
    BOOST_TEST(f.first == "doorbell 0x4");
}

BOOST_AUTO_TEST_CASE(a_doorbell_that_was_masked_is_not_taken_for_a_later_one) {
    ring(100 * ns);
    ring(600 * ns);
    arrives(650 * ns);
    interrupts(660 * ns);
    handled(700 * ns);
    const waveform_summary s = summary(800 * ns);
    BOOST_TEST(found(s, finding_kind::doorbell_unheard, 0).first_ps == 110 * ns);
    BOOST_TEST(found(s, finding_kind::doorbell_merged, 2).count == 0U);
}

BOOST_AUTO_TEST_CASE(unmasking_what_has_had_its_interrupt_is_a_repeated_one) {
    ring(100 * ns);
    arrives(150 * ns);
    interrupts(160 * ns);
    r.set(receiver.mask, 200 * ns, 1);
    r.set(receiver.mask, 220 * ns, 0);
    interrupts(230 * ns);
    handled(300 * ns);
    const waveform_summary s = summary(400 * ns);
    BOOST_TEST(s.findings.size() == 1U);
    BOOST_TEST(found(s, finding_kind::interrupt_repeated, 2).first_ps == 230 * ns);
}

BOOST_AUTO_TEST_CASE(unmasking_what_waited_for_it_is_no_repeated_interrupt) {
    r.set(receiver.mask, 50 * ns, 1);
    ring(100 * ns);
    arrives(150 * ns);
    r.set(receiver.mask, 220 * ns, 0);
    interrupts(230 * ns);
    handled(300 * ns);
    BOOST_TEST(found(summary(400 * ns), finding_kind::interrupt_repeated, 2).count == 0U);
}

BOOST_AUTO_TEST_CASE(an_interrupt_that_takes_longer_than_the_bound_is_late_since_its_request) {
    ring(100 * ns);
    arrives(150 * ns);
    interrupts(1200 * ns);
    handled(1300 * ns);
    const finding f = found(summary(1400 * ns), finding_kind::interrupt_late, 2);
    BOOST_TEST(f.count == 1U);
    BOOST_TEST(f.first_ps == 100 * ns);
    BOOST_TEST(f.first == "doorbell 0x1 of port 0, MSI after 1.1 us");
    BOOST_TEST(summarise(path, 50, 1100 * ns).findings.empty());
    BOOST_TEST(summarise(path, 50, 1099 * ns).findings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_interrupt_that_waited_for_its_mask_is_late_as_well) {
    r.set(receiver.mask, 50 * ns, 1);
    ring(100 * ns);
    r.set(receiver.status, 150 * ns, 1);
    r.set(receiver.mask, 2000 * ns, 0);
    r.set(receiver.summary, 2000 * ns, 2);
    interrupts(2010 * ns);
    handled(2050 * ns);
    r.set(receiver.mask, 3000 * ns, 1);
    ring(3100 * ns);
    r.set(receiver.status, 3150 * ns, 1);
    r.set(receiver.status, 3200 * ns, 0); // somebody polled: nothing is told of it later
    r.set(receiver.mask, 5000 * ns, 0);
    const waveform_summary s = summary(6000 * ns);
    BOOST_TEST(found(s, finding_kind::interrupt_masked, 2).count == 2U);
    BOOST_TEST(found(s, finding_kind::interrupt_late, 2).count == 1U);
    BOOST_TEST(found(s, finding_kind::interrupt_late, 2).first ==
               "doorbell 0x1 of port 0, MSI after 1.91 us");
}

BOOST_AUTO_TEST_CASE(a_late_msi_is_told_from_those_that_pass_it_on_the_link) {
    const signal_id count = r.declare_bits("switch.port2.nt.msi_count", 32, 0);
    std::uint64_t sent = 0;
    const auto exchange = [&](std::uint64_t t) {
        ring(t);
        arrives(t + 50 * ns);
        interrupts(t + 60 * ns);
        r.set(count, t + 60 * ns, ++sent);
    };
    const auto on_link = [&](std::uint64_t t) {
        r.text(receiver.tx, t, t, t + 10 * ns, "MSI 0xfee00000 0x0041");
        handled(t + 100 * ns);
    };
    exchange(1000 * ns);
    on_link(1100 * ns);
    exchange(2000 * ns); // this one is held
    handled(2200 * ns);
    exchange(3000 * ns);
    on_link(3100 * ns);
    on_link(9000 * ns);
    const waveform_summary s = summary(10000 * ns);
    BOOST_TEST(s.findings.size() == 1U);
    const finding f = found(s, finding_kind::interrupt_late, 2);
    BOOST_TEST(f.count == 1U);
    BOOST_TEST(f.first_ps == 2000 * ns);
    BOOST_TEST(f.first == "doorbell 0x1 of port 0, MSI after 7 us");
}

BOOST_AUTO_TEST_CASE(data_that_never_leaves_although_its_doorbell_arrives_is_missing) {
    r.text(sender.rx, 50 * ns, 50 * ns, 60 * ns, "MWr bar2+0x0000 4B 0x12345678");
    ring(100 * ns);
    arrives(150 * ns);
    interrupts(160 * ns);
    handled(200 * ns);
    r.text(sender.rx, 250 * ns, 250 * ns, 260 * ns,
           "MWr bar2+0x0000 4B 0x12345678"); // again, and it leaves
    r.text(receiver.tx, 300 * ns, 300 * ns, 310 * ns, "MWr 0x00001000 4B 0x12345678");
    r.text(sender.rx, 350 * ns, 350 * ns, 360 * ns,
           "MWr bar2+0x0004 4B 0x9abcdef0"); // no doorbell after it
    const waveform_summary s = summary(400 * ns);
    const finding f = found(s, finding_kind::data_missing, 0);
    BOOST_TEST(s.findings.size() == 1U);
    BOOST_TEST(f.count == 1U);
    BOOST_TEST(f.first_ps == 50 * ns);
    BOOST_TEST(f.first == "write of 0x12345678");
}

BOOST_AUTO_TEST_CASE(a_doorbell_whose_bit_is_set_is_merged_and_not_unheard) {
    ring(100 * ns);
    arrives(150 * ns);
    interrupts(160 * ns);
    ring(200 * ns);
    const waveform_summary s = summary(400 * ns);
    BOOST_TEST(found(s, finding_kind::doorbell_merged, 2).count == 1U);
    BOOST_TEST(found(s, finding_kind::doorbell_unheard, 0).count == 0U);
}

BOOST_AUTO_TEST_CASE(a_refused_message_is_an_overrun_at_its_sender) {
    r.set(sender.message_status, 100 * ns, 2); // OUTMSGSTS1
    const finding f = found(summary(300 * ns), finding_kind::message_overrun, 0);
    BOOST_TEST(f.first_ps == 100 * ns);
    BOOST_TEST(f.first == "sent from message register 1");
}

BOOST_AUTO_TEST_CASE(data_that_leaves_after_the_doorbells_interrupt_was_overtaken) {
    const auto data = [&](std::uint64_t t) {
        r.text(sender.rx, t, t, t + 10 * ns, "MWr bar2+0x0000 4B 0x12345678");
    };
    const auto leaves = [&](std::uint64_t t) {
        r.text(receiver.tx, t, t, t + 10 * ns, "MWr 0x00001000 4B 0x12345678");
    };
    const auto doorbell = [&](std::uint64_t t) {
        ring(t);
        arrives(t + 50 * ns);
        interrupts(t + 60 * ns);
        handled(t + 300 * ns);
    };
    data(100 * ns);
    leaves(150 * ns);
    doorbell(200 * ns); // in order
    data(600 * ns);
    ring(620 * ns);
    arrives(670 * ns);
    interrupts(680 * ns);
    leaves(700 * ns); // behind the interrupt
    const finding f = found(summary(1000 * ns), finding_kind::data_overtaken, 2);
    BOOST_TEST(f.count == 1U);
    BOOST_TEST(f.first_ps == 680 * ns);
    BOOST_TEST(f.first == "data written at 600 ns by port 0 left at 700 ns");
}

BOOST_AUTO_TEST_CASE(data_that_leaves_before_a_waiting_msi_was_not_overtaken) {
    const signal_id count = r.declare_bits("switch.port2.nt.msi_count", 32, 0);
    r.text(sender.rx, 100 * ns, 100 * ns, 110 * ns, "MWr bar2+0x0000 4B 0x12345678");
    ring(110 * ns);
    arrives(160 * ns);
    interrupts(170 * ns); // the function; the data is in the port already
    r.set(count, 170 * ns, 1);
    r.text(receiver.tx, 180 * ns, 180 * ns, 190 * ns, "MWr 0x00001000 4B 0x12345678");
    r.text(receiver.tx, 190 * ns, 190 * ns, 200 * ns, "MSI 0xfee00000 0x0041");
    handled(400 * ns);
    BOOST_TEST(summary(1000 * ns).findings.empty());
}

BOOST_AUTO_TEST_CASE(window_requests_have_latencies_by_direction) {
    const auto show = [&](signal_id link, std::uint64_t t, const char* text) {
        r.text(link, t, t, t + 10 * ns, text);
    };
    show(sender.rx, 100 * ns, "MWr bar2+0x0000 4B 0x00000011");
    show(receiver.tx, 170 * ns, "MWr 0x00001000 4B 0x00000011");
    show(sender.rx, 200 * ns, "MRd bar2+0x0000 4B tag 5");
    show(receiver.tx, 270 * ns, "MRd 0x00001000 4B tag 5");
    show(receiver.rx, 300 * ns, "CplD 4B tag 5 0x00000011");
    show(sender.tx, 390 * ns, "CplD 4B tag 5 0x00000011");
    show(sender.rx, 400 * ns, "MRd bar0+0x0428 INDBELLSTS 4B tag 6"); // a register
    show(sender.tx, 450 * ns, "CplD 4B tag 6 0x00000000");
    show(sender.rx, 500 * ns, "MRd bar2+0x0000 4B tag 7"); // refused
    show(sender.tx, 550 * ns, "Cpl UR tag 7");
    r.close(600 * ns);
    const latency_report report = measure_latencies(path);
    BOOST_REQUIRE(report.paths.size() == 2U);
    BOOST_TEST(report.paths[0].name == "window-write");
    BOOST_TEST(report.paths[0].max_ps == 70 * ns);
    BOOST_TEST(report.paths[1].name == "window-read");
    BOOST_TEST(report.paths[1].max_ps == 190 * ns);
    for (const path_latency& p : report.paths) {
        BOOST_TEST(p.from == 0U);
        BOOST_TEST(p.to == 2U);
        BOOST_TEST(p.count == 1U);
    }
    BOOST_TEST(exceeded(report, {parse_budget("window-write:0-2=60ns")}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(refused_requests_and_lost_links_are_told_with_their_time) {
    r.text(sender.rx, 100 * ns, 100 * ns, 110 * ns, "MRd bar2+0x0000 4B tag 7");
    r.text(sender.tx, 150 * ns, 150 * ns, 160 * ns, "Cpl UR tag 7");
    r.set(receiver.up, 200 * ns, 0);
    const waveform_summary s = summary(300 * ns);
    BOOST_TEST(found(s, finding_kind::request_refused, 0).first == "MRd bar2+0x0000 4B tag 7");
    BOOST_TEST(found(s, finding_kind::link_down, 2).first_ps == 200 * ns);
}

BOOST_AUTO_TEST_CASE(links_are_busy_while_a_tlp_is_shown) {
    r.text(sender.rx, 0, 0, 100 * ns, "MWr bar2+0x0000 64B 0x0...");
    r.text(sender.rx, 600 * ns, 600 * ns, 900 * ns, "MWr bar2+0x0000 128B 0x0...");
    r.text(sender.rx, 900 * ns, 900 * ns, 960 * ns, "MWr bar2+0x0000 64B 0x0...");
    r.close(1280 * ns);
    const waveform_summary s = summarise(path, 4);
    const direction_usage& rx = s.links.ports[0][0];
    BOOST_TEST(rx.tlps == 3U);
    BOOST_TEST(rx.busy_ps == 460 * ns);
    BOOST_TEST(s.links.slice_ps == 320 * ns);
    const std::vector<std::uint64_t> slices{100 * ns, 40 * ns, 320 * ns, 0};
    BOOST_TEST(rx.slices == slices, boost::test_tools::per_element());
    BOOST_TEST(rx.peak_at_ps == 640 * ns);
    BOOST_TEST(s.links.peak(rx) == 100.0);
    BOOST_TEST(s.links.ports[0][1].busy_ps == 0U);
}

BOOST_AUTO_TEST_CASE(the_sum_of_a_long_recordings_slices_is_its_busy_time) {
    for (std::uint64_t i = 0; i < 20000; ++i)
        r.text(sender.rx, i * 100 * ns, i * 100 * ns, i * 100 * ns + 30 * ns,
               "MWr bar2+0x0000 4B 0x1");
    const waveform_summary s = summary(2000000 * ns);
    std::uint64_t sum = 0;
    for (const std::uint64_t busy : s.links.ports[0][0].slices)
        sum += busy;
    BOOST_TEST(sum == 20000U * 30 * ns);
    BOOST_TEST(s.links.ports[0][0].slices.size() <= 50U);
    BOOST_TEST(s.links.mean(s.links.ports[0][0]) == 30.0, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_budget_on_findings_is_exceeded_by_more_and_names_the_time) {
    ring(100 * ns, 4);
    ring(200 * ns, 4);
    const waveform_summary s = summary(300 * ns);
    const auto lines = [&](const char* text) { return exceeded(s, {parse_summary_budget(text)}); };
    BOOST_REQUIRE(lines("doorbell-unheard=1").size() == 1U);
    BOOST_TEST(lines("doorbell-unheard=1")[0] ==
               "budget doorbell-unheard=1 exceeded: 2 at port 0, first at 110 ns (doorbell 0x4)");
    BOOST_TEST(lines("doorbell-unheard=2").empty());
    BOOST_TEST(lines("doorbell-unheard:2=0").empty());
    BOOST_TEST(lines("interrupt-lost=0").empty());
}

BOOST_AUTO_TEST_CASE(a_budget_on_a_link_is_exceeded_by_its_busiest_slice) {
    r.text(sender.rx, 0, 0, 64 * ns, "MWr bar2+0x0000 64B 0x0...");
    const waveform_summary s = summary(6400 * ns);
    const auto lines = [&](const char* text) {
        return exceeded(s, {parse_summary_budget(text)}).size();
    };
    BOOST_TEST(lines("utilisation=40%") == 1U);
    BOOST_TEST(lines("utilisation:0.rx=40%") == 1U);
    BOOST_TEST(lines("utilisation:0.tx=40%") == 0U);
    BOOST_TEST(lines("utilisation:2=40%") == 0U);
    BOOST_TEST(lines("utilisation=100%") == 0U);
    BOOST_TEST(lines("utilisation:4=40%") == 1U); // not recorded
}

BOOST_AUTO_TEST_CASE(a_summary_budget_that_says_nothing_is_refused) {
    for (const char* text : {"", "interrupt-lost", "interrupt-lost=", "interrupt-lost=many",
                             "nonsense=1", "interrupt-lost:24=1", "interrupt-lost:0.rx=1",
                             "utilisation=80", "utilisation:0.up=80%", "utilisation:=80%"})
        BOOST_CHECK_THROW((void)parse_summary_budget(text), trace_error);
}

BOOST_AUTO_TEST_CASE(reports_and_pictures_tell_findings_and_use) {
    ring(100 * ns, 4);
    const waveform_summary s = summary(6400 * ns);
    BOOST_TEST(summary_text(s).find("! doorbell-unheard") != std::string::npos);
    BOOST_TEST(summary_json(s).find("\"finding\": \"doorbell-unheard\", \"fault\": true") !=
               std::string::npos);
    BOOST_TEST(summary_json(s).find("\"busy_ps_by_slice\": [10000, 0, ") != std::string::npos);
    BOOST_TEST(draw_link_usage(s).find("port 0 rx (from the host): 1 TLPs") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_sample_is_in_one_bucket_of_a_round_width) {
    const std::vector<std::uint64_t> samples{101, 102, 102, 190, 255};
    const std::vector<histogram_bucket> b = histogram_of(samples, 1);
    BOOST_REQUIRE(!b.empty());
    BOOST_TEST(b.size() <= 16U);
    BOOST_TEST(b.front().begin == 100U);
    BOOST_TEST(b.front().end == 110U);
    BOOST_TEST(b.front().count == 3U);
    BOOST_TEST(b.back().count == 1U);
    std::uint64_t sum = 0;
    for (const histogram_bucket& x : b)
        sum += x.count;
    BOOST_TEST(sum == samples.size());
    BOOST_TEST(histogram_of({}, 1).empty());
    BOOST_TEST(histogram_of({0, UINT64_MAX}, 1).size() <= 200U); // ends in time
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
