// SPDX-License-Identifier: Apache-2.0
// Who keeps a copy of an NT function's registers outside the model, so that reads that do nothing
// but return a value need no transaction. The model tells every change when it happens.
//
// Units: bytes from the start of the function's 4 KiB. Threading: the SystemC thread. Errors: none
// are reported back. Source: choice of this model; software sees the registers as BAR0 shows them.
#pragma once

#include <cstdint>

namespace ntb {

class register_mirror {
public:
    register_mirror() = default;
    register_mirror(const register_mirror&) = delete;
    register_mirror& operator=(const register_mirror&) = delete;
    virtual ~register_mirror() = default;

    /// The dword at `offset` holds `value` from now on.
    virtual void changed(std::uint32_t offset, std::uint32_t value) noexcept = 0;
    /// Whether a read of the whole dword at `offset` does nothing but return what it holds. No
    /// dword does before it is said.
    virtual void plain(std::uint32_t offset, bool is) noexcept = 0;
    /// A write to that dword may change where memory windows lead, of this host or another one.
    virtual void decides_windows(std::uint32_t offset) noexcept = 0;
    /// Whether a memory read in BAR0 reaches the registers: the link is up, memory space is
    /// enabled, and BAR0 opens the configuration space. Not before it is said.
    virtual void answers(bool does) noexcept = 0;
};

} // namespace ntb
