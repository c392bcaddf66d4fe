// SPDX-License-Identifier: Apache-2.0
// Simulated time of two simulators without a wall clock (--pace none): they take turns. Who has the
// turn acts as long as it is the one with the earliest next event, at equal times the one with the
// lower side first; then it says when its own next event is and gives the turn away. So nothing
// ever happens before something earlier of the other side, crossing costs no simulated time that it
// does not cost in one process, and idle spans are skipped at once.
//
// What the other side has sent is taken from the ring by who has the turn. So what happens at one
// time happens in one order, too: all of one side's, then all of the other's, until nothing is
// left.
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
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    /// Where shared time ends. Who is alone again has a day left (pacing.h).
    static constexpr std::uint64_t last_ps =
        bridge::pacing::end_ps - 24ULL * 3600U * 1'000'000'000'000U;

    /// `ring` wakes the other side. The place outlives this.
    turns(attachment& place, std::function<void()> ring) : place_(place), ring_(std::move(ring)) {}

    /// What this side has before it.
    struct outlook {
        std::uint64_t now_ps = 0;
        std::uint64_t next_ps = never; ///< its next event
        bool input = false;            ///< something from outside wants to act
        bool unsent = false;           ///< something for the other side found no room
    };
    /// Whether this side may go on (time_partner.h); `alone`: nobody is at the other side.
    [[nodiscard]] bool may_go_on(const outlook& here, bool alone);
    /// Whether this side has the turn.
    [[nodiscard]] bool is_here() const;
    /// This side does nothing more.
    void leave(std::uint64_t now_ps);
    /// Something for the other side, due at `due_ps`, was sent.
    void sent(std::uint64_t due_ps);
    /// Simulated time of the other side when it gave the turn away; when this one may go on.
    [[nodiscard]] std::uint64_t other_ps() const { return other_ps_; }
    /// The other side's time is none in which one can be together.
    [[nodiscard]] bool broken() const { return broken_; }

private:
    void give_away(std::uint64_t now_ps, std::uint64_t next_ps);
    void wish(bool wanted);

    attachment& place_;
    std::function<void()> ring_;
    std::uint64_t sent_due_ps_ = never; ///< the earliest of what was sent in this turn
    std::uint64_t other_ps_ = 0;        ///< a copy that was checked
    bool wishing_ = false;
    bool broken_ = false;
};

} // namespace ntb::peer
