// SPDX-License-Identifier: Apache-2.0
// What `ntbsim regs list` and `ntbsim regs show` print.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/regs/all_maps.h"

namespace ntb::regs {

/// What a name typed by a user means: one register, or a whole family ("BARSETUP",
/// "BARSETUP{n}"). Letter case does not matter.
struct named {
    member at{};
    bool whole_family = false;
};

[[nodiscard]] std::optional<named> look_up(std::string_view typed);

/// One line a row of the map; with `every_member` one line a register, in the order of offsets.
[[nodiscard]] std::string list_text(bool every_member);

/// All that the map knows of one register or family.
[[nodiscard]] std::string show_text(const named& what);

} // namespace ntb::regs
