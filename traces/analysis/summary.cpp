// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/summary.h"

#include <charconv>
#include <cstdio>
#include <utility>

#include "traces/analysis/text_table.h"
#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

struct column {
    const char* title;
    const char* key;
    std::uint64_t port_counts::*value;
};
constexpr std::array<column, 9> columns{{
    {"TLPs in", "rx_tlps", &port_counts::rx_tlps},
    {"TLPs out", "tx_tlps", &port_counts::tx_tlps},
    {"doorbells rung", "doorbells_rung", &port_counts::doorbells_rung},
    {"received", "doorbells_received", &port_counts::doorbells_received},
    {"messages sent", "messages_sent", &port_counts::messages_sent},
    {"refused", "messages_refused", &port_counts::messages_refused},
    {"received", "messages_received", &port_counts::messages_received},
    {"MSIs", "msis", &port_counts::msis},
    {"dropped", "msis_dropped", &port_counts::msis_dropped},
}};

constexpr std::array<const char*, 2> direction_names{"rx", "tx"};

std::string one_decimal(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

std::string link_table(const waveform_summary& summary) {
    text_table table("llrrrrl");
    table.row({"link", "", "TLPs", "busy", "mean %", "peak %",
               "in the " + format_time(summary.links.slice_ps) + " from"});
    table.rule();
    bool any = false;
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        for (std::size_t i = 0; i < 2; ++i) {
            const direction_usage& d = summary.links.ports.at(port).at(i);
            if (!d.recorded)
                continue;
            any = true;
            table.row({"port " + std::to_string(port), direction_names.at(i),
                       std::to_string(d.tlps), format_time(d.busy_ps),
                       one_decimal(summary.links.mean(d)), one_decimal(summary.links.peak(d)),
                       format_time(d.peak_at_ps)});
        }
    }
    return any ? '\n' + table.str() : std::string();
}

std::string finding_table(const waveform_summary& summary) {
    if (summary.findings.empty())
        return "\nNothing in it calls for a look.\n";
    text_table table("llrlll");
    table.row({"finding", "port", "count", "first at", "last at", "first one"});
    table.rule();
    for (const finding& f : summary.findings)
        table.row({std::string(is_fault(f.kind) ? "! " : "  ") + std::string(finding_key(f.kind)),
                   std::to_string(f.port), std::to_string(f.count), format_time(f.first_ps),
                   format_time(f.last_ps), f.first});
    std::string text = '\n' + table.str();
    std::array<bool, finding_kinds> told{};
    for (const finding& f : summary.findings) {
        if (!std::exchange(told.at(static_cast<std::size_t>(f.kind)), true))
            text +=
                std::string(finding_key(f.kind)) + ": " + std::string(finding_text(f.kind)) + '\n';
    }
    return text;
}

[[noreturn]] void bad_count_budget(const std::string& text, const std::string& why) {
    throw trace_error("budget " + text, why,
                      "FINDING[:PORT]=COUNT or utilisation[:PORT[.rx|.tx]]=PERCENT%, as "
                      "interrupt-lost=0 or utilisation:0.tx=80%");
}

} // namespace

waveform_summary summarise(const std::string& file, std::size_t slices, std::uint64_t late_ps) {
    vcd_reader reader(file);
    const std::vector<signal_meaning> meaning = meanings(reader);
    findings found(reader, late_ps);
    link_usage usage(reader);
    exchange_tracker tracker(
        reader, [&](const delivery& d) { found.add(d); },
        [&](const exchange_event& e) { found.add(e); });
    waveform_summary s;
    s.file = file;
    s.signals = reader.signals().size();
    std::vector<bool> known(reader.channels(), false);
    vcd_change change;
    while (reader.next(change)) {
        s.changes += known[change.channel] ? 1 : 0;
        known[change.channel] = true;
        tracker.change(change);
        found.change(change, meaning[change.channel]);
        usage.change(change, meaning[change.channel]);
    }
    tracker.finish();
    s.findings = found.report();
    s.links = usage.finish(reader.time_ps(), slices);
    s.end_ps = reader.time_ps();
    s.core_clock_ps = tracker.core_clock_ps();
    s.truncated = reader.truncated();
    s.ports = tracker.counts();
    return s;
}

std::string summary_text(const waveform_summary& summary) {
    std::string text = summary.file + ": " + std::to_string(summary.signals) + " signals, " +
                       std::to_string(summary.changes) + " changes in " +
                       format_time(summary.end_ps) + " simulated";
    if (summary.core_clock_ps != 0)
        text += ", core clock " + format_time(summary.core_clock_ps);
    text += '\n';
    if (summary.truncated)
        text += "The file ends in the middle of a line: its writer was interrupted.\n";
    text_table table("r" + std::string(columns.size(), 'r'));
    std::vector<std::string> head{"port"};
    for (const column& c : columns)
        head.emplace_back(c.title);
    table.row(std::move(head));
    table.rule();
    bool any = false;
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        if (!summary.ports[port].seen)
            continue;
        any = true;
        std::vector<std::string> cells{std::to_string(port)};
        for (const column& c : columns)
            cells.push_back(std::to_string(summary.ports[port].*c.value));
        table.row(std::move(cells));
    }
    if (!any)
        return text + "No signals of switch ports are in it.\n";
    return text + '\n' + table.str() + link_table(summary) + finding_table(summary);
}

std::string summary_json(const waveform_summary& summary) {
    std::string out = "{\n  \"file\": " + json_string(summary.file) +
                      ",\n  \"signals\": " + std::to_string(summary.signals) +
                      ",\n  \"changes\": " + std::to_string(summary.changes) +
                      ",\n  \"end_ps\": " + std::to_string(summary.end_ps) +
                      ",\n  \"core_clock_ps\": " + std::to_string(summary.core_clock_ps) +
                      ",\n  \"truncated\": " + (summary.truncated ? "true" : "false") +
                      ",\n  \"ports\": [";
    const char* separator = "\n";
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        if (!summary.ports[port].seen)
            continue;
        out += separator;
        separator = ",\n";
        out += "    {\"port\": " + std::to_string(port);
        for (const column& c : columns)
            out +=
                ", \"" + std::string(c.key) + "\": " + std::to_string(summary.ports[port].*c.value);
        out += '}';
    }
    out +=
        "\n  ],\n  \"slice_ps\": " + std::to_string(summary.links.slice_ps) + ",\n  \"links\": [";
    separator = "\n";
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        for (std::size_t i = 0; i < 2; ++i) {
            const direction_usage& d = summary.links.ports.at(port).at(i);
            if (!d.recorded)
                continue;
            out += separator;
            separator = ",\n";
            out += "    {\"port\": " + std::to_string(port) + ", \"direction\": \"" +
                   direction_names.at(i) + "\", \"tlps\": " + std::to_string(d.tlps) +
                   ", \"busy_ps\": " + std::to_string(d.busy_ps) +
                   ", \"mean_percent\": " + one_decimal(summary.links.mean(d)) +
                   ", \"peak_percent\": " + one_decimal(summary.links.peak(d)) +
                   ", \"peak_at_ps\": " + std::to_string(d.peak_at_ps) +
                   ", \"busy_ps_by_slice\": [";
            for (std::size_t slice = 0; slice < d.slices.size(); ++slice)
                out += (slice == 0 ? "" : ", ") + std::to_string(d.slices[slice]);
            out += "]}";
        }
    }
    out += "\n  ],\n  \"findings\": [";
    separator = "\n";
    for (const finding& f : summary.findings) {
        out += separator;
        separator = ",\n";
        out += "    {\"finding\": " + json_string(finding_key(f.kind)) +
               ", \"fault\": " + (is_fault(f.kind) ? "true" : "false") +
               ", \"port\": " + std::to_string(f.port) + ", \"count\": " + std::to_string(f.count) +
               ", \"first_ps\": " + std::to_string(f.first_ps) +
               ", \"last_ps\": " + std::to_string(f.last_ps) +
               ", \"first\": " + json_string(f.first) + '}';
    }
    return out + "\n  ]\n}\n";
}

summary_budget parse_summary_budget(const std::string& text) {
    summary_budget budget;
    budget.text = text;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
        bad_count_budget(text, "it has no =");
    std::string name = text.substr(0, equals);
    std::string bound = text.substr(equals + 1);
    const std::size_t colon = name.find(':');
    if (colon != std::string::npos) {
        std::string place = name.substr(colon + 1);
        name.resize(colon);
        const std::size_t dot = place.find('.');
        if (dot != std::string::npos) {
            const std::string direction = place.substr(dot + 1);
            if (name != "utilisation" || (direction != "rx" && direction != "tx"))
                bad_count_budget(text, "there is no direction " + direction);
            budget.one_direction = true;
            budget.direction = direction == "rx" ? link_direction::rx : link_direction::tx;
            place.resize(dot);
        }
        const auto port = std::from_chars(place.data(), place.data() + place.size(), budget.port);
        if (port.ec != std::errc{} || port.ptr != place.data() + place.size() ||
            budget.port >= max_trace_ports)
            bad_count_budget(text, "there is no port " + place);
    }
    budget.utilisation = name == "utilisation";
    bool known = budget.utilisation;
    for (std::size_t i = 0; i < finding_kinds; ++i) {
        if (finding_key(static_cast<finding_kind>(i)) == name) {
            budget.kind = static_cast<finding_kind>(i);
            known = true;
        }
    }
    if (!known)
        bad_count_budget(text, "there is no finding " + name);
    if (budget.utilisation) {
        if (bound.empty() || bound.back() != '%')
            bad_count_budget(text, "a utilisation is in percent");
        bound.pop_back();
    }
    const auto parsed = std::from_chars(bound.data(), bound.data() + bound.size(), budget.bound);
    if (parsed.ec != std::errc{} || parsed.ptr != bound.data() + bound.size())
        bad_count_budget(text, '"' + bound + "\" is no number");
    return budget;
}

std::vector<std::string> exceeded(const waveform_summary& summary,
                                  const std::vector<summary_budget>& budgets) {
    std::vector<std::string> lines;
    for (const summary_budget& b : budgets) {
        if (!b.utilisation) {
            for (const finding& f : summary.findings) {
                if (f.kind != b.kind || (b.port != max_trace_ports && b.port != f.port) ||
                    f.count <= b.bound)
                    continue;
                lines.push_back("budget " + b.text + " exceeded: " + std::to_string(f.count) +
                                " at port " + std::to_string(f.port) + ", first at " +
                                format_time(f.first_ps) + " (" + f.first + ')');
            }
            continue;
        }
        bool measured = false;
        for (unsigned port = 0; port < max_trace_ports; ++port) {
            for (std::size_t i = 0; i < 2; ++i) {
                const direction_usage& d = summary.links.ports.at(port).at(i);
                const bool meant = (b.port == max_trace_ports || b.port == port) &&
                                   (!b.one_direction || static_cast<std::size_t>(b.direction) == i);
                if (!d.recorded || !meant)
                    continue;
                measured = true;
                if (summary.links.peak(d) > static_cast<double>(b.bound))
                    lines.push_back("budget " + b.text + " exceeded: port " + std::to_string(port) +
                                    ' ' + direction_names.at(i) + " was " +
                                    one_decimal(summary.links.peak(d)) + " % busy in the " +
                                    format_time(summary.links.slice_ps) + " from " +
                                    format_time(d.peak_at_ps));
            }
        }
        if (!measured)
            lines.push_back("budget " + b.text + ": that link is not recorded in this waveform");
    }
    return lines;
}

} // namespace ntb::traces
