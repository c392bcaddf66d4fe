// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/summary.h"

#include "traces/analysis/text_table.h"
#include "traces/time_text.h"

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

} // namespace

waveform_summary summarise(const std::string& file) {
    vcd_reader reader(file);
    exchange_tracker tracker(reader, [](const delivery&) {});
    waveform_summary s;
    s.file = file;
    s.signals = reader.signals().size();
    std::vector<bool> known(reader.channels(), false);
    vcd_change change;
    while (reader.next(change)) {
        s.changes += known[change.channel] ? 1 : 0;
        known[change.channel] = true;
        tracker.change(change);
    }
    tracker.finish();
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
    return text + (any ? '\n' + table.str() : "No signals of switch ports are in it.\n");
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
    return out + "\n  ]\n}\n";
}

} // namespace ntb::traces
