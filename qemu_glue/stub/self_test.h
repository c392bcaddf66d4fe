// SPDX-License-Identifier: GPL-2.0-or-later
// Whether this QEMU is as qemu_api.h has it: accesses of every size through a region of our own,
// which nothing of the guest's can reach.
#pragma once

namespace ntb::stub {

/// What is not as expected, or null. Under QEMU's big lock, when the machine is ready.
[[nodiscard]] const char* self_test();

} // namespace ntb::stub
