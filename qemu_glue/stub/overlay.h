// SPDX-License-Identifier: GPL-2.0-or-later
// I/O regions of ours over the BARs of the vfio-user device: accesses go into the channel, and,
// once that is closed, to the regions below, as without the stub.
//
// Threading: under QEMU's big lock. Errors: place_overlays() says what is not as expected, and has
// changed nothing then.
#pragma once

#include "qemu_glue/stub/channel.h"

namespace ntb::stub {

/// Finds the BARs of the device with that id. Null, or what is not as expected.
[[nodiscard]] const char* find_bars(const char* device_id);
/// Lays an overlay over each BAR that find_bars() has found. The channel stays for ever. Null, or
/// why windows stay trapped.
[[nodiscard]] const char* place_overlays(channel& c);

} // namespace ntb::stub
