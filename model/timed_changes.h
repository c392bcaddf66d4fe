// SPDX-License-Identifier: Apache-2.0
// Changes of state that take time in two parts: when the first is over (what is under way has
// drained) the change takes effect, at the end of the second it is complete. Ports change their
// mode and partitions their state like this (B3.3, B3.4, B3.7); that the effect lies between the
// two parts is not confirmed. One event serves all objects of a kind; with both parts 0 everything
// happens within start().
//
// Units: picoseconds. Threading: the SystemC thread; the owner makes an SC_METHOD sensitive to
// due() that calls deliver(). Nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>

#include "model/core_clock.h"

namespace ntb {

/// `Owner` has take_effect(unsigned) and complete(unsigned).
template <class Owner, std::size_t Objects>
class timed_changes {
public:
    explicit timed_changes(Owner& owner) : owner_(owner) {}

    [[nodiscard]] bool under_way(unsigned i) const { return changes_[i].now != part::none; }

    /// Object `i` begins to change; not while it is changing.
    void start(unsigned i, std::uint64_t drain_ps, std::uint64_t settle_ps) {
        changes_[i] = change{part::drains, core_clock::now_ps() + drain_ps, settle_ps};
        go_on(i);
    }
    /// Forgets all changes: neither effects nor completions come.
    void abandon_all() { changes_ = {}; }

    [[nodiscard]] sc_core::sc_event& due() { return due_; }
    void deliver() {
        for (unsigned i = 0; i < Objects; ++i)
            if (under_way(i))
                go_on(i);
    }

private:
    enum class part : std::uint8_t { none, drains, settles };
    struct change {
        part now = part::none;
        std::uint64_t until_ps = 0;
        std::uint64_t settle_ps = 0;
    };

    /// As far as the time has come; then the event is armed for the rest. An event that is armed
    /// for an earlier object stays so: deliver() looks at all of them.
    void go_on(unsigned i) {
        change& c = changes_[i];
        const std::uint64_t now = core_clock::now_ps();
        if (c.now == part::drains && c.until_ps <= now) {
            c.now = part::settles;
            c.until_ps = now + c.settle_ps;
            owner_.take_effect(i);
        }
        if (c.now == part::settles && c.until_ps <= now) {
            c.now = part::none;
            owner_.complete(i); // may start the next change
            return;
        }
        if (c.now != part::none)
            due_.notify(core_clock::until(c.until_ps));
    }

    Owner& owner_;
    std::array<change, Objects> changes_{};
    sc_core::sc_event due_;
};

} // namespace ntb
