// SPDX-License-Identifier: Apache-2.0
// Follows requests through memory windows, from the texts on the links: when a write that entered
// at one port left towards another port's host, and when a read that crossed was completed.
//
// A write is known by its data (the first eight bytes); where several alike are under way it is
// left out. A read is known by its tag, which it keeps on the way across.
//
// Units: picoseconds. Threading: none. Errors: none.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "traces/analysis/port_signals.h"

namespace ntb::traces {

struct window_crossing {
    bool is_read = false;
    unsigned from = 0;
    unsigned to = 0;
    std::uint64_t begin_ps = 0; ///< on the link of the host that asked
    std::uint64_t end_ps = 0;   ///< a write: on the other link; a read: its completion on the first
};

class window_tracker {
public:
    using sink = std::function<void(const window_crossing&)>;

    explicit window_tracker(sink on_crossing) : on_crossing_(std::move(on_crossing)) {}

    /// To be told of every change, in order.
    void change(const vcd_change& c, const signal_meaning& m);

private:
    static constexpr std::size_t remembered = 64;
    struct write {
        std::uint64_t ps = 0;
        std::string data{};
        bool alike = false;
    };
    struct read {
        std::uint64_t ps = 0;
        unsigned to = max_trace_ports; ///< not known yet
    };
    void entered(unsigned port, std::uint64_t ps, std::string_view tlp);
    void left(unsigned port, std::uint64_t ps, std::string_view tlp);

    sink on_crossing_;
    std::array<std::deque<write>, max_trace_ports> writes_{};          ///< by sender
    std::array<std::map<std::string, read>, max_trace_ports> reads_{}; ///< by requester and tag
};

} // namespace ntb::traces
