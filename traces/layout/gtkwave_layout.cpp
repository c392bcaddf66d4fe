// SPDX-License-Identifier: Apache-2.0
#include "traces/layout/gtkwave_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

#include "traces/analysis/port_signals.h"
#include "traces/diagram/exchange_window.h"
#include "traces/trace_error.h"
#include "traces/vcd_reader.h"

namespace ntb::traces {
namespace {

// Trace flags of GTKWave's save files.
constexpr unsigned hexadecimal = 0x2;
constexpr unsigned decimal = 0x4;
constexpr unsigned binary = 0x8;
constexpr unsigned right_justified = 0x20;
constexpr unsigned blank = 0x200;
constexpr unsigned ascii = 0x800;
constexpr unsigned closed = 0x400000;
constexpr unsigned group_begin = 0x800000;
constexpr unsigned group_end = 0x1000000;

constexpr double wave_pixels = 1150; ///< of the window below, what the waves get
/// The save file's zoom is minus the binary logarithm of the time of so many pixels.
constexpr double zoom_pixels = 200;
constexpr double default_zoom = -19; ///< 2.6 ns a pixel

struct group {
    std::string_view name;
    bool open;
    std::vector<std::string_view> prefixes; ///< of names, behind "switch.portP."
};

/// What a port's signals are sorted into; the first group that fits takes a signal.
const std::array<group, 5>& groups() {
    static const std::array<group, 5> list{{
        {"link", true, {"link."}},
        {"doorbells", true, {"nt.outdbell", "nt.indbell"}},
        {"messages", false, {"nt.outmsg", "nt.inmsg", "nt.msgsts"}},
        {"interrupts", true, {"nt.ntint", "nt.msi", "nt.intx"}},
        {"other registers", false, {""}},
    }};
    return list;
}

/// What one topic shows of each port: the parts of a group's names; and of the switch.
struct topic_part {
    layout_topic topic;
    std::vector<std::string_view> port;   ///< prefixes behind "switch.portP."
    std::vector<std::string_view> global; ///< prefixes behind "switch."
};

const std::array<topic_part, 4>& topics() {
    static const std::array<topic_part, 4> list{{
        {layout_topic::doorbells,
         {"link.", "nt.outdbell", "nt.indbell", "nt.ntintsts", "nt.msi"},
         {"gdbellsts", "godbellmsk", "gidbellmsk"}},
        {layout_topic::messages,
         {"link.", "nt.outmsg", "nt.inmsg", "nt.msgsts", "nt.ntintsts", "nt.msi"},
         {"swp"}},
        {layout_topic::windows,
         {"link.", "nt.barsetup2", "nt.barsetup3", "nt.barsetup4", "nt.barltbase2", "nt.barltbase3",
          "nt.lutoffset", "nt.lutldata", "nt.lutmdata", "nt.lutudata", "nt.lut2_0_", "nt.lut4_0_",
          "nt.ntctl", "nt.ntmtbl", "nt.pcicmd", "nt.aerues"},
         {"ntmtbl"}},
        {layout_topic::interrupts,
         {"link.", "nt.ntint", "nt.indbellsts", "nt.indbellmsk", "nt.msgsts", "nt.msi", "nt.intx",
          "nt.pcicmd"},
         {"sests", "semsk", "sepmsk"}},
    }};
    return list;
}

bool begins_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view p) { return text.substr(0, p.size()) == p; });
}

/// Whether a layout on `topic` has the signal.
bool belongs(const vcd_signal& s, layout_topic topic) {
    if (topic == layout_topic::all)
        return true;
    const auto part = std::find_if(topics().begin(), topics().end(),
                                   [&](const topic_part& t) { return t.topic == topic; });
    const unsigned port = port_of(s.name);
    constexpr std::string_view root = "switch.";
    const std::string scope =
        port == max_trace_ports ? std::string(root) : "switch.port" + std::to_string(port) + '.';
    if (s.name.compare(0, scope.size(), scope) != 0)
        return false;
    return begins_with_any(std::string_view(s.name).substr(scope.size()),
                           port == max_trace_ports ? part->global : part->port);
}

std::string flags(unsigned value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "@%x\n", value);
    return text.data();
}

unsigned format_of(const vcd_signal& s) {
    if (s.kind == vcd_kind::text)
        return ascii | right_justified;
    const std::string_view name = s.name;
    constexpr std::string_view count = "_count";
    if (name.size() > count.size() && name.substr(name.size() - count.size()) == count)
        return decimal | right_justified;
    return (s.width == 1 ? binary : hexadecimal) | right_justified;
}

std::string trace_line(const vcd_signal& s) {
    std::string line = flags(format_of(s));
    // Only the last part of a name is shown, and both directions of a link end in "tlp".
    const signal_role role = meaning_of(s.name).role;
    if (role == signal_role::rx_tlp)
        line += "+{rx tlp (from host)} ";
    else if (role == signal_role::tx_tlp)
        line += "+{tx tlp (to host)} ";
    line += s.name;
    if (s.kind == vcd_kind::bits && s.width > 1)
        line += '[' + std::to_string(s.width - 1) + ":0]";
    return line + '\n';
}

std::string grouped(const std::string& name, bool open,
                    const std::vector<const vcd_signal*>& members) {
    if (members.empty())
        return {};
    std::string text = flags(group_begin | blank | (open ? 0 : closed)) + '-' + name + '\n';
    for (const vcd_signal* s : members)
        text += trace_line(*s);
    return text + flags(group_end | blank | (open ? 0 : closed)) + '-' + name + '\n';
}

struct place {
    std::uint64_t begin_ps = 0;
    std::uint64_t span_ps = 0; ///< 0 = the default zoom
    std::string marker = "-1";
};

/// Where a topic's own registers begin to change, which is after enumeration.
place first_change(const std::string& file, layout_topic topic) {
    constexpr std::uint64_t longest_ps = 2000000;
    vcd_reader reader(file);
    std::vector<bool> shown(reader.channels(), false);
    for (const vcd_signal& s : reader.signals()) {
        const bool set_up = s.name.find(".pcicmd") != std::string::npos || // by enumeration
                            s.name.find(".link.") != std::string::npos;
        if (belongs(s, topic) && !set_up && port_of(s.name) != max_trace_ports)
            shown[s.channel] = true;
    }
    std::vector<bool> known(reader.channels(), false);
    std::uint64_t first = UINT64_MAX;
    std::uint64_t last = 0;
    vcd_change change;
    while (reader.next(change)) {
        if (shown[change.channel] && known[change.channel]) {
            first = std::min(first, change.time_ps);
            last = change.time_ps;
        }
        known[change.channel] = true;
    }
    if (first == UINT64_MAX)
        return {};
    constexpr std::uint64_t margin = 50000;
    const std::uint64_t begin = first - std::min(first, margin);
    return {begin, std::min(last + 2 * margin - begin, longest_ps), std::to_string(first)};
}

/// Where to look first: the first exchange, if there is one.
place first_look(const std::string& file, layout_topic topic) {
    if (topic == layout_topic::windows || topic == layout_topic::interrupts)
        return first_change(file, topic);
    try {
        const exchange_window w = find_exchange(file, std::nullopt, std::nullopt);
        place p{w.begin_ps, w.end_ps - w.begin_ps};
        if (!w.deliveries.empty())
            p.marker =
                std::to_string(w.deliveries.front().write_ps.value_or(w.deliveries.front().set_ps));
        return p;
    } catch (const trace_error&) {
        return first_change(file, topic);
    }
}

std::string view(const std::string& file, layout_topic topic) {
    const place p = first_look(file, topic);
    double zoom = default_zoom;
    if (p.span_ps != 0)
        zoom = std::min(0.0, -std::log2(std::max(1.0, static_cast<double>(p.span_ps) / wave_pixels *
                                                          zoom_pixels)));
    std::array<char, 32> zoom_text{};
    std::snprintf(zoom_text.data(), zoom_text.size(), "*%.4f ", zoom);
    return "[timestart] " + std::to_string(p.begin_ps) + "\n[size] 1600 900\n[pos] -1 -1\n" +
           zoom_text.data() + p.marker + '\n';
}

} // namespace

std::string_view topic_name(layout_topic topic) {
    switch (topic) {
    case layout_topic::doorbells:
        return "doorbells";
    case layout_topic::messages:
        return "messages";
    case layout_topic::windows:
        return "windows";
    case layout_topic::interrupts:
        return "interrupts";
    case layout_topic::all:
        break;
    }
    return "all";
}

std::string gtkwave_layout(const std::string& file, const std::string& name_in_layout,
                           layout_topic topic) {
    const vcd_reader reader(file);
    // GTKWave finds the waveform by its place relative to [savefile].
    std::string text = "[*]\n[*] GTKWave layout by ntbsim trace layout\n[*]\n[dumpfile] \"" +
                       name_in_layout + "\"\n[savefile] \"layout.gtkw\"\n" + view(file, topic) +
                       "[sst_expanded] 0\n[signals_width] 400\n[sst_width] 60\n";
    std::vector<const vcd_signal*> events;
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        const std::string prefix = "switch.port" + std::to_string(port) + '.';
        std::array<std::vector<const vcd_signal*>, 5> sorted;
        for (const vcd_signal& s : reader.signals()) {
            if (s.name.compare(0, prefix.size(), prefix) != 0 || !belongs(s, topic))
                continue;
            const std::string_view rest = std::string_view(s.name).substr(prefix.size());
            for (std::size_t g = 0; g < sorted.size(); ++g) {
                if (begins_with_any(rest, groups()[g].prefixes)) {
                    sorted[g].push_back(&s);
                    break;
                }
            }
        }
        for (std::size_t g = 0; g < sorted.size(); ++g)
            text += grouped("port " + std::to_string(port) + ": " + std::string(groups()[g].name),
                            groups()[g].open || topic != layout_topic::all, sorted[g]);
    }
    for (const vcd_signal& s : reader.signals()) {
        const bool global = port_of(s.name) == max_trace_ports;
        if (global && s.name != "switch.core_clock_ps" && belongs(s, topic))
            events.push_back(&s);
    }
    text += grouped("switch: events and global registers", topic == layout_topic::all, events);
    return text + "[pattern_trace] 1\n[pattern_trace] 0\n";
}

} // namespace ntb::traces
