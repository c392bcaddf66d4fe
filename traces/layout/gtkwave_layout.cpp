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

/// Where to look first: the first exchange, if there is one.
std::string view(const std::string& file) {
    std::uint64_t start = 0;
    std::string marker = "-1";
    double zoom = default_zoom;
    try {
        const exchange_window w = find_exchange(file, std::nullopt, std::nullopt);
        start = w.begin_ps;
        const auto span = static_cast<double>(w.end_ps - w.begin_ps);
        zoom = std::min(0.0, -std::log2(std::max(1.0, span / wave_pixels * zoom_pixels)));
        if (!w.deliveries.empty())
            marker =
                std::to_string(w.deliveries.front().write_ps.value_or(w.deliveries.front().set_ps));
    } catch (const trace_error&) {
        // No exchange in it: the begin of the recording is as good as any place.
    }
    std::array<char, 32> zoom_text{};
    std::snprintf(zoom_text.data(), zoom_text.size(), "*%.4f ", zoom);
    return "[timestart] " + std::to_string(start) + "\n[size] 1600 900\n[pos] -1 -1\n" +
           zoom_text.data() + marker + '\n';
}

} // namespace

std::string gtkwave_layout(const std::string& file, const std::string& name_in_layout) {
    const vcd_reader reader(file);
    // GTKWave finds the waveform by its place relative to [savefile].
    std::string text = "[*]\n[*] GTKWave layout by ntbsim trace layout\n[*]\n[dumpfile] \"" +
                       name_in_layout + "\"\n[savefile] \"layout.gtkw\"\n" + view(file) +
                       "[sst_expanded] 0\n[signals_width] 400\n[sst_width] 60\n";
    std::vector<const vcd_signal*> events;
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        const std::string prefix = "switch.port" + std::to_string(port) + '.';
        std::array<std::vector<const vcd_signal*>, 5> sorted;
        for (const vcd_signal& s : reader.signals()) {
            if (s.name.compare(0, prefix.size(), prefix) != 0)
                continue;
            const std::string_view rest = std::string_view(s.name).substr(prefix.size());
            for (std::size_t g = 0; g < sorted.size(); ++g) {
                const auto& prefixes = groups()[g].prefixes;
                const auto fits = [&](std::string_view p) { return rest.substr(0, p.size()) == p; };
                if (std::any_of(prefixes.begin(), prefixes.end(), fits)) {
                    sorted[g].push_back(&s);
                    break;
                }
            }
        }
        for (std::size_t g = 0; g < sorted.size(); ++g)
            text += grouped("port " + std::to_string(port) + ": " + std::string(groups()[g].name),
                            groups()[g].open, sorted[g]);
    }
    for (const vcd_signal& s : reader.signals()) {
        if (port_of(s.name) == max_trace_ports && s.name != "switch.core_clock_ps")
            events.push_back(&s);
    }
    text += grouped("switch: events and global registers", true, events);
    return text + "[pattern_trace] 1\n[pattern_trace] 0\n";
}

} // namespace ntb::traces
