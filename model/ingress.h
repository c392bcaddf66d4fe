// SPDX-License-Identifier: Apache-2.0
// What comes in over the link of one port: flow control at the host's end, the link, and the buffer
// behind it, out of which TLPs go in the order that tlp_order.h states. A TLP is carried by the
// thread of the request (or, a completion, of the request that it answers); it holds its credits
// until it has left the buffer: acted, or passed on to another port.
//
// Units: picoseconds. Threading: the SystemC thread; enter() and await_turn() wait, so only from
// SC_THREADs. Errors: enter() says when a TLP could not be sent.
#pragma once

#include <array>
#include <systemc>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/flow_control.h"
#include "model/link.h"
#include "model/tlp_order.h"

namespace ntb {

class ingress {
public:
    ingress(link& of, const timing_config& timing, const core_clock& clock)
        : link_(of), clock_(clock), credit_return_(timing.credit_return),
          credits_{
              {{timing.switch_credits.posted_headers, timing.switch_credits.posted_data},
               {timing.switch_credits.non_posted_headers, timing.switch_credits.non_posted_data},
               {timing.switch_credits.completion_headers, timing.switch_credits.completion_data}}} {
    }

    /// One transaction on its way in. Leaves the buffer when it is told to, at the latest when it
    /// is destroyed; both only after await_turn().
    class passage {
    public:
        passage(ingress& owner, tlp_class c) : owner_(owner), class_(c) {}
        passage(const passage&) = delete;
        passage& operator=(const passage&) = delete;
        ~passage() { leave(); }

        /// Awaits credits and puts it on the link; its place there is in slot(). False: no credit
        /// came before `give_up_ps`, or the link went down meanwhile.
        [[nodiscard]] bool enter(const wire_load& w, std::uint64_t give_up_ps);
        [[nodiscard]] const link::slot& slot() const { return slot_; }
        /// Waits until everything that it may not pass has left.
        void await_turn() { owner_.order_.await_turn(place_); }
        void leave();

    private:
        ingress& owner_;
        tlp_class class_;
        bool inside_ = false;
        std::uint32_t epoch_ = 0;
        credit_demand held_{};
        link::slot slot_{};
        tlp_order::place place_{};
    };

    /// This port gives its host no credits of that kind any more, or does again.
    void stick_credits(tlp_class c, bool stuck) {
        if (pool(c).stuck() == stuck)
            return;
        link_.count_obstacle(stuck ? 1 : -1);
        pool(c).stick(stuck);
        credits_changed_.notify();
    }
    /// The link went down: who waits for credits gives up. Credits are all there on the next one.
    void link_went_down() {
        for (credit_pool& p : credits_) {
            if (p.stuck())
                link_.count_obstacle(-1);
            p.reset();
        }
        order_.clear();
        credits_changed_.notify();
    }

private:
    [[nodiscard]] credit_pool& pool(tlp_class c) { return credits_[static_cast<std::size_t>(c)]; }

    link& link_;
    const core_clock& clock_;
    std::uint32_t credit_return_;
    std::array<credit_pool, tlp_classes> credits_; ///< by tlp_class
    tlp_order outside_;                            ///< at the host: who waits for credits
    tlp_order order_;                              ///< on the link and in the buffer
    sc_core::sc_event credits_changed_;
};

} // namespace ntb
