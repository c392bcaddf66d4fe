// SPDX-License-Identifier: Apache-2.0
// How a host answers reads of its memory; all but `normally` are faults of a test.
#pragma once

#include <cstdint>

namespace ntb {

enum class host_answers : std::uint8_t {
    normally,
    poisoned,    ///< completions with EP set
    unsupported, ///< completions with status UR; writes go nowhere
    never,       ///< no completion
};

} // namespace ntb
