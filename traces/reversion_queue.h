// SPDX-License-Identifier: Apache-2.0
// The pulses and texts that still have to go back to idle, in time order. Each signal has at most
// one reversion pending, so the queue is a sorted list threaded through one node per signal and
// never allocates after reserve_for().
//
// Nearly every pulse lasts one core-clock cycle, so a new entry nearly always belongs at the end:
// insertion looks for its place from there. Equal times keep their order of insertion.
// Units: picoseconds. Threading: none. Errors: none.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace ntb::traces {

class reversion_queue {
public:
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    void reserve_for(std::size_t signals) { nodes_.assign(signals + 1, node{}); }

    /// Time of the earliest reversion, `never` if there is none.
    [[nodiscard]] std::uint64_t next_due() const noexcept { return next_due_; }
    /// Signal of the earliest reversion; only where next_due() != never.
    [[nodiscard]] std::uint32_t front() const noexcept { return nodes_[0].next - 1; }
    /// Time at which `signal` goes back, `never` if it does not.
    [[nodiscard]] std::uint64_t due(std::uint32_t signal) const noexcept {
        return nodes_[signal + 1].due;
    }

    void insert(std::uint32_t signal, std::uint64_t due) noexcept {
        std::uint32_t before = nodes_[0].previous;
        while (before != 0 && nodes_[before].due > due)
            before = nodes_[before].previous;
        const std::uint32_t self = signal + 1;
        const std::uint32_t after = nodes_[before].next;
        nodes_[self] = {due, before, after};
        nodes_[before].next = self;
        nodes_[after].previous = self;
        next_due_ = nodes_[nodes_[0].next].due;
    }

    /// Forgets the reversion of `signal`, which must be pending.
    void remove(std::uint32_t signal) noexcept {
        node& self = nodes_[signal + 1];
        nodes_[self.previous].next = self.next;
        nodes_[self.next].previous = self.previous;
        self.due = never;
        next_due_ = nodes_[nodes_[0].next].due;
    }

private:
    struct node {
        std::uint64_t due = never;
        std::uint32_t previous = 0;
        std::uint32_t next = 0;
    };
    std::vector<node> nodes_{1}; ///< [0] closes the ring; signal s is [s + 1]
    std::uint64_t next_due_ = never;
};

} // namespace ntb::traces
