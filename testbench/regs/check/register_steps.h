// SPDX-License-Identifier: Apache-2.0
// The checks that treat every register alike, each leaving the device as it found it.
//
// Threading: one thread. Errors: target_error from the target; what the device does wrong is a
// finding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

/// Walking ones and zeros, all ones, all zeros, random values by `by`: every bit acts by its
/// policy, reserved ones included. What must not be written is only read.
void check_access(context& c, std::size_t id, const path& by);

/// Every width and, where the target can, every combination of byte enables, for the dword of an
/// instance at `in_space` by a door of its own.
void check_bytes(context& c, std::size_t in, std::uint32_t in_space, const path& by);

/// Written by each door, the register reads the same by all of them.
void check_alias(context& c, std::size_t id);

/// Changing a register changes no other of its instance, and none of a few elsewhere, but what the
/// map says it affects.
void check_neighbours(context& c, std::size_t id);

/// Dwords of an instance that no register fills, from `first` (offset in the space) on: read 0,
/// ignore writes.
void check_unmapped(context& c, std::size_t in, std::uint32_t first, std::uint32_t dwords,
                    const path& by);

/// Every register still holds what it is known to hold.
void check_everything(context& c, const char* when);

} // namespace ntb::regs::check
