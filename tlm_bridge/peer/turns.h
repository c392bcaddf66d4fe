// SPDX-License-Identifier: Apache-2.0
// Simulated time of two simulators without a wall clock (--pace none): they take turns. Who has the
// turn acts as long as it is the one with the earliest next event, at equal times the one with the
// lower side first; then it says when its own next event is and gives the turn away. So nothing
// ever happens before something earlier of the other side, crossing costs no simulated time that it
// does not cost in one process, and idle spans are skipped at once.
//
// Who has input from outside and not the turn wishes for it; it acts then at the time at which
// the other one gave the turn away.
//
// What the other side writes can delay or hurry this one, but not move its time backwards, nor to
// its end: shared time ends before. Where the other side is gone, the turn is here.
// Units: picoseconds. Threading: one thread. Errors: broken().
#pragma once

#include <cstdint>
#include <functional>

#include "tlm_bridge/kernel/pacing.h"
#include "tlm_bridge/peer/attachment.h"

namespace ntb::peer {

class turns {
public:
    /// Where shared time ends. Who is alone again has a day left (pacing.h).
    static constexpr std::uint64_t last_ps =
        bridge::pacing::end_ps - 24ULL * 3600U * 1'000'000'000'000U;

    /// `ring` wakes the other side. The place outlives this.
    turns(attachment& place, std::function<void()> ring) : place_(place), ring_(std::move(ring)) {}

    /// Whether this side may go on (time_partner.h); `alone`: nobody is at the other side.
    [[nodiscard]] bool may_go_on(std::uint64_t now_ps, std::uint64_t next_ps, bool input,
                                 bool alone);
    /// Something for the other side, due at `due_ps`, was sent.
    void sent(std::uint64_t due_ps);
    /// Simulated time of the other side when it gave the turn away; when this one may go on.
    [[nodiscard]] std::uint64_t other_ps() const { return other_ps_; }
    /// The other side's time is none in which one can be together.
    [[nodiscard]] bool broken() const { return broken_; }

private:
    void give_away(std::uint64_t now_ps, std::uint64_t next_ps);
    void wish(bool wanted);

    static constexpr std::uint64_t never = ~std::uint64_t{0};

    attachment& place_;
    std::function<void()> ring_;
    std::uint64_t sent_due_ps_ = never; ///< the earliest of what was sent in this turn
    std::uint64_t other_ps_ = 0;        ///< a copy that was checked
    bool wishing_ = false;
    bool broken_ = false;
};

} // namespace ntb::peer
