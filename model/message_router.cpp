// SPDX-License-Identifier: Apache-2.0
#include "model/message_router.h"

#include "model/nt_function.h"
#include "model/switch_core.h"

namespace ntb {

void message_router::send(nt_function& from, unsigned n, partition_number destination,
                          unsigned destination_register, std::uint32_t data) {
    const message m{&from, static_cast<std::uint8_t>(n),
                    static_cast<std::uint8_t>(destination_register), destination, data};
    while (crossing_ >= capacity)
        sc_core::wait(room_);
    if (delay_ == 0) {
        arrive(m);
        return;
    }
    while (!line_.push(core_.clock().after(delay_), m))
        sc_core::wait(room_);
}

void message_router::crossed() {
    if (crossing_ != 0)
        --crossing_;
    room_.notify();
}

void message_router::reset() {
    message m{};
    while (line_.take(m))
        m.from->message_finished(m.outbound, false);
    line_.clear();
    room_.notify();
}

void message_router::deliver() {
    message m{};
    while (line_.pop_due(m)) {
        arrive(m);
        room_.notify();
    }
}

void message_router::arrive(const message& m) {
    // A partition without an NT function, or not active, refuses like a full register does: the
    // sender learns that nobody took the message (B6.6, not confirmed).
    bool accepted = false;
    bool outcome_later = false;
    for (nt_function* f : core_.functions()) {
        // Two functions in one partition exist in topology "seed" only: the other one is meant.
        const bool alone = f != m.from || !f->shares_partition();
        if (f->partition() != m.destination || !alone || !f->in_active_partition())
            continue;
        if (core_.executes(f->port())) {
            accepted = f->message_arrived(m.inbound, m.data, m.from->partition()) || accepted;
            continue;
        }
        crossing c{};
        c.kind = crossing::what::message;
        c.port = f->port();
        c.index = m.inbound;
        c.value = m.data;
        c.from_port = m.from->port();
        c.from_index = m.outbound;
        c.partition = m.from->partition();
        ++crossing_;
        core_.tell(c);
        outcome_later = true;
        break; // one answers
    }
    if (!outcome_later)
        m.from->message_finished(m.outbound, accepted);
}

} // namespace ntb
