// SPDX-License-Identifier: Apache-2.0
// Simulated times as people write and read them. Units: picoseconds inside, any of
// fs|ps|ns|us|ms|s outside. Errors: parse_time gives nothing for what is not a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ntb::traces {

/// Exact, in the largest unit that leaves a whole part: "132 ns", "1.0045 us".
[[nodiscard]] std::string format_time(std::uint64_t ps);

/// The same time always in nanoseconds, exact, without unit: "132", "0.5".
[[nodiscard]] std::string format_ns(std::uint64_t ps);

/// The same time in a unit that parse_time() knows, exact: "132 ns", "0.132 us".
[[nodiscard]] std::string format_in(std::uint64_t ps, std::string_view unit);

/// A time in cycles of `period_ps`, at most two decimals: "33", "33.25".
[[nodiscard]] std::string format_cycles(std::uint64_t ps, std::uint64_t period_ps);

/// "132ns", "1.5 us", "4000ps". Below a picosecond and beyond 2^64 ps: nothing.
[[nodiscard]] std::optional<std::uint64_t> parse_time(std::string_view text);

} // namespace ntb::traces
