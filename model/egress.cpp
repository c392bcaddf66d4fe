// SPDX-License-Identifier: Apache-2.0
#include "model/egress.h"

#include <algorithm>
#include <cstring>

namespace ntb {

namespace {

std::string_view message_name(tlp_kind kind) {
    switch (kind) {
    case tlp_kind::assert_intx:
        return "Assert_INTA";
    case tlp_kind::deassert_intx:
        return "Deassert_INTA";
    case tlp_kind::err_cor:
        return "ERR_COR";
    case tlp_kind::err_nonfatal:
        return "ERR_NONFATAL";
    case tlp_kind::err_fatal:
        return "ERR_FATAL";
    case tlp_kind::pme_to_ack:
        return "PME_TO_Ack";
    case tlp_kind::memory:
    case tlp_kind::config:
    case tlp_kind::msi:
        break; // no messages
    }
    return "Msg";
}

tlp_appearance write_appearance(std::uint64_t address, const unsigned char* data,
                                std::uint32_t length, bool poisoned) {
    tlp_appearance out;
    out.head = tlp_head::memory_write;
    out.address = address;
    out.length = length;
    out.poisoned = poisoned;
    out.set_data(data, length);
    return out;
}

void wait_until(std::uint64_t ps) {
    if (ps > core_clock::now_ps())
        sc_core::wait(core_clock::until(ps));
}

} // namespace

egress::egress(link& of, const timing_config& timing, const core_clock& clock,
               nt_initiator_socket& upstream)
    : link_(of), timing_(timing), clock_(clock), upstream_(upstream),
      credits_{{{timing.host_credits.posted_headers, timing.host_credits.posted_data},
                {timing.host_credits.non_posted_headers, timing.host_credits.non_posted_data},
                {timing.host_credits.completion_headers, timing.host_credits.completion_data}}} {
    payload_.set_extension(&extension_);
}

// --- arbitration -------------------------------------------------------------------------------

void egress::queue::remove(const claim& c) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < used_; ++i) {
        claim* const x = claims_[(head_ + i) % size];
        if (x != &c)
            claims_[(head_ + kept++) % size] = x;
    }
    used_ = kept;
}

bool egress::nothing_waits() const {
    return waiting_[0].empty() && waiting_[1].empty() && waiting_[2].empty();
}

bool egress::may_go(const claim& x) const {
    const claim* const write = waiting_[index(tlp_class::posted)].front();
    return x.passes_posted || write == nullptr || write->number >= x.number;
}

bool egress::grant(tlp_class c, claim& x) {
    credit_pool& pool = credits_[index(c)];
    const credit_demand all = pool.counted(x.load.credits());
    if (!pool.take(core_clock::now_ps(), all))
        return false;
    x.place = link_.occupy_tx(x.load, std::max(x.ready_ps, core_clock::now_ps()));
    x.granted = true;
    // The host takes a TLP when its last symbol is there. Of several TLPs all but the last are
    // gone by then.
    if (x.load.tlps > 1) {
        const credit_demand last = pool.counted({1, (x.load.data / x.load.tlps + 15U) / 16U});
        pool.give_back(x.place.end_ps, {all.headers - std::min(all.headers, last.headers),
                                        all.data - std::min(all.data, last.data)});
        pool.give_back(x.place.end_ps + timing_.credit_return * clock_.period_ps(),
                       {std::min(all.headers, last.headers), std::min(all.data, last.data)});
    } else {
        pool.give_back(x.place.end_ps + timing_.credit_return * clock_.period_ps(), all);
    }
    return true;
}

void egress::want(tlp_class c, claim& x) {
    x.number = next_number_++;
    x.granted = false;
    // Nobody who comes later can be ready earlier, so its place is certain now.
    if (nothing_waits() && grant(c, x))
        return;
    waiting_[index(c)].push(x);
    arbitrate();
}

void egress::arbitrate() {
    bool any = false;
    for (;;) {
        std::size_t best = tlp_classes;
        std::array<bool, tlp_classes> tried{};
        bool done = false;
        while (!done) { // the oldest that can go
            best = tlp_classes;
            for (std::size_t c = 0; c < tlp_classes; ++c) {
                const claim* const x = waiting_[c].front();
                if (x == nullptr || tried[c] || !may_go(*x))
                    continue;
                if (best == tlp_classes || x->number < waiting_[best].front()->number)
                    best = c;
            }
            if (best == tlp_classes)
                break;
            done = grant(static_cast<tlp_class>(best), *waiting_[best].front());
            tried[best] = true;
        }
        if (best == tlp_classes)
            break;
        waiting_[best].pop();
        any = true;
    }
    if (any)
        granted_.notify();
    if (!nothing_waits())
        arm();
}

void egress::arm() {
    std::uint64_t next = credit_pool::never;
    for (std::size_t c = 0; c < tlp_classes; ++c)
        if (!waiting_[c].empty() && !credits_[c].stuck())
            next = std::min(next, credits_[c].next_return_ps());
    if (next != credit_pool::never)
        credits_due_.notify(
            core_clock::until(std::max(next, core_clock::now_ps()))); // the earliest counts
}

void egress::stick_credits(tlp_class c, bool stuck) {
    credit_pool& pool = credits_[index(c)];
    if (pool.stuck() == stuck)
        return;
    link_.count_obstacle(stuck ? 1 : -1);
    pool.stick(stuck);
    arbitrate();
}

egress::outcome egress::await_link(tlp_class c, const wire_load& w, std::uint32_t cross_cycles,
                                   std::uint64_t give_up_ps, granted_place& out,
                                   bool passes_posted) {
    const std::uint32_t epoch = link_.epoch();
    queue& waiting = waiting_[index(c)];
    while (waiting.full()) {
        sc_core::wait(granted_);
        if (link_.epoch() != epoch)
            return outcome::lost;
    }
    claim mine;
    mine.passes_posted = passes_posted;
    mine.load = w;
    mine.ready_ps = clock_.after(cross_cycles + timing_.egress);
    want(c, mine);
    while (!mine.granted) {
        const std::uint64_t now = core_clock::now_ps();
        if (now >= give_up_ps) {
            waiting.remove(mine);
            arbitrate(); // a smaller one behind it may have the credits
            return outcome::timed_out;
        }
        sc_core::wait(core_clock::until(give_up_ps), granted_);
        if (link_.epoch() != epoch)
            return outcome::lost; // and no longer in the queue
    }
    out = {mine.place, mine.number};
    return outcome::granted;
}

void egress::await_end(const granted_place& place) {
    wait_until(place.slot.end_ps);
    // Where TLPs take no time, several end at once.
    while (used_ != 0 && posted_[head_].wants.number < place.number &&
           posted_[head_].wants.granted &&
           posted_[head_].wants.place.end_ps <= core_clock::now_ps())
        sc_core::wait(left_);
}

// --- posted ------------------------------------------------------------------------------------

egress::posted& egress::push() {
    posted& p = posted_[(head_ + used_) % capacity];
    used_is(used_ + 1);
    if (used_ == 1)
        came_.notify();
    return p;
}

void egress::used_is(std::size_t used) {
    if ((used == 0) != (used_ == 0))
        link_.count_obstacle(used == 0 ? -1 : 1);
    used_ = used;
}

void egress::pop() {
    posted& p = posted_[head_];
    if (p.buffer >= 0)
        busy_.reset(static_cast<std::size_t>(p.buffer));
    finished_ = p.wants.number + 1;
    head_ = (head_ + 1) % capacity;
    used_is(used_ - 1);
    left_.notify();
}

int egress::free_buffer() {
    for (std::size_t i = 0; i < writes; ++i)
        if (!busy_.test(i))
            return static_cast<int>(i);
    return -1;
}

bool egress::send(tlp_kind kind, std::uint64_t address, std::uint32_t data) {
    if (!link_.up() || used_ == capacity)
        return false;
    posted& p = push();
    p = posted{};
    p.kind = kind;
    p.address = address;
    p.word = data;
    p.attributes.kind = kind;
    const bool msi = kind == tlp_kind::msi;
    const bool wide = (address >> 32) != 0 || !msi; // messages: 4DW
    p.wants.load = {
        1, link::tlp_overhead + (wide ? link::header_4dw : link::header_3dw) + (msi ? 4U : 0U),
        msi ? 4U : 0U};
    p.wants.ready_ps = clock_.after(timing_.egress);
    want(tlp_class::posted, p.wants);
    return true;
}

bool egress::drain() {
    const std::uint32_t epoch = link_.epoch();
    const std::uint64_t end = next_number_;
    while (link_.epoch() == epoch && used_ != 0 && posted_[head_].wants.number < end)
        sc_core::wait(left_);
    return link_.epoch() == epoch;
}

bool egress::has_write_before(std::uint64_t number) const {
    for (std::size_t i = 0; i < used_; ++i)
        if (const posted& p = posted_[(head_ + i) % capacity];
            p.kind == tlp_kind::memory && p.wants.number < number)
            return true;
    return false;
}

bool egress::has_writes() const {
    return has_write_before(next_number_);
}

bool egress::drain_writes(std::uint64_t give_up_ps) {
    const std::uint64_t end = next_number_;
    while (has_write_before(end)) {
        if (core_clock::now_ps() >= give_up_ps)
            return false;
        sc_core::wait(core_clock::until(give_up_ps), left_);
    }
    return true;
}

bool egress::post(tlm::tlm_generic_payload& write, const wire_load& w, std::uint32_t cross_cycles) {
    const std::uint32_t epoch = link_.epoch();
    if (link_.instant() && cross_cycles == 0 && used_ == 0 && nothing_waits()) {
        claim at_once;
        at_once.number = next_number_++;
        at_once.load = w;
        at_once.ready_ps = core_clock::now_ps();
        if (grant(tlp_class::posted, at_once)) {
            if (link_.traced())
                show_write(at_once.place, write, write.get_extension<pcie_extension>()->poisoned);
            sc_core::sc_time none = sc_core::SC_ZERO_TIME;
            upstream_->b_transport(write, none);
            return true;
        }
    }
    const bool copied = copies(write);
    while (used_ == capacity || (copied && free_buffer() < 0)) {
        sc_core::wait(left_);
        if (link_.epoch() != epoch)
            return false;
    }
    posted& p = push();
    p.kind = tlp_kind::memory;
    p.address = write.get_address();
    p.data = write.get_data_ptr();
    p.length = write.get_data_length();
    p.enables = write.get_byte_enable_ptr();
    p.enables_length = p.enables != nullptr ? write.get_byte_enable_length() : 0;
    p.attributes = *write.get_extension<pcie_extension>();
    p.buffer = -1;
    if (copied) {
        p.buffer = free_buffer();
        busy_.set(static_cast<std::size_t>(p.buffer));
        buffer& b = buffers_[static_cast<std::size_t>(p.buffer)];
        std::memcpy(b.data.data(), p.data, p.length);
        p.data = b.data.data();
        if (p.enables != nullptr) {
            std::memcpy(b.enables.data(), p.enables, p.enables_length);
            p.enables = b.enables.data();
        }
    }
    p.wants.load = w;
    p.wants.ready_ps = clock_.after(cross_cycles + timing_.egress);
    want(tlp_class::posted, p.wants);
    if (copied)
        return true;
    const std::uint64_t number = p.wants.number;
    while (finished_ <= number) {
        sc_core::wait(left_);
        const bool in_use = delivering_ && posted_[head_].wants.number == number;
        if (link_.epoch() != epoch && !in_use)
            break; // lost with the link
    }
    return true;
}

void egress::run() {
    for (;;) {
        while (used_ == 0)
            sc_core::wait(came_);
        posted& p = posted_[head_];
        const std::uint32_t cleared = cleared_;
        while (!p.wants.granted && cleared_ == cleared)
            sc_core::wait(granted_);
        if (cleared_ == cleared && link_.traced())
            show(p);
        if (cleared_ == cleared)
            wait_until(p.wants.place.end_ps);
        if (cleared_ != cleared)
            continue; // lost with the link
        delivering_ = true;
        deliver(p);
        delivering_ = false;
        pop();
    }
}

void egress::show(const posted& p) {
    if (p.kind == tlp_kind::msi) {
        tlp_appearance msi;
        msi.head = tlp_head::msi;
        msi.address = p.address;
        msi.data = p.word;
        msi.data_bytes = 2;
        msi.has_data = true;
        link_.show_tx(p.wants.place, msi);
    } else if (p.kind == tlp_kind::memory) {
        link_.show_tx(p.wants.place,
                      write_appearance(p.address, p.data, p.length, p.attributes.poisoned));
    } else {
        link_.show_tx(p.wants.place, message_name(p.kind));
    }
}

void egress::show_write(const link::slot& place, const tlm::tlm_generic_payload& write,
                        bool poisoned) {
    link_.show_tx(place, write_appearance(write.get_address(), write.get_data_ptr(),
                                          write.get_data_length(), poisoned));
}

void egress::deliver(posted& p) {
    if (p.kind == tlp_kind::assert_intx || p.kind == tlp_kind::deassert_intx)
        host_sees_intx_ = p.kind == tlp_kind::assert_intx;
    extension_ = p.attributes;
    payload_.set_command(tlm::TLM_WRITE_COMMAND);
    payload_.set_address(p.address);
    payload_.set_data_ptr(p.kind == tlp_kind::memory ? p.data
                                                     : reinterpret_cast<unsigned char*>(&p.word));
    payload_.set_data_length(p.length);
    payload_.set_streaming_width(p.length);
    payload_.set_byte_enable_ptr(p.enables);
    payload_.set_byte_enable_length(p.enables_length);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time none = sc_core::SC_ZERO_TIME;
    upstream_->b_transport(payload_, none); // nobody is told how a posted request ended
}

void egress::link_went_down() {
    ++cleared_;
    const std::size_t kept = delivering_ ? 1 : 0;
    for (std::size_t i = kept; i < used_; ++i)
        if (const posted& p = posted_[(head_ + i) % capacity]; p.buffer >= 0)
            busy_.reset(static_cast<std::size_t>(p.buffer));
    used_is(kept);
    for (std::size_t c = 0; c < tlp_classes; ++c) {
        waiting_[c].clear();
        if (credits_[c].stuck())
            link_.count_obstacle(-1);
        credits_[c].reset();
    }
    credits_due_.cancel();
    if (host_sees_intx_) {
        posted& p = push();
        p = posted{};
        p.kind = tlp_kind::deassert_intx;
        p.attributes.kind = p.kind;
        p.wants.number = next_number_++;
        p.wants.granted = true; // no TLP: the host's port does it by itself
        p.wants.place = {core_clock::now_ps(), core_clock::now_ps()};
    }
    granted_.notify();
    left_.notify();
}

} // namespace ntb
