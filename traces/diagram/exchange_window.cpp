// SPDX-License-Identifier: Apache-2.0
#include "traces/diagram/exchange_window.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "traces/signal_selection.h"
#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

constexpr std::size_t max_lane_values = 400; // more is refused
constexpr std::size_t max_lanes = 40;
constexpr std::size_t readable_changes = 80;     // of both ports; the picture is one screen wide
constexpr std::uint64_t default_cycle_ps = 4000; // where the waveform does not tell
constexpr std::uint64_t margin_cycles = 6;

std::uint64_t began(const delivery& d) {
    return d.write_ps.value_or(d.set_ps);
}

/// One lane per signal worth showing of a port, in the order of cause and effect.
std::vector<lane> lanes_of(unsigned port, bool messages, unsigned number) {
    std::vector<lane> lanes{{signal_role::rx_tlp, port, "link.rx.tlp", true},
                            {signal_role::tx_tlp, port, "link.tx.tlp", true}};
    if (messages) {
        lanes.push_back({signal_role::outmsg_write, port,
                         "nt.outmsg" + std::to_string(number) + "_write", false, true});
        lanes.push_back({signal_role::msgsts, port, "nt.msgsts"});
    } else {
        lanes.push_back({signal_role::outdbellset, port, "nt.outdbellset"});
        lanes.push_back({signal_role::indbellsts, port, "nt.indbellsts"});
    }
    lanes.push_back({signal_role::ntintsts, port, "nt.ntintsts"});
    lanes.push_back({signal_role::msi, port, "nt.msi", false, true});
    return lanes;
}

/// The lanes of signals that the user chose; `lane_of` says which channel is shown in which lane.
std::vector<lane> chosen_lanes(const vcd_reader& reader, const std::string& patterns,
                               std::vector<std::size_t>& lane_of) {
    std::vector<lane> lanes;
    constexpr std::string_view separators = ", ";
    for (std::string_view rest = patterns; !rest.empty();) {
        const std::size_t end = std::min(rest.find_first_of(separators), rest.size());
        const std::string_view pattern = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        bool any = pattern.empty();
        for (const vcd_signal& s : reader.signals()) {
            if (s.kind == vcd_kind::real || !glob_matches(pattern, s.name))
                continue;
            any = true;
            if (lane_of[s.channel] != SIZE_MAX)
                continue;
            lane_of[s.channel] = lanes.size();
            lane l;
            l.role = meaning_of(s.name).role;
            l.port = port_of(s.name);
            const std::string scope = l.port == max_trace_ports
                                          ? "switch."
                                          : "switch.port" + std::to_string(l.port) + '.';
            const bool inside = s.name.compare(0, scope.size(), scope) == 0;
            l.name = inside ? s.name.substr(scope.size()) : s.name;
            l.text = s.kind == vcd_kind::text;
            l.wire = !l.text && s.width == 1;
            lanes.push_back(std::move(l));
        }
        if (!any)
            throw trace_error("diagram of " + reader.path(),
                              "no signal is like '" + std::string(pattern) + "'",
                              "the header of the waveform lists the names");
        if (lanes.size() > max_lanes)
            throw trace_error("diagram of " + reader.path(),
                              "'" + patterns + "' are more than " + std::to_string(max_lanes) +
                                  " signals",
                              "choose fewer");
    }
    return lanes;
}

bool is_shown(signal_role role) {
    switch (role) {
    case signal_role::rx_tlp:
    case signal_role::tx_tlp:
    case signal_role::outdbellset:
    case signal_role::indbellsts:
    case signal_role::outmsg_write:
    case signal_role::msgsts:
    case signal_role::ntintsts:
    case signal_role::msi:
        return true;
    default:
        return false;
    }
}

/// How much happened of late at each port, on the signals that a diagram shows.
class activity {
public:
    void note(const signal_meaning& m, std::uint64_t ps) {
        if (!is_shown(m.role))
            return;
        std::deque<std::uint64_t>& times = times_.at(m.port);
        if (times.size() == kept)
            times.pop_front();
        times.push_back(ps);
    }
    /// Changes at a port from `from_ps` to `to_ps`; `kept` where they reach back too far to tell.
    [[nodiscard]] std::size_t changes(unsigned port, std::uint64_t from_ps,
                                      std::uint64_t to_ps) const {
        const std::deque<std::uint64_t>& times = times_.at(port);
        if (times.size() == kept && from_ps < times.front())
            return kept;
        const auto first = std::lower_bound(times.begin(), times.end(), from_ps);
        return static_cast<std::size_t>(std::upper_bound(first, times.end(), to_ps) - first);
    }

private:
    static constexpr std::size_t kept = 256;
    std::array<std::deque<std::uint64_t>, max_trace_ports> times_{};
};

/// Of all exchanges of one kind the first that can be read in one picture, else the shortest.
class selection {
public:
    void offer(std::vector<delivery> exchange, std::size_t changes) {
        ++offered_;
        if (!chosen_.empty() && (changes_ <= readable_changes || changes >= changes_))
            return;
        chosen_ = std::move(exchange);
        changes_ = changes;
        number_ = offered_;
    }
    [[nodiscard]] bool readable() const { return !chosen_.empty() && changes_ <= readable_changes; }
    [[nodiscard]] const std::vector<delivery>& chosen() const { return chosen_; }
    [[nodiscard]] std::string text(const char* what) const {
        return std::string(what) + ' ' + std::to_string(number_) + " of " +
               std::to_string(offered_);
    }

private:
    std::vector<delivery> chosen_{};
    std::size_t changes_ = 0;
    std::size_t offered_ = 0;
    std::size_t number_ = 0;
};

/// First pass: what is to be shown.
class chooser {
public:
    chooser(std::optional<std::uint64_t> from, std::optional<std::uint64_t> to)
        : from_(from), to_(to) {}

    void note(const signal_meaning& m, std::uint64_t ps) { activity_.note(m, ps); }

    void operator()(const delivery& d) {
        if (d.from == d.to || d.end == delivery_end::bit_was_set)
            return;
        if (from_ || to_) {
            if (began(d) >= from_.value_or(0) &&
                std::max(d.status_ps, d.msi_ps) <= to_.value_or(UINT64_MAX) &&
                in_span_.size() < max_lane_values)
                in_span_.push_back(d);
            return;
        }
        if (d.end != delivery_end::interrupted)
            return;
        if (d.kind == delivery_kind::message) {
            messages_.offer({d}, changes(d, began(d)));
            return;
        }
        doorbells_.offer({d}, changes(d, began(d)));
        const auto asked = last_.find({d.to, d.from}); // the one right before the answer
        if (asked != last_.end() && d.set_ps >= asked->second.msi_ps) {
            answered_.offer({asked->second, d}, changes(d, began(asked->second)));
            last_.erase(asked);
        }
        last_.insert_or_assign({d.from, d.to}, d);
    }

    [[nodiscard]] const std::vector<delivery>& chosen() const {
        if (from_ || to_)
            return in_span_;
        if (answered_.readable() || doorbells_.chosen().empty())
            return answered_.readable() ? answered_.chosen() : messages_.chosen();
        return doorbells_.chosen();
    }
    /// Which one that is; empty where the user has chosen.
    [[nodiscard]] std::string text() const {
        if (from_ || to_ || chosen().empty())
            return {};
        if (answered_.readable())
            return answered_.text("answered doorbell");
        if (doorbells_.chosen().empty())
            return messages_.text("message");
        return doorbells_.text("doorbell") +
               (answered_.chosen().empty() ? ", none was answered"
                                           : ", too much happens before an answer for one picture");
    }

private:
    [[nodiscard]] std::size_t changes(const delivery& last, std::uint64_t from_ps) const {
        return activity_.changes(last.from, from_ps, last.msi_ps) +
               activity_.changes(last.to, from_ps, last.msi_ps);
    }

    std::optional<std::uint64_t> from_;
    std::optional<std::uint64_t> to_;
    activity activity_{};
    std::vector<delivery> in_span_{};
    std::map<std::pair<unsigned, unsigned>, delivery> last_{}; ///< by ports, from and to
    selection answered_{};
    selection doorbells_{};
    selection messages_{};
};

} // namespace

exchange_window find_exchange(const std::string& file, const diagram_options& options) {
    const std::optional<std::uint64_t> from_ps = options.from_ps;
    const std::optional<std::uint64_t> to_ps = options.to_ps;
    exchange_window w;
    w.file = file;
    w.title = options.title;
    w.marks = options.marks;
    chooser choose(from_ps, to_ps);
    vcd_change change;
    {
        vcd_reader reader(file);
        const std::vector<signal_meaning> meaning = meanings(reader);
        exchange_tracker tracker(reader, [&](const delivery& d) { choose(d); });
        while (reader.next(change)) {
            choose.note(meaning[change.channel], change.time_ps);
            tracker.change(change);
        }
        tracker.finish();
        w.choice = choose.text();
        const std::vector<delivery>& chosen = choose.chosen();
        w.core_clock_ps = tracker.core_clock_ps() == 0 ? default_cycle_ps : tracker.core_clock_ps();
        if (chosen.empty() && !from_ps && !to_ps)
            throw trace_error("diagram of " + file,
                              "no doorbell or message in it led to an MSI at another port",
                              "record an exchange, or choose a span with --from and --to");
        w.end_ps = reader.time_ps();
        std::vector<unsigned> seen;
        for (unsigned port = 0; port < max_trace_ports; ++port) {
            if (tracker.counts()[port].seen)
                seen.push_back(port);
        }
        if (chosen.empty() && seen.empty())
            throw trace_error("diagram of " + file, "no signals of switch ports are in it",
                              "record switch.port*");
        if (chosen.empty())
            w.ports = {seen.front(), seen.back()};
        else
            w.ports = {chosen.front().from, chosen.front().to};
    }
    bool messages = true;
    std::uint64_t first = UINT64_MAX;
    std::uint64_t last = 0;
    for (const delivery& d : choose.chosen()) {
        const bool shown = (d.from == w.ports[0] && d.to == w.ports[1]) ||
                           (d.from == w.ports[1] && d.to == w.ports[0]);
        if (!shown)
            continue;
        w.deliveries.push_back(d);
        messages &= d.kind == delivery_kind::message;
        first = std::min(first, began(d));
        last = std::max({last, d.status_ps, d.msi_ps});
    }
    // Told when they ended; shown in the order in which they began.
    std::stable_sort(w.deliveries.begin(), w.deliveries.end(),
                     [](const delivery& a, const delivery& b) { return began(a) < began(b); });
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
    vcd_reader reader(file);
    const std::vector<signal_meaning> meaning = meanings(reader);
    std::vector<std::size_t> lane_of(meaning.size(), SIZE_MAX);
    if (!options.signals.empty()) {
        w.lanes = chosen_lanes(reader, options.signals, lane_of);
    } else {
        w.lanes = lanes_of(w.ports[0], messages, number);
        if (w.ports[1] != w.ports[0]) {
            for (lane& l : lanes_of(w.ports[1], messages, number))
                w.lanes.push_back(std::move(l));
        }
        for (std::size_t c = 0; c < meaning.size(); ++c) {
            for (std::size_t i = 0; i < w.lanes.size(); ++i) {
                const lane& l = w.lanes[i];
                const bool register_shown =
                    l.role != signal_role::outmsg_write || meaning[c].number == number;
                if (meaning[c].role == l.role && meaning[c].port == l.port && register_shown)
                    lane_of[c] = i;
            }
        }
    }
    bool past_end = false;
    while (!past_end && reader.next(change)) {
        past_end = change.time_ps > w.end_ps;
        if (past_end || lane_of[change.channel] == SIZE_MAX)
            continue;
        lane* const l = &w.lanes[lane_of[change.channel]];
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
