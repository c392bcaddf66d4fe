// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/peer/turns.h"

#include <algorithm>

namespace ntb::peer {

bool turns::may_go_on(const outlook& here, bool alone) {
    layout::header& h = place_.header();
    const unsigned side = place_.side();
    if (alone) {
        h.turn.store(side);
        sent_due_ps_ = never;
        other_ps_ = 0;
        broken_ = false;
        wish(false);
        return true;
    }
    if (!is_here()) {
        if (here.input)
            wish(true);
        return false;
    }
    other_ps_ = place_.other().now_ps.load();
    broken_ = other_ps_ > last_ps;
    if (broken_)
        return false;
    // Input acts at the time at which everybody is.
    const std::uint64_t acts_ps = here.input ? std::max(here.now_ps, other_ps_) : here.next_ps;
    const bool other_wishes = (h.wish.load() >> (1 - side) & 1U) != 0;
    const std::uint64_t other_next = std::min(place_.other().next_ps.load(), sent_due_ps_);
    const bool other_first = other_next < acts_ps || (other_next == acts_ps && side == 1);
    // Its wish is for the time at which both are. What this side has before it until then comes
    // first, or the other one would but give the turn back.
    const std::uint64_t wish_ps = std::max(here.now_ps, other_ps_);
    const bool own_first = !here.input && here.next_ps != never &&
                           (here.next_ps < wish_ps || (here.next_ps == wish_ps && side == 0));
    if ((other_wishes && !wishing_ && !own_first) || (other_next != never && other_first)) {
        // What found no room is to be sent before anything later happens there.
        give_away(here.now_ps, here.unsent ? here.now_ps : here.next_ps);
        if (here.input)
            wish(true);
        return false;
    }
    wish(false); // it has been granted
    return true;
}

bool turns::is_here() const {
    return place_.header().turn.load(std::memory_order_acquire) == place_.side();
}

void turns::leave(std::uint64_t now_ps) {
    if (is_here())
        give_away(now_ps, never);
}

void turns::sent(std::uint64_t due_ps) {
    sent_due_ps_ = std::min(sent_due_ps_, due_ps);
}

void turns::give_away(std::uint64_t now_ps, std::uint64_t next_ps) {
    place_.mine().next_ps.store(next_ps);
    place_.mine().now_ps.store(now_ps);
    sent_due_ps_ = never;
    place_.header().turn.store(1 - place_.side(), std::memory_order_release);
    ring_();
}

void turns::wish(bool wanted) {
    if (wanted == wishing_)
        return;
    wishing_ = wanted;
    const std::uint32_t bit = 1U << place_.side();
    if (wanted) {
        place_.header().wish.fetch_or(bit);
        ring_();
    } else {
        place_.header().wish.fetch_and(~bit);
    }
}

} // namespace ntb::peer
