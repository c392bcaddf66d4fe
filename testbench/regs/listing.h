// SPDX-License-Identifier: Apache-2.0
// What `ntbsim regs list` and `ntbsim regs show` print.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/regs/all_maps.h"

namespace ntb::regs {

inline constexpr std::size_t terminal_width = 100;
inline constexpr std::size_t max_near_matches = 4;

/// What a name typed by a user means: one register, or a whole family ("BARSETUP",
/// "BARSETUP{n}"). Letter case does not matter. A declared register's row has no offset.
struct named {
    member at{};
    bool whole_family = false;
};

[[nodiscard]] std::optional<named> look_up(std::string_view typed);

/// Names that a mistyped one may have meant, the likeliest first; at most max_near_matches.
[[nodiscard]] std::vector<std::string> near_matches(std::string_view typed);

/// A register found by an address; `port` if the address was one of the global space that lies in a
/// function of that port.
struct placed {
    member at{};
    std::optional<unsigned> port{};
};

/// The registers that hold the byte at `offset` of the space called `in_space`, or of every space
/// if that is empty; failing that, at the global address `offset`.
[[nodiscard]] std::vector<placed> at_offset(std::uint32_t offset, std::string_view in_space);

/// One line a row of the map; with `every_member` one line a register, in the order of offsets.
/// Lines are at most terminal_width wide: long descriptions are cut.
[[nodiscard]] std::string list_text(bool every_member);

/// All that the map knows of one register or family.
[[nodiscard]] std::string show_text(const named& what);

} // namespace ntb::regs
