// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/latency.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>
#include <utility>

#include "traces/analysis/text_table.h"
#include "traces/analysis/window_tracker.h"
#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

struct path_name {
    std::string_view name;
    std::string_view meaning;
};
/// In the order of the report: status, interrupt, whole; doorbells first, windows last.
constexpr std::array<path_name, 8> path_names{{
    {"doorbell-status", "BAR0 write -> peer INDBELLSTS"},
    {"doorbell-interrupt", "peer INDBELLSTS -> peer MSI"},
    {"doorbell", "BAR0 write -> peer MSI"},
    {"message-status", "OUTMSG write -> peer MSGSTS, INMSG"},
    {"message-interrupt", "peer MSGSTS, INMSG -> peer MSI"},
    {"message", "OUTMSG write -> peer MSI"},
    {"window-write", "BAR write -> peer's link"},
    {"window-read", "BAR read -> completion"},
}};

struct samples {
    std::vector<std::uint64_t> ps;
    std::uint64_t max_ps = 0;
    std::uint64_t max_at_ps = 0;

    void add(std::uint64_t begin, std::uint64_t end) {
        const std::uint64_t d = end - begin;
        if (ps.empty() || d > max_ps) {
            max_ps = d;
            max_at_ps = begin;
        }
        ps.push_back(d);
    }
};

/// Nearest rank: the smallest value that at least `percent` of all do not exceed.
std::uint64_t percentile(const std::vector<std::uint64_t>& sorted, std::size_t percent) {
    const std::size_t rank = (sorted.size() * percent + 99) / 100;
    return sorted[rank == 0 ? 0 : rank - 1];
}

std::string_view kind_name(delivery_kind kind) {
    return kind == delivery_kind::doorbell ? "doorbell" : "message";
}

std::string_view reason(delivery_end end) {
    switch (end) {
    case delivery_end::bit_was_set:
        return "the peer's bit was still set";
    case delivery_end::coalesced:
        return "coalesced: one was pending already";
    case delivery_end::masked:
        return "masked by the peer";
    case delivery_end::intx:
        return "the peer was told by INTx";
    case delivery_end::dropped:
        return "the peer's MSI was dropped";
    case delivery_end::no_interrupt:
        return "no MSI followed";
    case delivery_end::interrupted:
        break;
    }
    return "";
}

std::string_view reason_key(delivery_end end) {
    switch (end) {
    case delivery_end::bit_was_set:
        return "bit_was_set";
    case delivery_end::coalesced:
        return "coalesced";
    case delivery_end::masked:
        return "masked";
    case delivery_end::intx:
        return "intx";
    case delivery_end::dropped:
        return "dropped";
    case delivery_end::no_interrupt:
        return "no_interrupt";
    case delivery_end::interrupted:
        break;
    }
    return "";
}

std::string pair_text(unsigned from, unsigned to) {
    return std::to_string(from) + " -> " + std::to_string(to);
}

std::uint64_t figure_of(const path_latency& p, std::string_view figure) {
    if (figure == "min")
        return p.min_ps;
    if (figure == "median")
        return p.median_ps;
    return figure == "p99" ? p.p99_ps : p.max_ps;
}

[[noreturn]] void bad_budget(const std::string& text, const std::string& why) {
    throw trace_error("budget " + text, why,
                      "NAME[:FROM-TO][.min|.median|.p99|.max]=TIME, as doorbell=200ns or "
                      "message:0-2.median=40cycles");
}

/// A time as the budget on it is given.
std::string in_unit_of(const latency_budget& b, std::uint64_t ps, std::uint64_t core_clock_ps) {
    return b.in_cycles ? format_cycles(ps, core_clock_ps) + " cycles" : format_in(ps, b.unit);
}

} // namespace

std::string_view path_meaning(std::string_view name) {
    for (const path_name& p : path_names) {
        if (p.name == name)
            return p.meaning;
    }
    return {};
}

latency_report measure_latencies(const std::string& file) {
    vcd_reader reader(file);
    using pair_key = std::tuple<unsigned, unsigned, std::size_t>; // from, to, path
    std::map<pair_key, samples> all;
    std::map<std::tuple<delivery_kind, unsigned, unsigned, delivery_end>, without_msi> silent;
    exchange_tracker tracker(reader, [&](const delivery& d) {
        if (d.from == d.to) // a port's own doorbells come back to it unless masked (B5.4)
            return;
        const std::size_t first = d.kind == delivery_kind::doorbell ? 0 : 3;
        const bool arrived = d.end != delivery_end::bit_was_set;
        const bool interrupted = d.end == delivery_end::interrupted;
        if (arrived && d.write_ps)
            all[{d.from, d.to, first}].add(*d.write_ps, d.status_ps);
        if (interrupted)
            all[{d.from, d.to, first + 1}].add(d.status_ps, d.msi_ps);
        if (interrupted && d.write_ps)
            all[{d.from, d.to, first + 2}].add(*d.write_ps, d.msi_ps);
        if (interrupted)
            return;
        without_msi& w = silent[{d.kind, d.from, d.to, d.end}];
        if (w.count == 0 || d.set_ps < w.first_ps)
            w.first_ps = d.set_ps;
        w = {d.kind, d.end, d.from, d.to, w.count + 1, w.first_ps};
    });
    window_tracker windows([&](const window_crossing& w) {
        all[{w.from, w.to, w.is_read ? 7 : 6}].add(w.begin_ps, w.end_ps);
    });
    const std::vector<signal_meaning> meaning = meanings(reader);
    vcd_change change;
    while (reader.next(change)) {
        tracker.change(change);
        windows.change(change, meaning[change.channel]);
    }
    tracker.finish();

    latency_report report;
    report.file = file;
    report.core_clock_ps = tracker.core_clock_ps();
    report.end_ps = reader.time_ps();
    report.truncated = reader.truncated();
    report.links_recorded = tracker.links_recorded();
    report.other_doors = tracker.other_doors();
    for (auto& [key, s] : all) {
        std::sort(s.ps.begin(), s.ps.end());
        path_latency p;
        p.name = path_names[std::get<2>(key)].name;
        p.from = std::get<0>(key);
        p.to = std::get<1>(key);
        p.count = s.ps.size();
        p.min_ps = s.ps.front();
        p.median_ps = percentile(s.ps, 50);
        p.p99_ps = percentile(s.ps, 99);
        p.max_ps = s.max_ps;
        p.max_at_ps = s.max_at_ps;
        p.histogram = histogram_of(s.ps, 100);
        report.paths.push_back(std::move(p));
    }
    for (const auto& [key, w] : silent)
        report.silent.push_back(w);
    return report;
}

std::string latency_table(const latency_report& report) {
    std::string text = report.file + ": latencies read from the waveform, " +
                       format_time(report.end_ps) + " simulated";
    const bool cycles = report.core_clock_ps != 0;
    text += cycles ? ", core clock " + format_time(report.core_clock_ps) + "\n\n"
                   : ", core clock not recorded\n\n";
    if (report.truncated)
        text += "The file ends in the middle of a line: its writer was interrupted.\n";
    if (!report.links_recorded)
        text +=
            "The links are not recorded: writes count from where they act, not from the link.\n";
    if (report.other_doors != 0)
        text +=
            std::to_string(report.other_doors) +
            " writes came through another door than BAR0; only what follows them is measured.\n";
    if (report.paths.empty()) {
        text += "No doorbell, message or window request passed between two ports.\n";
    } else {
        text_table table("lllrrrrrrrrrr");
        table.row({"", "", "", "", "cycles", "", "", "", "ns", "", "", "", "slowest"});
        table.row({"name", "ports", "path", "count", "min", "median", "p99", "max", "min", "median",
                   "p99", "max", "began at"});
        table.rule();
        const path_latency* last = nullptr;
        for (const path_latency& p : report.paths) {
            if (last != nullptr && (last->from != p.from || last->to != p.to))
                table.rule();
            last = &p;
            const auto in_cycles = [&](std::uint64_t ps) {
                return cycles ? format_cycles(ps, report.core_clock_ps) : std::string("-");
            };
            table.row({p.name, pair_text(p.from, p.to), std::string(path_meaning(p.name)),
                       std::to_string(p.count), in_cycles(p.min_ps), in_cycles(p.median_ps),
                       in_cycles(p.p99_ps), in_cycles(p.max_ps), format_ns(p.min_ps),
                       format_ns(p.median_ps), format_ns(p.p99_ps), format_ns(p.max_ps),
                       format_time(p.max_at_ps)});
        }
        text += table.str();
    }
    if (!report.silent.empty()) {
        text += "\nWithout an MSI of their own:\n";
        text_table table("llrll");
        for (const without_msi& w : report.silent)
            table.row({std::string(kind_name(w.kind)), pair_text(w.from, w.to),
                       std::to_string(w.count), std::string(reason(w.why)),
                       "first at " + format_time(w.first_ps)});
        text += table.str();
    }
    return text;
}

std::string latency_histograms(const latency_report& report) {
    constexpr std::uint64_t longest_bar = 40;
    std::string text;
    for (const path_latency& p : report.paths) {
        std::uint64_t most = 0;
        for (const histogram_bucket& b : p.histogram)
            most = std::max(most, b.count);
        text += '\n' + p.name + ' ' + pair_text(p.from, p.to) + ", ns\n";
        text_table table("lrl");
        for (const histogram_bucket& b : p.histogram) {
            const std::uint64_t length = (b.count * longest_bar + most - 1) / most;
            table.row({format_ns(b.begin) + " ..", std::to_string(b.count),
                       std::string(static_cast<std::size_t>(length), '#')});
        }
        text += table.str();
    }
    return text;
}

std::string latency_json(const latency_report& report) {
    std::string out = "{\n  \"file\": " + json_string(report.file);
    const auto field = [&](const char* name, std::uint64_t value) {
        out += ",\n  \"" + std::string(name) + "\": " + std::to_string(value);
    };
    field("core_clock_ps", report.core_clock_ps);
    field("end_ps", report.end_ps);
    field("other_doors", report.other_doors);
    out += ",\n  \"truncated\": " + std::string(report.truncated ? "true" : "false");
    out += ",\n  \"links_recorded\": " + std::string(report.links_recorded ? "true" : "false");
    out += ",\n  \"paths\": [";
    const char* separator = "\n";
    for (const path_latency& p : report.paths) {
        out += separator;
        separator = ",\n";
        out += "    {\"name\": " + json_string(p.name) +
               ", \"path\": " + json_string(path_meaning(p.name)) +
               ", \"from\": " + std::to_string(p.from) + ", \"to\": " + std::to_string(p.to) +
               ", \"count\": " + std::to_string(p.count);
        for (const char* figure : {"min", "median", "p99", "max"}) {
            const std::uint64_t ps = figure_of(p, figure);
            out += ", \"" + std::string(figure) + "_ps\": " + std::to_string(ps) + ", \"" + figure +
                   "_ns\": " + format_ns(ps);
            if (report.core_clock_ps != 0)
                out += ", \"" + std::string(figure) +
                       "_cycles\": " + format_cycles(ps, report.core_clock_ps);
        }
        out += ", \"max_at_ps\": " + std::to_string(p.max_at_ps) + ", \"histogram\": [";
        const char* comma = "";
        for (const histogram_bucket& b : p.histogram) {
            out += comma;
            comma = ", ";
            out += "{\"from_ps\": " + std::to_string(b.begin) +
                   ", \"to_ps\": " + std::to_string(b.end) +
                   ", \"count\": " + std::to_string(b.count) + '}';
        }
        out += "]}";
    }
    out += "\n  ],\n  \"without_msi\": [";
    separator = "\n";
    for (const without_msi& w : report.silent) {
        out += separator;
        separator = ",\n";
        out += "    {\"kind\": " + json_string(kind_name(w.kind)) +
               ", \"why\": " + json_string(reason_key(w.why)) +
               ", \"from\": " + std::to_string(w.from) + ", \"to\": " + std::to_string(w.to) +
               ", \"count\": " + std::to_string(w.count) +
               ", \"first_ps\": " + std::to_string(w.first_ps) + '}';
    }
    return out + "\n  ]\n}\n";
}

latency_budget parse_budget(const std::string& text) {
    latency_budget budget;
    budget.text = text;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
        bad_budget(text, "it has no =");
    budget.path = text.substr(0, equals);
    const std::size_t dot = budget.path.rfind('.');
    if (dot != std::string::npos) {
        budget.figure = budget.path.substr(dot + 1);
        budget.path.resize(dot);
        constexpr std::array<std::string_view, 4> figures{"min", "median", "p99", "max"};
        if (std::find(figures.begin(), figures.end(), budget.figure) == figures.end())
            bad_budget(text, "there is no figure " + budget.figure);
    }
    const std::size_t colon = budget.path.find(':');
    if (colon != std::string::npos) {
        const std::string pair = budget.path.substr(colon + 1);
        const char* end = pair.data() + pair.size();
        const auto from = std::from_chars(pair.data(), end, budget.from);
        const bool dash = from.ec == std::errc{} && from.ptr != end && *from.ptr == '-';
        const auto to = dash ? std::from_chars(from.ptr + 1, end, budget.to) : from;
        if (!dash || to.ec != std::errc{} || to.ptr != end)
            bad_budget(text, "the ports " + pair + " are no pair");
        budget.one_pair = true;
        budget.path.resize(colon);
    }
    if (path_meaning(budget.path).empty())
        bad_budget(text, "there is no path " + budget.path);
    std::string bound = text.substr(equals + 1);
    constexpr std::string_view unit = "cycles";
    if (bound.size() > unit.size() && bound.substr(bound.size() - unit.size()) == unit) {
        budget.in_cycles = true;
        bound.resize(bound.size() - unit.size());
        while (!bound.empty() && bound.back() == ' ')
            bound.pop_back();
        const auto parsed =
            std::from_chars(bound.data(), bound.data() + bound.size(), budget.bound);
        if (parsed.ec != std::errc{} || parsed.ptr != bound.data() + bound.size() ||
            budget.bound > UINT32_MAX)
            bad_budget(text, "bad number of cycles");
        return budget;
    }
    const std::optional<std::uint64_t> ps = parse_time(bound);
    if (!ps)
        bad_budget(text, "\"" + bound + "\" is no time");
    budget.bound = *ps;
    budget.unit = bound.substr(bound.find_last_of("0123456789. ") + 1);
    return budget;
}

std::vector<std::string> exceeded(const latency_report& report,
                                  const std::vector<latency_budget>& budgets) {
    std::vector<std::string> lines;
    for (const latency_budget& b : budgets) {
        bool measured = false;
        if (b.in_cycles && report.core_clock_ps == 0) {
            lines.push_back("budget " + b.text + ": the waveform does not tell the core clock");
            continue;
        }
        const std::uint64_t bound = b.in_cycles ? b.bound * report.core_clock_ps : b.bound;
        for (const path_latency& p : report.paths) {
            if (p.name != b.path || (b.one_pair && (p.from != b.from || p.to != b.to)))
                continue;
            measured = true;
            const std::uint64_t got = figure_of(p, b.figure);
            if (got > bound)
                lines.push_back("budget " + b.text + " exceeded: " + p.name + " port " +
                                pair_text(p.from, p.to) + ' ' + b.figure + " is " +
                                in_unit_of(b, got, report.core_clock_ps) + ", slowest began at " +
                                format_time(p.max_at_ps));
        }
        if (!measured)
            lines.push_back("budget " + b.text + ": that path was not measured in this waveform");
    }
    return lines;
}

} // namespace ntb::traces
