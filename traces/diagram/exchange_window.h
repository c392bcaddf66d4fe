// SPDX-License-Identifier: Apache-2.0
// The part of a waveform that a timing diagram shows: which two ports, from when to when, what
// their signals did, and which doorbells and messages went between them.
//
// Units: picoseconds. Threading: none. Errors: trace_error if there is nothing to show or too much.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "traces/analysis/exchange_tracker.h"

namespace ntb::traces {

/// A signal's value from `begin_ps` to `end_ps`.
struct lane_value {
    std::uint64_t begin_ps = 0;
    std::uint64_t end_ps = 0;
    std::uint64_t bits = 0;
    std::string text{}; ///< of a link
};

struct lane {
    signal_role role = signal_role::none;
    unsigned port = 0; ///< max_trace_ports = none: a signal of the switch
    std::string name;  ///< as the diagram calls it
    bool text = false;
    bool wire = false; ///< one bit, drawn as a level
    std::vector<lane_value> values{};
};

/// A moment that the user wants pointed out.
struct time_mark {
    std::uint64_t ps = 0;
    std::string text{};
};

/// What a diagram is to show; empty = what find_exchange() thinks best.
struct diagram_options {
    std::optional<std::uint64_t> from_ps{};
    std::optional<std::uint64_t> to_ps{};
    std::string signals{}; ///< patterns, whose order is that of the lanes
    std::string title{};
    std::vector<time_mark> marks{};
};

struct exchange_window {
    std::string file;
    std::uint64_t begin_ps = 0;
    std::uint64_t end_ps = 0;
    std::uint64_t core_clock_ps = 0;
    std::array<unsigned, 2> ports{};
    std::string choice{};      ///< "answered doorbell 3 of 40"; empty = --from, --to
    std::vector<lane> lanes{}; ///< first port's, then second port's
    std::vector<delivery>
        deliveries{};    ///< between the two ports; without an MSI in chosen spans only
    std::string title{}; ///< empty = by the first delivery
    std::vector<time_mark> marks{};
};

/// What lies in the span that `options` give; without one an exchange that can be read in one
/// picture: the first doorbell that was answered by a doorbell with not too much in between, else
/// the first doorbell alone (the shortest where all are too long), else a message.
[[nodiscard]] exchange_window find_exchange(const std::string& file,
                                            const diagram_options& options);
[[nodiscard]] inline exchange_window find_exchange(const std::string& file,
                                                   std::optional<std::uint64_t> from_ps,
                                                   std::optional<std::uint64_t> to_ps) {
    diagram_options options;
    options.from_ps = from_ps;
    options.to_ps = to_ps;
    return find_exchange(file, options);
}

} // namespace ntb::traces
