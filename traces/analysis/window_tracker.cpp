// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/window_tracker.h"

#include <algorithm>
#include <utility>

namespace ntb::traces {
namespace {

bool starts_with(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

/// "0x00001234" at the end of a write.
std::string data_of(std::string_view tlp) {
    const std::size_t at = tlp.rfind(" 0x");
    return at == std::string_view::npos ? std::string() : std::string(tlp.substr(at + 1));
}

/// "7" of "... tag 7 ..."; empty if there is none.
std::string tag_of(std::string_view tlp) {
    constexpr std::string_view word = " tag ";
    const std::size_t at = tlp.find(word);
    if (at == std::string_view::npos)
        return {};
    const std::string_view rest = tlp.substr(at + word.size());
    return std::string(rest.substr(0, rest.find(' ')));
}

/// A request to a memory window: any BAR but that of the registers.
bool to_window(std::string_view tlp, std::string_view kind) {
    return starts_with(tlp, kind) && tlp.size() > kind.size() && tlp[kind.size()] != '0';
}

} // namespace

void window_tracker::change(const vcd_change& c, const signal_meaning& m) {
    if (c.text.empty())
        return;
    if (m.role == signal_role::rx_tlp)
        entered(m.port, c.time_ps, c.text);
    else if (m.role == signal_role::tx_tlp)
        left(m.port, c.time_ps, c.text);
}

void window_tracker::entered(unsigned port, std::uint64_t ps, std::string_view tlp) {
    if (to_window(tlp, "MWr bar")) {
        std::deque<write>& list = writes_.at(port);
        if (list.size() == remembered)
            list.pop_front();
        list.push_back({ps, data_of(tlp)});
    } else if (to_window(tlp, "MRd bar")) {
        reads_.at(port)[tag_of(tlp)] = {ps};
    }
}

void window_tracker::left(unsigned port, std::uint64_t ps, std::string_view tlp) {
    if (starts_with(tlp, "MWr ")) {
        const std::string data = data_of(tlp);
        const auto same = [&](const write& w) { return w.data == data; };
        for (unsigned from = 0; from < max_trace_ports; ++from) {
            std::deque<write>& list = writes_.at(from);
            const auto found = std::find_if(list.begin(), list.end(), same);
            if (from == port || found == list.end())
                continue;
            if (std::count_if(list.begin(), list.end(), same) > 1) {
                for (write& w : list)
                    w.alike |= same(w);
            }
            if (!found->alike)
                on_crossing_({false, from, port, found->ps, ps});
            list.erase(found);
            return;
        }
    } else if (starts_with(tlp, "MRd ")) {
        const std::string tag = tag_of(tlp);
        for (unsigned from = 0; from < max_trace_ports; ++from) {
            const auto found = reads_.at(from).find(tag);
            if (from != port && found != reads_.at(from).end() &&
                found->second.to == max_trace_ports) {
                found->second.to = port;
                return;
            }
        }
    } else if (starts_with(tlp, "Cpl")) {
        const auto found = reads_.at(port).find(tag_of(tlp));
        if (found == reads_.at(port).end())
            return;
        if (found->second.to != max_trace_ports && starts_with(tlp, "CplD"))
            on_crossing_({true, port, found->second.to, found->second.ps, ps});
        reads_.at(port).erase(found);
    }
}

} // namespace ntb::traces
