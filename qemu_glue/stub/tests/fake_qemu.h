// SPDX-License-Identifier: GPL-2.0-or-later
// What the stub's overlays (overlay.h) use of QEMU, in a process that is none: one vfio-user-pci
// device, whose regions below the overlays send accesses over a host's vfio-user connection, and a
// guest that accesses its BARs.
//
// As in a QEMU the big lock is held while the stub is called, and what it asks of the main loop is
// done later. At most one in a process, since the overlays' state is static. Units: bytes.
// Threading: one thread is guest and main loop; the stub's own may only ask for the main loop.
// Errors: exceptions, which fail the test.
#pragma once

#include <array>
#include <cstdint>

#include "qemu_glue/stub/tests/served_switch.h"

namespace ntb::stub::test {

class fake_qemu {
public:
    /// Lays the stub of `of` over BARs of these sizes, 0 = there is none. `of` was made with
    /// window_use::later.
    fake_qemu(host& of, const std::array<std::uint64_t, bar_regions>& sizes);
    fake_qemu(const fake_qemu&) = delete;
    fake_qemu& operator=(const fake_qemu&) = delete;
    ~fake_qemu();

    // The guest:
    [[nodiscard]] std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned size);
    void write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value);
    /// Whether it reaches that place without a trap.
    [[nodiscard]] bool is_ram(unsigned bar, std::uint64_t offset) const;

    /// Does what was asked of the main loop.
    void run_main_loop();
    /// Accesses that have gone over vfio-user.
    [[nodiscard]] unsigned below() const { return below_; }

private:
    friend struct functions_of_fake_qemu;
    host& host_;
    std::array<std::uint64_t, bar_regions> sizes_;
    unsigned below_ = 0;
};

} // namespace ntb::stub::test
