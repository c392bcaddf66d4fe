// SPDX-License-Identifier: Apache-2.0
// What goes to the other side, and who comes and goes; peer_arrivals.cpp is what comes.
#include "tlm_bridge/peer/peer_link.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "model/core_clock.h"
#include "model/pcie_extension.h"
#include "model/register_bank.h"

namespace ntb::peer {

namespace {
constexpr const char* no_shared_time = "the other simulator is at the end of simulated time";

/// Whether it is a crossing that says the same when it comes once instead of twice.
bool is_signal(const layout::slot_header& h) {
    if (static_cast<record_kind>(h.kind) != record_kind::crossing)
        return false;
    switch (static_cast<crossing::what>(h.index)) {
    case crossing::what::doorbells:
    case crossing::what::raise:
    case crossing::what::switch_event:
    case crossing::what::temperature_alarm:
        return true;
    default:
        return false;
    }
}

} // namespace

peer_link::peer_link(const sc_core::sc_module_name& name, attachment& place, options o,
                     std::shared_ptr<spdlog::logger> logger)
    : sc_module(name), place_(place), options_(std::move(o)),
      log_(std::move(logger), "peer", bridge::rate_limiter(max_lines)), out_(place.outgoing()),
      in_(place.incoming(), place.first_incoming()),
      turns_(place, [this] { options_.ring(place_.other().ivshmem_id.load()); }) {
    sc_core::sc_spawn([this] { act_thread(); }, "act");
    sc_core::sc_spawn_options late;
    late.spawn_method();
    late.set_sensitivity(&message_is_late_);
    late.dont_initialize();
    sc_core::sc_spawn([this] { give_up_messages(); }, "give_up_messages", &late);
    for (unsigned i = 0; i < workers; ++i)
        sc_core::sc_spawn([this] { worker_thread(); }, sc_core::sc_gen_unique_name("worker"));
    if (place_.joined_another()) {
        // It is there before the model is built: the model must not think itself alone.
        connected_ = true;
        has_core_ = true;
        other_ports_ = place_.other().ports.load() & ~place_.ports();
        acting_incarnation_ = seen_incarnation_ = place_.other().incarnation.load();
    }
}

void peer_link::bind(ntb_switch& s) {
    switch_ = &s;
    place_.state_is_complete();
    if (!place_.joined_another() && place_.powered()) {
        // Whoever was here before has left links behind that are down now.
        switch_->other_left(0xFFFFFF, true);
    }
    look();
    options_.ring(place_.other().ivshmem_id.load()); // here we are
}

void peer_link::look() {
    // What comes from here on rings anew. Who is there is known before what was sent is looked at,
    // or the first that a comer sends would be nobody's.
    if (left_)
        return;
    in_.heard();
    check_other_side();
    take_input();
    flush();
}

void peer_link::check_other_side() {
    const std::uint32_t now = place_.other().incarnation.load();
    const bool lost = notice_damage() || !place_.other_alive();
    if (seen_incarnation_ != 0 && (lost || now != seen_incarnation_)) {
        take_records(max_arrived + layout::slots_per_ring); // all that it sent has happened
        if (seen_incarnation_ != 0)
            lose();
    }
    if (seen_incarnation_ == 0 && now != 0 && !lost && now != last_incarnation_ &&
        arrived_.size() < max_arrived) {
        seen_incarnation_ = now;
        in_.begin_anew(place_.other().first_slot.load());
        arrived({arrival::what::came, {}, now, place_.other().ports.load() & ~place_.ports()});
    }
}

bool peer_link::notice_damage() {
    if (cut_off_ || !place_.damaged())
        return cut_off_;
    cut_off_ = true;
    log_.error("the shared memory was cut off: the switch that was in it is reset, and alone");
    if (seen_incarnation_ != 0)
        lose();
    arrived({arrival::what::cut_off, {}, 0, 0});
    return true;
}

void peer_link::sever(const char* why) {
    // Memory that is cut off reads zero, so what it holds looks like nonsense of the other side.
    if (notice_damage() || seen_incarnation_ == 0)
        return;
    log_.error("{}; the link is down until another simulator comes (end that one)", why);
    lose();
}

void peer_link::lose() {
    last_incarnation_ = std::exchange(seen_incarnation_, 0);
    if (!arrived_.empty() && arrived_.back().kind == arrival::what::came) {
        arrived_.pop_back(); // the model need not learn that it was there
        return;
    }
    arrived({arrival::what::gone, {}, 0, 0});
}

void peer_link::arrived(arrival a) {
    arrived_.push_back(std::move(a));
    has_arrived_.notify(sc_core::SC_ZERO_TIME);
}

void peer_link::say(std::uint32_t word) {
    if (!connected_)
        return;
    record r{};
    r.head.kind = static_cast<std::uint16_t>(record_kind::word);
    r.head.value = word;
    post(std::move(r));
}

void peer_link::drain() {
    while (!unsent_.empty() && connected_)
        sc_core::wait(has_room_);
}

void peer_link::leave() {
    left_ = true;
    if (options_.exact)
        turns_.leave(core_clock::now_ps());
}

// --- what the model sends ---------------------------------------------------------------------

void peer_link::send(const crossing& c) {
    if (!connected_) {
        if (c.kind == crossing::what::message) // nobody took it
            switch_->arrive(outcome_of({c.from_port, c.from_index}, false));
        return;
    }
    record r{};
    r.head = encode(c);
    if (c.kind == crossing::what::message) {
        r.head.tag = next_tag_++;
        messages_.push_back({c.from_port, c.from_index, r.head.tag, deadline_ps()});
        if (messages_.size() == 1 && !options_.exact)
            message_is_late_.notify(core_clock::until(messages_.front().deadline_ps));
    }
    if (!merge(r.head))
        post(std::move(r));
}

bool peer_link::merge(const layout::slot_header& h) {
    if (!is_signal(h))
        return false;
    // It comes earlier so than what was sent in between. That must be nothing but signals: a
    // doorbell never passes data or a message.
    for (auto r = unsent_.rbegin(); r != unsent_.rend() && is_signal(r->head); ++r) {
        layout::slot_header& there = r->head;
        const bool alike = there.index == h.index && there.port == h.port && there.mask == h.mask;
        const bool bits = static_cast<crossing::what>(h.index) == crossing::what::doorbells;
        if (!alike || (!bits && there.value != h.value))
            continue;
        there.value |= h.value;
        return true;
    }
    return false;
}

void peer_link::withdraw_message(std::uint32_t tag) {
    const auto m = std::find_if(unsent_.begin(), unsent_.end(), [tag](const record& r) {
        return r.kind() == record_kind::crossing &&
               static_cast<crossing::what>(r.head.index) == crossing::what::message &&
               r.head.tag == tag;
    });
    if (m != unsent_.end())
        unsent_.erase(m);
}

std::uint64_t peer_link::post(record r) {
    const std::uint64_t number = ++posted_;
    r.number = number;
    r.head.from = place_.incarnation();
    r.head.to = acting_incarnation_;
    r.head.sent_ps = core_clock::now_ps();
    r.head.due_ps = r.head.sent_ps;
    turns_.sent(r.head.due_ps);
    unsent_bytes_ += r.data.size();
    unsent_.push_back(std::move(r));
    flush();
    if (unsent_.size() > max_kept || unsent_bytes_ > max_kept_bytes)
        sever("the other simulator takes nothing of what is sent to it");
    return number;
}

void peer_link::await_in_ring(std::uint64_t number) {
    while (in_ring_ < number && connected_)
        sc_core::wait(has_room_);
}

void peer_link::flush() {
    if (unsent_.empty())
        return;
    const auto fits = [this] { return out_.room() >= ring_sender::slots_of(unsent_.front()); };
    bool sent = false;
    do {
        for (; !unsent_.empty() && fits(); sent = true) {
            out_.send(unsent_.front());
            unsent_bytes_ -= unsent_.front().data.size();
            in_ring_ = unsent_.front().number;
            unsent_.pop_front();
        }
        if (!unsent_.empty())
            out_.want_room();
    } while (!unsent_.empty() && fits());
    if (out_.broken())
        sever("the other simulator wrote what cannot be into the ring of this one");
    if ((sent || !unsent_.empty()) && out_.must_ring())
        options_.ring(place_.other().ivshmem_id.load());
    if (sent || unsent_.size() < max_unsent)
        has_room_.notify(sc_core::SC_ZERO_TIME);
}

void peer_link::forget_unsent() {
    unsent_.clear();
    unsent_bytes_ = 0;
    in_ring_ = posted_;
}

bool peer_link::await_room(std::uint64_t give_up_ps) {
    while (unsent_.size() >= max_unsent && connected_) {
        if (core_clock::now_ps() >= give_up_ps)
            return false;
        if (give_up_ps == never)
            sc_core::wait(has_room_);
        else
            sc_core::wait(core_clock::until(give_up_ps), has_room_);
    }
    return connected_;
}

std::uint64_t peer_link::deadline_ps() const {
    // Without the wall clock the other part gives up by itself, when it would in one process.
    if (options_.exact)
        return never;
    return core_clock::now_ps() + (silent_ ? options_.completion_timeout_ps
                                           : std::max(patience_ps, options_.completion_timeout_ps));
}

peer_link::request& peer_link::begin_request() {
    for (;;) {
        for (request& q : requests_) {
            if (q.used)
                continue;
            q.used = true;
            q.ended = false;
            q.tag = next_tag_++;
            q.completion = record{};
            return q;
        }
        sc_core::wait(request_free_);
    }
}

crossing_result peer_link::await(request& q, std::uint64_t give_up_ps) {
    if (!q.ended && give_up_ps == never)
        sc_core::wait(q.event);
    else if (!q.ended && core_clock::now_ps() < give_up_ps)
        sc_core::wait(core_clock::until(give_up_ps), q.event);
    silent_ = silent_ || !q.ended;
    const crossing_result result = q.ended ? q.result : crossing_result::no_answer;
    q.used = false; // a completion that comes later finds no such tag
    q.tag = 0;
    request_free_.notify(sc_core::SC_ZERO_TIME);
    return result;
}

crossing_result peer_link::access(record_kind kind, std::uint32_t address, const register_access& a,
                                  std::uint32_t* value) {
    request& q = begin_request();
    const bool is_write = kind == record_kind::register_write;
    std::uint64_t give_up = is_write ? never : deadline_ps();
    if (!connected_ || !await_room(give_up)) {
        q.ended = true;
        q.result = connected_ ? crossing_result::no_answer : crossing_result::gone;
        return await(q, give_up);
    }
    record r{};
    r.head.kind = static_cast<std::uint16_t>(kind);
    r.head.tag = q.tag;
    r.head.address = address;
    r.head.value = a.data;
    r.head.mask = a.byte_mask;
    r.head.requester = static_cast<std::uint16_t>(a.requester.value());
    post(std::move(r));
    if (is_write) // it happens now, whether that is said in time or not
        give_up = deadline_ps();
    const crossing_result result = await(q, give_up);
    if (result == crossing_result::done && value != nullptr)
        *value = q.completion.head.value;
    return result;
}

crossing_result peer_link::read(std::uint32_t address, const register_access& a,
                                std::uint32_t& value) {
    return access(record_kind::register_read, address, a, &value);
}

crossing_result peer_link::write(std::uint32_t address, const register_access& a) {
    return access(record_kind::register_write, address, a, nullptr);
}

forward_result peer_link::forward(port_number port, tlm::tlm_generic_payload& payload) {
    const std::uint32_t length = payload.get_data_length();
    forward_result result = forward_result::done;
    for (std::uint32_t done = 0; result == forward_result::done && done < length;) {
        const std::uint32_t size = std::min(max_request_bytes, length - done);
        result = forward_piece(port, payload, done, size);
        done += size;
    }
    return result;
}

forward_result peer_link::forward_piece(port_number port, tlm::tlm_generic_payload& payload,
                                        std::uint32_t begin, std::uint32_t size) {
    const bool is_write = payload.get_command() == tlm::TLM_WRITE_COMMAND;
    // Without the wall clock a write ends when it does in a switch of one part.
    const bool completed = !is_write || options_.exact;
    pcie_extension* const extension = payload.get_extension<pcie_extension>();
    record r{};
    r.head.kind =
        static_cast<std::uint16_t>(is_write ? record_kind::memory_write : record_kind::memory_read);
    r.head.address = payload.get_address() + begin;
    r.head.port = static_cast<std::uint8_t>(port.value());
    r.head.value = size;
    if (extension != nullptr) {
        r.head.requester = static_cast<std::uint16_t>(extension->requester.value());
        r.head.from_index = extension->tag;
        if (extension->poisoned)
            r.head.flags |= flag_poisoned;
    }
    const unsigned char* const data = payload.get_data_ptr() + begin;
    const unsigned char* const enables = payload.get_byte_enable_ptr();
    if (is_write) {
        r.data.assign(data, data + size);
        if (enables != nullptr) {
            r.head.flags |= flag_byte_enables;
            r.data.insert(r.data.end(), enables + begin, enables + begin + size);
        }
    }
    const std::uint64_t give_up = is_write ? never : deadline_ps();
    if (!await_room(give_up))
        return connected_ ? forward_result::unsupported : forward_result::lost;
    if (!completed) {
        ++writes_sent_;
        await_in_ring(post(std::move(r)));
        return forward_result::done;
    }
    if (is_write)
        r.head.flags |= flag_completed;
    request& q = begin_request();
    r.head.tag = q.tag;
    if (connected_)
        post(std::move(r));
    else {
        q.ended = true;
        q.result = crossing_result::gone;
    }
    switch (await(q, give_up)) {
    case crossing_result::gone:
        return forward_result::lost;
    case crossing_result::no_answer:
        return forward_result::unsupported;
    case crossing_result::done:
        break;
    }
    const auto result = static_cast<forward_result>(q.completion.head.index);
    if (q.completion.head.index > static_cast<std::uint8_t>(forward_result::lost))
        return forward_result::unsupported;
    if (extension != nullptr && (q.completion.head.flags & flag_poisoned) != 0)
        extension->poisoned = true;
    if (!is_write && result == forward_result::done) {
        if (q.completion.data.size() != size)
            return forward_result::unsupported;
        unsigned char* const into = payload.get_data_ptr() + begin;
        for (std::uint32_t i = 0; i < size; ++i)
            if (enables == nullptr || enables[begin + i] == TLM_BYTE_ENABLED)
                into[i] = q.completion.data[i];
    }
    return result;
}

// --- writes that are under way -----------------------------------------------------------------

bool peer_link::writes_under_way() {
    if (!connected_ || writes_settled_ == writes_sent_)
        return false;
    if (settle_tag_ == 0) {
        record r{};
        r.head.kind = static_cast<std::uint16_t>(record_kind::writes_settle);
        r.head.tag = settle_tag_ = next_tag_++;
        writes_asked_ = writes_sent_;
        post(std::move(r));
    }
    return true;
}

bool peer_link::await_writes(std::uint64_t limit_ps) {
    const std::uint64_t wanted = writes_sent_;
    const std::uint64_t give_up_ps = core_clock::now_ps() + limit_ps;
    while (writes_settled_ < wanted && writes_under_way()) {
        if (settles_late_ || core_clock::now_ps() >= give_up_ps) {
            settles_late_ = true;
            return false;
        }
        sc_core::wait(core_clock::until(give_up_ps), has_settled_);
    }
    return true;
}

void peer_link::writes_settled(std::uint64_t number) {
    settle_tag_ = 0;
    writes_settled_ = number;
    settles_late_ = false;
    has_settled_.notify(sc_core::SC_ZERO_TIME);
    if (on_settled_)
        on_settled_();
}

// --- time without a wall clock ----------------------------------------------------------------

bool peer_link::may_go_on(std::uint64_t next_ps, bool input) {
    const turns::outlook here{core_clock::now_ps(), next_ps, input, !unsent_.empty()};
    if (turns_.may_go_on(here, seen_incarnation_ == 0))
        return true;
    if (!turns_.broken())
        return false;
    sever(no_shared_time);
    return turns_.may_go_on(here, true);
}

std::uint64_t peer_link::partner_ps() const {
    return seen_incarnation_ != 0 ? turns_.other_ps() : 0;
}

// --- what both sides look at ------------------------------------------------------------------

void peer_link::publish(port_number port, bool accepts, std::uint32_t doorbells) {
    layout::port_view& v = place_.mine().views[port.value()];
    v.accepts_requests.store(accepts ? 1 : 0, std::memory_order_release);
    v.doorbells.store(doorbells, std::memory_order_release);
}

bool peer_link::accepts_requests(port_number port) const {
    return connected_ && (other_ports_ >> port.value() & 1U) != 0 &&
           place_.other().views[port.value()].accepts_requests.load() == 1;
}

std::uint32_t peer_link::inbound_doorbells(port_number port) const {
    return connected_ ? place_.other().views[port.value()].doorbells.load() : 0;
}

} // namespace ntb::peer
