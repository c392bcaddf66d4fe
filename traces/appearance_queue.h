// SPDX-License-Identifier: Apache-2.0
// Texts that are to be shown later (a TLP whose place on the link is in the future), in time order.
// A signal may have several.
//
// TLPs get their places in turn, so a new entry nearly always belongs at the end: insertion looks
// for its place from there. Equal times keep their order of insertion. Memory grows with the most
// that ever waited at once, which the credits of the links bound.
// Units: picoseconds. Threading: none. Errors: none.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "traces/text_content.h"

namespace ntb::traces {

class appearance_queue {
public:
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    struct entry {
        std::uint64_t from_ps = never;
        std::uint64_t until_ps = 0;
        std::uint32_t signal = 0;
        std::uint32_t next = 0;
        std::uint32_t previous = 0;
        text_content content;
    };

    void reserve(std::size_t entries) {
        entries_.reserve(entries + 1);
        free_.reserve(entries);
    }

    /// Time of the earliest, `never` if there is none.
    [[nodiscard]] std::uint64_t next_due() const noexcept { return next_due_; }
    /// The earliest; only where next_due() != never. Valid until the next insertion.
    [[nodiscard]] const entry& front() const noexcept { return entries_[entries_[0].next]; }

    /// `what`: a tlp_appearance, or a text that is at most max_text long.
    template <class What>
    void insert(std::uint32_t signal, std::uint64_t from_ps, std::uint64_t until_ps,
                const What& what) {
        std::uint32_t before = entries_[0].previous;
        while (before != 0 && entries_[before].from_ps > from_ps)
            before = entries_[before].previous;
        const std::uint32_t self = fresh();
        entry& e = entries_[self];
        e.from_ps = from_ps;
        e.until_ps = until_ps;
        e.signal = signal;
        e.content.set(what);
        e.previous = before;
        e.next = entries_[before].next;
        entries_[before].next = self;
        entries_[e.next].previous = self;
        next_due_ = front().from_ps;
    }
    void pop() noexcept { remove(entries_[0].next); }
    /// Forgets all of `signal`.
    void forget(std::uint32_t signal) noexcept {
        for (std::uint32_t i = entries_[0].next; i != 0;) {
            const std::uint32_t next = entries_[i].next;
            if (entries_[i].signal == signal)
                remove(i);
            i = next;
        }
    }

private:
    std::uint32_t fresh() {
        if (!free_.empty()) {
            const std::uint32_t i = free_.back();
            free_.pop_back();
            return i;
        }
        entries_.emplace_back();
        free_.reserve(entries_.capacity());
        return static_cast<std::uint32_t>(entries_.size() - 1);
    }
    void remove(std::uint32_t i) noexcept {
        entries_[entries_[i].previous].next = entries_[i].next;
        entries_[entries_[i].next].previous = entries_[i].previous;
        free_.push_back(i); // has room for all
        next_due_ = entries_[0].next != 0 ? front().from_ps : never;
    }

    std::vector<entry> entries_{1}; ///< [0] closes the ring
    std::vector<std::uint32_t> free_;
    std::uint64_t next_due_ = never;
};

} // namespace ntb::traces
