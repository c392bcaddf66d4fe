// SPDX-License-Identifier: Apache-2.0
// Effects that are on their way: entries of one kind, all with the same delay, so that they leave
// in the order in which they came. A ring of fixed size and one event; nothing is allocated after
// elaboration. An entry that comes in the same cycle as the one before it can be merged with it.
//
// Threading: the SystemC thread. The owner makes an SC_METHOD sensitive to event() that calls
// pop_due() until it returns false (or an SC_THREAD that does so between waits for it).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>

#include "model/core_clock.h"

namespace ntb {

template <class Entry, std::size_t Capacity>
class delay_line {
public:
    [[nodiscard]] sc_core::sc_event& event() { return due_event_; }
    [[nodiscard]] bool empty() const { return used_ == 0; }
    [[nodiscard]] bool full() const { return used_ == Capacity; }

    /// The youngest entry if it is due at `due_ps`, to merge with; else null.
    [[nodiscard]] Entry* youngest_due_at(std::uint64_t due_ps) {
        if (used_ == 0)
            return nullptr;
        slot& s = slots_[(head_ + used_ - 1) % Capacity];
        return s.due_ps == due_ps ? &s.entry : nullptr;
    }

    /// Adds an entry due at `due_ps` (not before any other's). Returns false if there is no room.
    [[nodiscard]] bool push(std::uint64_t due_ps, const Entry& entry) {
        if (full())
            return false;
        slots_[(head_ + used_) % Capacity] = slot{due_ps, entry};
        if (used_++ == 0)
            due_event_.notify(core_clock::until(due_ps));
        return true;
    }

    /// Takes the oldest entry if it is due, into `out`; else arms the event for it, if any.
    [[nodiscard]] bool pop_due(Entry& out) {
        if (used_ == 0)
            return false;
        const slot& s = slots_[head_];
        if (s.due_ps > core_clock::now_ps()) {
            due_event_.notify(core_clock::until(s.due_ps));
            return false;
        }
        out = s.entry;
        head_ = (head_ + 1) % Capacity;
        --used_;
        return true;
    }

    /// Takes the oldest entry, due or not, into `out`.
    [[nodiscard]] bool take(Entry& out) {
        if (used_ == 0)
            return false;
        out = slots_[head_].entry;
        head_ = (head_ + 1) % Capacity;
        --used_;
        return true;
    }

    /// Forgets everything on its way.
    void clear() {
        used_ = 0;
        due_event_.cancel();
    }

private:
    struct slot {
        std::uint64_t due_ps = 0;
        Entry entry{};
    };
    std::array<slot, Capacity> slots_{};
    std::size_t head_ = 0;
    std::size_t used_ = 0;
    sc_core::sc_event due_event_;
};

} // namespace ntb
