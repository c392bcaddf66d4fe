// SPDX-License-Identifier: Apache-2.0
// One register of the device under validation, with all that the map (model/regs/) says of it:
// masks by policy, reset value, what to keep in mind (model/regs/handling.h). Everything is
// right-aligned to the register.
//
// Plain values; sheet_list builds them from the map once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/regs/all_maps.h"

namespace ntb::regs::check {

/// One occurrence of a space of the map in the device: the NT function of port 2, the switch.
struct instance {
    const space* in = nullptr;
    std::string name{};       ///< "port2.nt"; empty for the switch's own registers
    unsigned port = 0;        ///< that it belongs to, if it belongs to one
    int function = -1;        ///< of the target whose doors open it; -1 = the global space only
    std::int64_t global = -1; ///< global address of its offset 0; -1 = not in the global space
};

/// Before a register acts as storage, `field` of another has to have `value`.
struct condition {
    std::size_t other = 0; ///< index of its sheet
    std::uint32_t mask = 0;
    std::uint32_t value = 0; ///< in place
};

struct sheet {
    std::size_t id = 0; ///< its place in the list
    std::size_t in = 0; ///< index of its instance
    member at{};
    std::string name{}; ///< "port2.BARSETUP0", "SWPORT2CTL"
    unsigned size = 4;
    std::uint32_t ones = 0; ///< all bits of the register
    bool dword_only = false;

    std::uint32_t rw = 0;
    std::uint32_t rw1c = 0;
    std::uint32_t rw1s = 0;
    std::uint32_t wo = 0;
    std::uint32_t ro = 0;
    std::uint32_t reset = 0;
    std::uint32_t kept = 0; ///< by a hot reset

    std::uint32_t live = 0;
    std::uint32_t loaded = 0;
    std::uint32_t held = 0; ///< never written with another value
    bool written = true;    ///< by the steps that know no side effects
    bool by_config = false;
    bool own_window = false; ///< GASAADDR, GASADATA: not reached through themselves
    std::string_view why_not_written{};

    std::vector<std::size_t> affects{}; ///< sheets that a write to this one may change
    std::vector<condition> conditions{};

    std::uint32_t value = 0; ///< what it is known to read now

    [[nodiscard]] std::uint32_t offset() const { return at.offset(); }
    [[nodiscard]] std::uint32_t readable() const { return rw | rw1c | rw1s | ro; }
    [[nodiscard]] std::uint32_t named() const { return readable() | wo; }
    /// What can be compared without knowing what hardware does.
    [[nodiscard]] std::uint32_t steady() const { return ones & ~live; }
    /// Bits that keep what is written.
    [[nodiscard]] std::uint32_t storage() const { return rw & ~held; }

    /// `wanted`, but with held bits as they are: a value that may be written.
    [[nodiscard]] std::uint32_t allowed(std::uint32_t wanted, std::uint32_t now) const {
        return (wanted & ~held) | (now & held & rw);
    }
    /// What a read gives after the bytes of `mask` have been written while `before` was read.
    [[nodiscard]] std::uint32_t after(std::uint32_t before, std::uint32_t wrote,
                                      std::uint32_t mask) const {
        std::uint32_t v = (before & ~(rw & mask)) | (wrote & rw & mask);
        v &= ~(wrote & mask & rw1c);
        v |= wrote & mask & rw1s;
        return v & readable();
    }
};

/// The names of the fields that have bits in `bits`: "SIZE EN", "reserved bits".
[[nodiscard]] std::string field_names(const sheet& s, std::uint32_t bits);

} // namespace ntb::regs::check
