// SPDX-License-Identifier: Apache-2.0
// How busy the links are over time, from the texts of their TLPs: a direction is busy while a TLP
// is shown on it. (A TLP is shown for at least one core-clock cycle, so very short ones count up to
// that.) Time is divided into slices of equal length; when there are too many, neighbours are put
// together, so memory does not grow with the recording.
//
// Units: picoseconds. Threading: none. Errors: none.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "traces/analysis/port_signals.h"

namespace ntb::traces {

enum class link_direction : std::uint8_t { rx, tx }; ///< rx = from the host

struct direction_usage {
    bool recorded = false;
    std::uint64_t tlps = 0;
    std::uint64_t busy_ps = 0;
    std::uint64_t peak_at_ps = 0;        ///< begin of the busiest slice
    std::uint64_t peak_ps = 0;           ///< busy time in it
    std::vector<std::uint64_t> slices{}; ///< busy time of each
};

struct link_usage_report {
    std::uint64_t slice_ps = 0;
    std::uint64_t end_ps = 0;
    std::array<std::array<direction_usage, 2>, max_trace_ports> ports{}; ///< [port][direction]

    /// Length of slice `i`: the last one may be shorter.
    [[nodiscard]] std::uint64_t length(std::size_t i) const {
        const std::uint64_t begin = static_cast<std::uint64_t>(i) * slice_ps;
        return begin + slice_ps <= end_ps ? slice_ps : end_ps - begin;
    }
    /// Busy share of the whole recording, and of the busiest slice, in percent.
    [[nodiscard]] double mean(const direction_usage& d) const;
    [[nodiscard]] double peak(const direction_usage& d) const;
};

class link_usage {
public:
    explicit link_usage(const vcd_reader& reader);

    /// To be told of every change, in order.
    void change(const vcd_change& c, const signal_meaning& m);
    /// `wanted_slices` (at least 1) of equal length, as near as whole fine slices allow.
    [[nodiscard]] link_usage_report finish(std::uint64_t end_ps, std::size_t wanted_slices);

private:
    static constexpr std::uint64_t finest_ps = 64000; ///< 16 cycles of 4 ns
    static constexpr std::size_t most_slices = 4096;

    struct direction_state {
        direction_usage usage{};
        bool busy = false;
        std::uint64_t since_ps = 0;
    };
    [[nodiscard]] direction_state& state(const signal_meaning& m) {
        return ports_.at(m.port)[m.role == signal_role::rx_tlp ? 0 : 1];
    }
    void add(direction_state& d, std::uint64_t from_ps, std::uint64_t to_ps);
    void widen(std::uint64_t until_ps);

    std::array<std::array<direction_state, 2>, max_trace_ports> ports_{};
    std::uint64_t slice_ps_ = finest_ps;
};

} // namespace ntb::traces
