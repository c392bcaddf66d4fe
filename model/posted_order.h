// SPDX-License-Identifier: Apache-2.0
// The order of what one host posts (PCIe 2.1 section 2.4.1: a posted request does not pass
// another). Writes into windows may be under way at the same time, for threads of their own, and
// need longer than a write to a register does: a doorbell must not overtake the data before it.
// So window writes end in the order in which they came, and a register is written when all that
// came before have ended, delivered or refused.
//
// Units: none. Threading: the SystemC thread, SC_THREADs that may wait. Nothing is allocated.
#pragma once

#include <cstdint>
#include <systemc>

namespace ntb {

class posted_order {
public:
    /// A window write has come; the place is for leave().
    [[nodiscard]] std::uint64_t enter() { return entered_++; }
    /// That write has been delivered or refused; waits for those before it.
    void leave(std::uint64_t place) {
        while (left_ != place)
            sc_core::wait(changed_);
        ++left_;
        changed_.notify();
    }

    [[nodiscard]] bool under_way() const { return left_ != entered_; }
    /// Waits until all that have come so far have left.
    void wait_for_earlier() {
        for (const std::uint64_t last = entered_; left_ < last;)
            sc_core::wait(changed_);
    }

private:
    std::uint64_t entered_ = 0;
    std::uint64_t left_ = 0;
    sc_core::sc_event changed_;
};

} // namespace ntb
