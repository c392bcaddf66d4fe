// SPDX-License-Identifier: Apache-2.0
#include "model/ingress.h"

#include <algorithm>

namespace ntb {

bool ingress::passage::enter(const wire_load& w, std::uint64_t give_up_ps) {
    epoch_ = owner_.link_.epoch();
    if (owner_.link_.clear()) { // nothing takes time and nobody is in the way
        owner_.link_.count_obstacle(1);
        slot_ = {core_clock::now_ps(), core_clock::now_ps()};
        place_ = owner_.order_.enter(class_);
        inside_ = true;
        return true;
    }
    credit_pool& credits = owner_.pool(class_);
    held_ = credits.counted(w.credits());
    owner_.link_.count_obstacle(1);
    const tlp_order::place at_host = owner_.outside_.enter(class_);
    bool sent = false;
    for (;;) {
        const std::uint64_t now = core_clock::now_ps();
        const bool turn = owner_.outside_.has_turn(at_host);
        sent = turn && owner_.link_.epoch() == epoch_ && credits.take(now, held_);
        if (sent || (turn && (owner_.link_.epoch() != epoch_ || now >= give_up_ps)))
            break;
        if (!turn) {
            sc_core::wait(owner_.outside_.moved());
            continue;
        }
        const std::uint64_t until =
            credits.stuck() ? give_up_ps : std::min(credits.next_return_ps(), give_up_ps);
        if (until <= now || until == credit_pool::never) // the next ones are still in use
            sc_core::wait(owner_.credits_changed_);
        else
            sc_core::wait(core_clock::until(until), owner_.credits_changed_);
    }
    owner_.outside_.leave(at_host);
    if (!sent) {
        owner_.link_.count_obstacle(-1);
        return false;
    }
    slot_ = owner_.link_.occupy_rx(w);
    place_ = owner_.order_.enter(class_);
    inside_ = true;
    return true;
}

void ingress::passage::leave() {
    if (!inside_)
        return;
    inside_ = false;
    owner_.link_.count_obstacle(-1);
    owner_.order_.leave(place_);
    if (owner_.link_.epoch() != epoch_)
        return;
    credit_pool& credits = owner_.pool(class_);
    if (held_.headers == 0 && held_.data == 0)
        return;
    credits.give_back(owner_.clock_.after(owner_.credit_return_), held_);
    if (!owner_.outside_.empty())
        owner_.credits_changed_.notify();
}

} // namespace ntb
