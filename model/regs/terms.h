// SPDX-License-Identifier: Apache-2.0
// Short names for the rows of the register tables; nothing else uses them.
#pragma once

#include "model/regs/map.h"

namespace ntb::regs::terms {

inline constexpr access ro = access::ro;
inline constexpr access rw = access::rw;
inline constexpr access rw1c = access::rw1c;
inline constexpr access rw1s = access::rw1s;
inline constexpr access wo = access::wo;

inline constexpr confidence documented = confidence::documented;
inline constexpr confidence inferred = confidence::inferred;
inline constexpr confidence not_confirmed = confidence::not_confirmed;

inline constexpr hot_reset resets = hot_reset::resets;
inline constexpr hot_reset keeps = hot_reset::keeps;

} // namespace ntb::regs::terms
