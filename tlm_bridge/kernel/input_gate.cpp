// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/kernel/input_gate.h"

#include <utility>

#include "tlm_bridge/kernel/stepping.h"

namespace ntb::bridge {

void input_gate::enter(source& s) {
    const bool on_time = std::exchange(s.on_time_, false) || pacing_.behind_ps() <= slack_ps;
    if (on_time && queue_.empty() && !settling_) {
        if (stepping::quiet())
            return;
        if (settles_) {
            settling_ = true;
            do
                sc_core::wait(sc_core::SC_ZERO_TIME);
            while (!stepping::quiet());
            settling_ = false;
            return;
        }
    }
    queue_.push_back(&s);
    sc_core::sc_pause();
    sc_core::wait(s.released_);
}

void input_gate::release_first() {
    source* const first = queue_.front();
    queue_.pop_front();
    first->released_.notify();
}

} // namespace ntb::bridge
