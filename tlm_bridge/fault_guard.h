// SPDX-License-Identifier: Apache-2.0
// Survives SIGBUS in registered address ranges: a client may truncate the file behind its RAM
// after we mapped it, and the access then faults in our process.
//
// The handler lays zero pages over the fault and counts it; the faulting instruction continues
// and whoever made the access looks at the count afterwards. No longjmp, so it does not matter
// whose stack (SystemC coroutine) is running. Faults elsewhere go to the handler that was there
// before, or kill the process as ever.
//
// Threading: ranges are added and removed by one thread; the handler runs in the thread that
// faulted. Errors: a full table refuses the range.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ntb::bridge::fault_guard {

inline constexpr std::size_t max_ranges = 16384;

/// Watches the range (page-aligned, mapped); returns its slot, or -1 if the table is full.
/// Installs the handler where it is not (any more).
[[nodiscard]] int add(void* begin, std::size_t size, int protection) noexcept;
void remove(int slot) noexcept;
/// Faults caught in that range since it was added.
[[nodiscard]] std::uint32_t faults(int slot) noexcept;

} // namespace ntb::bridge::fault_guard
