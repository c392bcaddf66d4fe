// SPDX-License-Identifier: Apache-2.0
// What comes from the other side: taken from the ring, kept until it is due, executed in order.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "model/core_clock.h"
#include "model/pcie_extension.h"
#include "model/register_bank.h"
#include "tlm_bridge/peer/peer_link.h"

namespace ntb::peer {

void peer_link::take_input() {
    if (options_.exact && seen_incarnation_ != 0 && !turns_.is_here())
        return; // what it does is in no order with what the other side does now
    take_records(max_arrived);
}

bool peer_link::next_is_of_a_comer() {
    const std::uint32_t from = in_.next_sender();
    return from != 0 && from != seen_incarnation_ && from == place_.other().incarnation.load();
}

void peer_link::take_records(std::size_t limit) {
    record r{};
    while (seen_incarnation_ != 0 && arrived_.size() < limit && !next_is_of_a_comer() &&
           in_.receive(r)) {
        // Of a simulator that is not there any more, or meant for one that was here before.
        if (r.head.from != seen_incarnation_ || r.head.to != place_.incarnation())
            continue;
        if (options_.exact && r.head.due_ps > turns::last_ps) {
            sever("the other simulator sent what is due at the end of simulated time");
            break;
        }
        arrived({arrival::what::record, std::exchange(r, record{}), 0, 0});
    }
    if (in_.broken())
        sever("the other simulator sent what cannot be");
    if (in_.sender_waits())
        options_.ring(place_.other().ivshmem_id.load());
}

std::uint64_t peer_link::due_ps(const record& r) const {
    // A sender is ahead of the wall clock by microseconds at most; who says more must not stop us.
    constexpr std::uint64_t believable_ps = 1'000'000'000;
    const std::uint64_t now = core_clock::now_ps();
    if (options_.exact)
        return std::max(now, r.head.due_ps);
    const std::uint64_t wall = (monotonic_ns() - place_.epoch_ns()) * 1000U;
    return std::max(now, std::min(r.head.due_ps, std::max(now, wall) + believable_ps));
}

void peer_link::act_thread() {
    for (;;) {
        while (arrived_.empty()) {
            sc_core::wait(has_arrived_);
            (void)notice_damage();
        }
        arrival a = std::move(arrived_.front());
        arrived_.pop_front();
        if (left_)
            continue;
        if (a.kind == arrival::what::record)
            if (const std::uint64_t due = due_ps(a.r); due > core_clock::now_ps())
                sc_core::wait(core_clock::until(due));
        act(a);
        if (arrived_.size() == max_arrived / 2) {
            check_other_side(); // who was not let in
            take_input();       // what was left in the ring
        }
    }
}

void peer_link::act(arrival& a) {
    switch (a.kind) {
    case arrival::what::came:
        came(a);
        return;
    case arrival::what::gone:
        gone();
        return;
    case arrival::what::cut_off:
        switch_->fundamental_reset(); // in memory that is this process's own now
        return;
    case arrival::what::record:
        break;
    }
    if (!connected_ || a.r.head.from != acting_incarnation_)
        return;
    silent_ = false;
    switch (a.r.kind()) {
    case record_kind::crossing: {
        const crossing c = decode_crossing(a.r.head);
        if (c.kind == crossing::what::message_outcome)
            message_ended(c.tag, c.flag);
        else
            switch_->arrive(c);
        break;
    }
    case record_kind::completion:
        if (settle_tag_ != 0 && a.r.head.tag == settle_tag_) {
            writes_settled(writes_asked_);
            break;
        }
        for (request& q : requests_) {
            if (!q.used || q.ended || q.tag != a.r.head.tag)
                continue;
            q.completion = std::move(a.r);
            q.ended = true;
            q.result = crossing_result::done;
            q.event.notify();
            break;
        }
        break;
    case record_kind::memory_write:
        if ((a.r.head.flags & flag_completed) == 0) {
            memory_write_here(a.r);
            break;
        }
        [[fallthrough]];
    case record_kind::register_read:
    case record_kind::register_write:
    case record_kind::memory_read:
    case record_kind::writes_settle:
        while (work_.size() >= max_requests)
            sc_core::wait(request_free_); // more than it can have under way
        work_.push_back(std::move(a.r));
        has_work_.notify();
        break;
    case record_kind::word:
        if (companion_ != nullptr)
            companion_->heard(a.r.head.value);
        break;
    case record_kind::continued:
        break; // part of another
    }
}

void peer_link::worker_thread() {
    for (;;) {
        while (work_.empty())
            sc_core::wait(has_work_);
        const record r = std::move(work_.front());
        work_.pop_front();
        request_free_.notify(sc_core::SC_ZERO_TIME);
        if (!work_.empty())
            has_work_.notify();
        execute(r);
    }
}

void peer_link::execute(const record& r) {
    record completion{};
    register_access a{};
    a.data = r.head.value;
    a.byte_mask = r.head.mask;
    a.requester = requester_id(r.head.requester);
    const auto address = static_cast<std::uint32_t>(r.head.address & 0x3FFFFU);
    switch (r.kind()) {
    case record_kind::register_read:
        completion.head.value = switch_->read_here(address, a);
        break;
    case record_kind::register_write:
        switch_->write_here(address, a);
        break;
    case record_kind::memory_read:
    case record_kind::memory_write:
        completion.head.index = static_cast<std::uint8_t>(memory_request_here(r, completion));
        break;
    case record_kind::writes_settle:
        if (!writes_settle_here(r.head.from))
            return;
        break;
    case record_kind::crossing:
    case record_kind::completion:
    case record_kind::continued:
    case record_kind::word:
        return;
    }
    complete(r, std::move(completion));
}

void peer_link::complete(const record& asked, record completion) {
    if (!connected_ || asked.head.from != acting_incarnation_)
        return; // nobody waits for it
    completion.head.kind = static_cast<std::uint16_t>(record_kind::completion);
    completion.head.tag = asked.head.tag;
    post(std::move(completion));
}

void peer_link::memory_write_here(const record& r) {
    record none{};
    (void)memory_request_here(r, none);
}

bool peer_link::writes_settle_here(std::uint32_t asked_by) {
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_number port(p);
        if (!is_here(port) || !switch_->has_sockets(port))
            continue;
        while (!switch_->await_writes(port, settle_look_ps)) {
            if (!connected_ || acting_incarnation_ != asked_by)
                return false;
            sc_core::wait(1, sc_core::SC_MS); // a fault may keep one for longer
        }
    }
    return true;
}

forward_result peer_link::memory_request_here(const record& r, record& completion) {
    const port_number port(r.head.port);
    if (!is_here(port))
        return forward_result::lost;
    const bool is_write = r.kind() == record_kind::memory_write;
    const bool has_enables = (r.head.flags & flag_byte_enables) != 0;
    const auto length =
        is_write ? static_cast<std::uint32_t>(r.data.size() / (has_enables ? 2 : 1)) : r.head.value;
    std::vector<std::uint8_t> data = is_write ? r.data : std::vector<std::uint8_t>(length);
    tlm::tlm_generic_payload p;
    pcie_extension extension;
    extension.requester = requester_id(r.head.requester);
    extension.requester_valid = true;
    extension.tag = r.head.from_index;
    extension.poisoned = (r.head.flags & flag_poisoned) != 0;
    p.set_extension(&extension);
    p.set_command(is_write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    p.set_address(r.head.address);
    p.set_data_ptr(data.data());
    p.set_data_length(length);
    p.set_streaming_width(length);
    if (has_enables) {
        p.set_byte_enable_ptr(data.data() + length);
        p.set_byte_enable_length(length);
    }
    const forward_result result = switch_->forward_here(port, p);
    p.clear_extension(&extension); // is not its
    if (!is_write && extension.poisoned)
        completion.head.flags |= flag_poisoned;
    if (!is_write && result == forward_result::done)
        completion.data = std::move(data);
    return result;
}

// --- the other side comes and goes ------------------------------------------------------------

void peer_link::came(const arrival& a) {
    if (connected_ && acting_incarnation_ == a.incarnation)
        return; // was there before the model was
    acting_incarnation_ = a.incarnation;
    other_ports_ = a.ports;
    has_core_ = false; // who comes finds somebody who has it: this side
    connected_ = true;
    silent_ = false;
    forget_unsent();
    out_.begin_anew();
    log_.info("the other simulator is there");
    if (changed_)
        changed_();
    if (companion_ != nullptr)
        companion_->other_is(true);
}

void peer_link::gone() {
    if (!connected_)
        return;
    const std::uint32_t ports = other_ports_;
    const bool had_core = has_core_;
    connected_ = false;
    has_core_ = false;
    other_ports_ = 0;
    acting_incarnation_ = 0;
    forget_unsent();
    work_.clear();
    has_room_.notify(sc_core::SC_ZERO_TIME);
    for (request& q : requests_) {
        if (!q.used || q.ended)
            continue;
        q.ended = true;
        q.result = crossing_result::gone;
        q.event.notify();
    }
    writes_settled(writes_sent_); // or never
    if (changed_)
        changed_();
    if (had_core)
        place_.take_core();
    while (!messages_.empty())
        message_ended(messages_.front().tag, false);
    switch_->other_left(ports, had_core);
    log_.info("the other simulator is gone{}",
              had_core ? "; its global registers are executed here now" : "");
    if (companion_ != nullptr)
        companion_->other_is(false);
}

crossing peer_link::outcome_of(const message& m, bool accepted) {
    crossing c{};
    c.kind = crossing::what::message_outcome;
    c.port = m.port;
    c.index = m.outbound;
    c.flag = accepted;
    return c;
}

void peer_link::message_ended(std::uint32_t tag, bool accepted) {
    const auto m = std::find_if(messages_.begin(), messages_.end(),
                                [tag](const message& x) { return x.tag == tag; });
    if (m == messages_.end())
        return; // told already, by the time-out
    const message ended = *m;
    messages_.erase(m);
    if (messages_.empty())
        message_is_late_.cancel(); // or an idle simulation would go on to it
    switch_->arrive(outcome_of(ended, accepted));
}

void peer_link::give_up_messages() {
    while (!messages_.empty() && messages_.front().deadline_ps <= core_clock::now_ps()) {
        silent_ = true;
        withdraw_message(messages_.front().tag);
        message_ended(messages_.front().tag, false);
    }
    if (!messages_.empty())
        message_is_late_.notify(core_clock::until(messages_.front().deadline_ps));
}

} // namespace ntb::peer
