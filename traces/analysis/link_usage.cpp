// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/link_usage.h"

#include <algorithm>

namespace ntb::traces {
namespace {

double percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

} // namespace

double link_usage_report::mean(const direction_usage& d) const {
    return percent(d.busy_ps, end_ps);
}

double link_usage_report::peak(const direction_usage& d) const {
    return slice_ps == 0 ? 0 : percent(d.peak_ps, length(d.peak_at_ps / slice_ps));
}

link_usage::link_usage(const vcd_reader& reader) {
    for (const signal_meaning& m : meanings(reader)) {
        if (m.role == signal_role::rx_tlp || m.role == signal_role::tx_tlp)
            state(m).usage.recorded = true;
    }
}

void link_usage::change(const vcd_change& c, const signal_meaning& m) {
    if (m.role != signal_role::rx_tlp && m.role != signal_role::tx_tlp)
        return;
    direction_state& d = state(m);
    if (d.busy)
        add(d, d.since_ps, c.time_ps);
    d.busy = !c.text.empty();
    d.since_ps = c.time_ps;
    d.usage.tlps += d.busy ? 1 : 0;
}

/// Makes the slices so long that `until_ps` lies in one of them.
void link_usage::widen(std::uint64_t until_ps) {
    while (until_ps / slice_ps_ >= most_slices) {
        slice_ps_ *= 2;
        for (auto& port : ports_) {
            for (direction_state& d : port) {
                std::vector<std::uint64_t>& s = d.usage.slices;
                for (std::size_t i = 0; i < s.size(); ++i) {
                    if (i % 2 == 0)
                        s[i / 2] = s[i];
                    else
                        s[i / 2] += s[i];
                }
                s.resize((s.size() + 1) / 2);
            }
        }
    }
}

void link_usage::add(direction_state& d, std::uint64_t from_ps, std::uint64_t to_ps) {
    if (to_ps <= from_ps)
        return;
    widen(to_ps - 1);
    std::vector<std::uint64_t>& s = d.usage.slices;
    s.resize(std::max(s.size(), static_cast<std::size_t>((to_ps - 1) / slice_ps_ + 1)));
    d.usage.busy_ps += to_ps - from_ps;
    while (from_ps < to_ps) {
        const std::uint64_t slice = from_ps / slice_ps_;
        const std::uint64_t end = std::min(to_ps, (slice + 1) * slice_ps_);
        s[slice] += end - from_ps;
        from_ps = end;
    }
}

link_usage_report link_usage::finish(std::uint64_t end_ps, std::size_t wanted_slices) {
    for (auto& port : ports_) {
        for (direction_state& d : port) {
            if (d.busy)
                add(d, d.since_ps, end_ps);
            d.busy = false;
        }
    }
    widen(end_ps == 0 ? 0 : end_ps - 1);
    link_usage_report report;
    report.end_ps = end_ps;
    const std::uint64_t fine = end_ps == 0 ? 1 : (end_ps - 1) / slice_ps_ + 1;
    const std::uint64_t wanted = std::max<std::uint64_t>(wanted_slices, 1);
    const std::uint64_t together = (fine + wanted - 1) / wanted;
    report.slice_ps = slice_ps_ * together;
    for (std::size_t port = 0; port < max_trace_ports; ++port) {
        for (std::size_t direction = 0; direction < 2; ++direction) {
            direction_usage& out = report.ports[port][direction];
            out = std::move(ports_[port][direction].usage);
            if (!out.recorded)
                continue;
            std::vector<std::uint64_t> coarse((fine + together - 1) / together, 0);
            for (std::size_t i = 0; i < out.slices.size(); ++i)
                coarse[i / together] += out.slices[i];
            out.slices = std::move(coarse);
            for (std::size_t i = 0; i < out.slices.size(); ++i) {
                // By share, not by time: the last slice may be short.
                const bool higher =
                    out.slices[i] != 0 &&
                    percent(out.slices[i], report.length(i)) >
                        percent(out.peak_ps, report.length(static_cast<std::size_t>(
                                                 out.peak_at_ps / report.slice_ps)));
                if (higher) {
                    out.peak_ps = out.slices[i];
                    out.peak_at_ps = static_cast<std::uint64_t>(i) * report.slice_ps;
                }
            }
        }
    }
    return report;
}

} // namespace ntb::traces
