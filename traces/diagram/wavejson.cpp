// SPDX-License-Identifier: Apache-2.0
#include "traces/diagram/wavejson.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "traces/analysis/text_table.h"
#include "traces/hex_text.h"
#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

constexpr std::uint64_t longest_idle = 12; ///< cycles without any change that are shown as they are
constexpr std::size_t most_columns = 1000;

struct column {
    std::uint64_t begin_ps = 0;
    std::uint64_t end_ps = 0;
    bool gap = false;
};

std::vector<column> columns_of(const exchange_window& w) {
    std::vector<std::uint64_t> events{w.begin_ps, w.end_ps};
    for (const lane& l : w.lanes) {
        for (const lane_value& v : l.values)
            events.push_back(v.begin_ps);
    }
    std::sort(events.begin(), events.end());
    const std::uint64_t cycle = w.core_clock_ps;
    std::vector<column> columns;
    std::uint64_t now = w.begin_ps / cycle * cycle;
    while (now < w.end_ps) {
        const auto next = std::lower_bound(events.begin(), events.end(), now);
        const std::uint64_t until = next == events.end() ? w.end_ps : *next / cycle * cycle;
        if (until > now + longest_idle * cycle) {
            columns.push_back({now, now + cycle, false});
            columns.push_back({now + cycle, until - cycle, true});
            now = until - cycle;
        }
        columns.push_back({now, now + cycle, false});
        now += cycle;
        if (columns.size() > most_columns)
            throw trace_error("WaveJSON of " + w.file, "that span has too many cycles",
                              "choose a shorter one with --from and --to");
    }
    return columns;
}

bool idle(const lane& l, const lane_value& v) {
    return l.text ? v.text.empty() : v.bits == 0;
}

/// What `l` shows in a column, null before its first value.
const lane_value* shown(const lane& l, const column& c) {
    const lane_value* value = nullptr;
    for (const lane_value& v : l.values) {
        if (v.begin_ps >= c.end_ps)
            break;
        const bool pulse = value != nullptr && value->begin_ps >= c.begin_ps && !idle(l, *value);
        if (!pulse || !idle(l, v))
            value = &v;
    }
    return value;
}

std::string signal_of(const lane& l, const std::vector<column>& columns) {
    std::string wave;
    std::string data;
    const lane_value* last = nullptr;
    for (const column& c : columns) {
        if (c.gap) {
            wave += '|';
            continue;
        }
        const lane_value* const v = shown(l, c);
        if (v == nullptr) {
            wave += wave.empty() ? 'x' : '.';
        } else if (v == last) {
            wave += '.';
        } else if (l.wire) {
            wave += v->bits != 0 ? '1' : '0';
        } else if (l.text && v->text.empty()) {
            wave += 'z';
        } else {
            wave += '=';
            data += data.empty() ? "" : ", ";
            data += json_string(l.text ? v->text : hex_text(v->bits));
        }
        last = v;
    }
    std::string out = "{\"name\": " + json_string(l.name) + ", \"wave\": \"" + wave + '"';
    if (!data.empty())
        out += ", \"data\": [" + data + ']';
    return out + '}';
}

} // namespace

std::string wavejson(const exchange_window& w) {
    const std::vector<column> columns = columns_of(w);
    std::string out = "{\n  \"signal\": [";
    unsigned port = max_trace_ports + 1;
    for (const lane& l : w.lanes) {
        if (l.port != port) {
            out += port == max_trace_ports + 1 ? "\n" : "\n    ],\n    {},\n";
            port = l.port;
            out += "    [" + json_string(port == max_trace_ports ? std::string("switch")
                                                                 : "port " + std::to_string(port));
        }
        out += ",\n      " + signal_of(l, columns);
    }
    out += w.lanes.empty() ? "" : "\n    ]";
    const std::string title = w.title.empty() ? w.file : w.title;
    return out + "\n  ],\n  \"head\": {\"text\": " + json_string(title) +
           "},\n  \"foot\": {\"text\": " +
           json_string("one column is a cycle of " + format_time(w.core_clock_ps) + ", from " +
                       format_time(w.begin_ps)) +
           "},\n  \"config\": {\"hscale\": 2}\n}\n";
}

} // namespace ntb::traces
