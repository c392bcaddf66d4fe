// SPDX-License-Identifier: Apache-2.0
#include "traces/diagram/exchange_window.h"

#include <algorithm>
#include <utility>

#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

constexpr std::size_t max_lane_values = 400;     // more cannot be read in one picture
constexpr std::uint64_t default_cycle_ps = 4000; // where the waveform does not tell
constexpr std::uint64_t margin_cycles = 6;

std::uint64_t began(const delivery& d) {
    return d.write_ps.value_or(d.set_ps);
}

/// One lane per signal worth showing of a port, in the order of cause and effect.
std::vector<lane> lanes_of(unsigned port, bool messages, unsigned number) {
    std::vector<lane> lanes{{signal_role::rx_tlp, port, "link.rx.tlp"},
                            {signal_role::tx_tlp, port, "link.tx.tlp"}};
    if (messages) {
        lanes.push_back(
            {signal_role::outmsg_write, port, "nt.outmsg" + std::to_string(number) + "_write"});
        lanes.push_back({signal_role::msgsts, port, "nt.msgsts"});
    } else {
        lanes.push_back({signal_role::outdbellset, port, "nt.outdbellset"});
        lanes.push_back({signal_role::indbellsts, port, "nt.indbellsts"});
    }
    lanes.push_back({signal_role::ntintsts, port, "nt.ntintsts"});
    lanes.push_back({signal_role::msi, port, "nt.msi"});
    return lanes;
}

/// First pass: what is to be shown.
class chooser {
public:
    chooser(std::optional<std::uint64_t> from, std::optional<std::uint64_t> to)
        : from_(from), to_(to) {}

    void operator()(const delivery& d) {
        if (d.end != delivery_end::interrupted || d.from == d.to)
            return;
        if (from_ || to_) {
            if (began(d) >= from_.value_or(0) && d.msi_ps <= to_.value_or(UINT64_MAX) &&
                chosen.size() < max_lane_values)
                chosen.push_back(d);
            return;
        }
        if (done_)
            return;
        const bool doorbell = d.kind == delivery_kind::doorbell;
        if (!doorbell) {
            if (!message)
                message = d;
            return;
        }
        if (chosen.empty()) {
            chosen.push_back(d);
        } else if (d.from == chosen.front().to && d.to == chosen.front().from &&
                   d.set_ps >= chosen.front().msi_ps) {
            chosen.push_back(d);
            done_ = true;
        } else if (d.from == chosen.front().from && d.to == chosen.front().to) {
            chosen.front() = d; // the one right before the answer
        }
    }

    std::vector<delivery> chosen;
    std::optional<delivery> message;

private:
    std::optional<std::uint64_t> from_;
    std::optional<std::uint64_t> to_;
    bool done_ = false;
};

} // namespace

exchange_window find_exchange(const std::string& file, std::optional<std::uint64_t> from_ps,
                              std::optional<std::uint64_t> to_ps) {
    exchange_window w;
    w.file = file;
    chooser choose(from_ps, to_ps);
    vcd_change change;
    {
        vcd_reader reader(file);
        exchange_tracker tracker(reader, [&](const delivery& d) { choose(d); });
        while (reader.next(change))
            tracker.change(change);
        tracker.finish();
        w.core_clock_ps = tracker.core_clock_ps() == 0 ? default_cycle_ps : tracker.core_clock_ps();
        if (choose.chosen.empty() && choose.message && !from_ps && !to_ps)
            choose.chosen.push_back(*choose.message);
        if (choose.chosen.empty() && !from_ps && !to_ps)
            throw trace_error("diagram of " + file,
                              "no doorbell or message in it led to an MSI at another port",
                              "record an exchange, or choose a span with --from and --to");
        w.end_ps = reader.time_ps();
        std::vector<unsigned> seen;
        for (unsigned port = 0; port < max_trace_ports; ++port) {
            if (tracker.counts()[port].seen)
                seen.push_back(port);
        }
        if (choose.chosen.empty() && seen.empty())
            throw trace_error("diagram of " + file, "no signals of switch ports are in it",
                              "record switch.port*");
        if (choose.chosen.empty())
            w.ports = {seen.front(), seen.back()};
        else
            w.ports = {choose.chosen.front().from, choose.chosen.front().to};
    }
    bool messages = true;
    std::uint64_t first = UINT64_MAX;
    std::uint64_t last = 0;
    for (const delivery& d : choose.chosen) {
        const bool shown = (d.from == w.ports[0] && d.to == w.ports[1]) ||
                           (d.from == w.ports[1] && d.to == w.ports[0]);
        if (!shown)
            continue;
        w.deliveries.push_back(d);
        messages &= d.kind == delivery_kind::message;
        first = std::min(first, began(d));
        last = std::max(last, d.msi_ps);
    }
    messages &= !w.deliveries.empty();
    const std::uint64_t margin = margin_cycles * w.core_clock_ps;
    const std::uint64_t file_end = w.end_ps;
    w.begin_ps = from_ps.value_or(first == UINT64_MAX || first < margin ? 0 : first - margin);
    // After the last MSI its packet still has to leave: 24 cycles show that for the usual timing.
    w.end_ps = to_ps.value_or(last == 0 ? file_end : std::min(file_end, last + 4 * margin));
    if (w.begin_ps >= w.end_ps)
        throw trace_error("diagram of " + file,
                          "nothing lies between " + format_time(w.begin_ps) + " and " +
                              format_time(w.end_ps),
                          "the waveform ends at " + format_time(file_end));

    // Of the four message registers the diagram shows the one that the first message went through.
    const unsigned number = messages ? w.deliveries.front().what : 0;
    w.lanes = lanes_of(w.ports[0], messages, number);
    if (w.ports[1] != w.ports[0]) {
        for (lane& l : lanes_of(w.ports[1], messages, number))
            w.lanes.push_back(std::move(l));
    }
    vcd_reader reader(file);
    const std::vector<signal_meaning> meaning = meanings(reader);
    std::vector<lane*> lane_of(meaning.size(), nullptr);
    for (std::size_t c = 0; c < meaning.size(); ++c) {
        for (lane& l : w.lanes) {
            const bool register_shown =
                l.role != signal_role::outmsg_write || meaning[c].number == number;
            if (meaning[c].role == l.role && meaning[c].port == l.port && register_shown)
                lane_of[c] = &l;
        }
    }
    bool past_end = false;
    while (!past_end && reader.next(change)) {
        past_end = change.time_ps > w.end_ps;
        lane* l = lane_of[change.channel];
        if (l == nullptr || past_end)
            continue;
        const std::uint64_t at = std::max(change.time_ps, w.begin_ps);
        if (!l->values.empty())
            l->values.back().end_ps = at;
        if (!l->values.empty() && l->values.back().begin_ps == at)
            l->values.pop_back(); // overtaken at the same instant, or before the window
        l->values.push_back({at, w.end_ps, change.value, std::string(change.text)});
        if (l->values.size() > max_lane_values)
            throw trace_error("diagram of " + file, "too much happens in that span",
                              "choose a shorter one with --from and --to");
    }
    return w;
}

} // namespace ntb::traces
