// SPDX-License-Identifier: Apache-2.0
// Faults on demand of one port: what a test asks to go wrong next. The port asks at the few points
// where something can; without a fault that is one comparison.
//
// Each fault is of one kind and happens once, to the next TLP that it can happen to; asked for
// twice, it happens twice. Directions are those of the signal names: rx from the host, tx to it.
//
// Units: picoseconds. Threading: the SystemC thread. Nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/flow_control.h"

namespace ntb {

enum class link_direction : std::uint8_t { rx, tx };

enum class fault_kind : std::uint8_t {
    poison,          ///< the next TLP with data has EP set; needs a direction
    drop_completion, ///< the next completion is lost; needs a direction
    stick_credits,   ///< no credit of one kind any more, of tx by the host; needs both
    free_credits,    ///< the end of that
    hold_write,      ///< the next window write of the host stays in the switch for `ps`; what comes
                     ///< after it passes it. Of one that is larger than a TLP can be: nothing
    msi_drop,        ///< the next MSI is sent and does not arrive
    msi_double,      ///< it arrives twice, the second time `ps` later
    msi_delay,       ///< it is sent `ps` later; what comes after it passes it
    clear,           ///< no fault that was asked for happens any more; stuck credits are free
};

/// One fault as a test asks for it.
struct fault {
    fault_kind kind = fault_kind::clear;
    link_direction direction = link_direction::rx;
    tlp_class of = tlp_class::posted;
    std::uint64_t ps = 0;
};

class fault_injector {
public:
    /// What is to become of an MSI.
    struct msi_fate {
        fault_kind what = fault_kind::clear; ///< clear: nothing happens to it
        std::uint64_t ps = 0;
    };

    /// Remembers a fault that waits for its TLP. Stuck credits are not among those.
    void ask(const fault& f) {
        switch (f.kind) {
        case fault_kind::poison:
            ++poison_[index(f.direction)];
            break;
        case fault_kind::drop_completion:
            ++dropped_[index(f.direction)];
            break;
        case fault_kind::hold_write:
            ++holds_;
            hold_ps_ = f.ps;
            break;
        case fault_kind::msi_drop:
        case fault_kind::msi_double:
        case fault_kind::msi_delay:
            ++msis_;
            msi_ = {f.kind, f.ps};
            break;
        case fault_kind::clear:
            *this = fault_injector{};
            return;
        case fault_kind::stick_credits:
        case fault_kind::free_credits:
            return;
        }
        any_ = true;
    }

    /// Whether one was ever asked for, since the last `clear`.
    [[nodiscard]] bool any() const { return any_; }
    [[nodiscard]] bool poisons(link_direction d) { return any_ && take(poison_[index(d)]); }
    [[nodiscard]] bool drops_completion(link_direction d) {
        return any_ && take(dropped_[index(d)]);
    }
    /// How long the next window write is held; 0 = not at all.
    [[nodiscard]] std::uint64_t holds_write() { return any_ && take(holds_) ? hold_ps_ : 0; }
    [[nodiscard]] msi_fate next_msi() { return any_ && take(msis_) ? msi_ : msi_fate{}; }

private:
    [[nodiscard]] static std::size_t index(link_direction d) { return static_cast<std::size_t>(d); }
    [[nodiscard]] static bool take(std::uint32_t& count) {
        if (count == 0)
            return false;
        --count;
        return true;
    }

    bool any_ = false;
    std::array<std::uint32_t, 2> poison_{};  ///< by link_direction
    std::array<std::uint32_t, 2> dropped_{}; ///< by link_direction
    std::uint32_t holds_ = 0;
    std::uint64_t hold_ps_ = 0; ///< as asked for last
    std::uint32_t msis_ = 0;
    msi_fate msi_{}; ///< as asked for last
};

} // namespace ntb
