// SPDX-License-Identifier: Apache-2.0
// Registers with side effects, each by its rule (the behaviour ID with each entry): doorbells,
// messages, index/data pairs, switch events, BARs, power state, errors. Each sequence leaves the
// device as it found it.
//
// Threading: one thread. Errors: target_error from the target.
#pragma once

#include <vector>

#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

struct sequence {
    const char* name;
    const char* behaviour;
    bool seen_by_others; ///< other hosts see it
    bool unsafe;         ///< not for silicon
    /// Needs these registers in the map; the sequence is left out where one is missing.
    std::vector<const char*> registers;
    void (*run)(context& c, unsigned function);
};

[[nodiscard]] const std::vector<sequence>& all_sequences();

} // namespace ntb::regs::check
