// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/stub/window_broker.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "tlm_bridge/stub/stub_port.h"

namespace ntb::bridge {

namespace {

constexpr std::uint64_t page = stub::window_page;

template <class Stretch>
bool contains(const std::vector<Stretch>& all, const Stretch& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

void window_broker::add(port_number port, stub_port* stub, port_control& control,
                        const host_memory& memory) {
    members_.push_back({port, stub, &control, &memory, {}, false, 0, {}});
    members_.back().mapped.reserve(stub::max_windows);
    wanted_.reserve(stub::max_windows);
    if (stub != nullptr)
        stub->set_broker(this);
}

void window_broker::trace(trace_sink& sink, std::uint64_t (*now_ps)()) {
    sink_ = &sink;
    now_ps_ = now_ps;
    for (member& m : members_)
        if (m.stub != nullptr) // what is elsewhere is shown there
            m.signal = sink.declare_bits(
                "switch.port" + std::to_string(m.port.value()) + ".windows_mapped", 8, 0);
}

void window_broker::show(const member& m) const {
    if (m.signal.traced())
        sink_->set(m.signal, now_ps_(), m.mapped.size());
}

// --- What changes -----------------------------------------------------------------------------

void window_broker::windows_change() noexcept {
    stale_ = true;
    if (ask_for_update_)
        ask_for_update_(); // when this process has made the change, and before time goes on
}

void window_broker::update_now() {
    if (!stale_)
        return;
    stale_ = false;
    update_here(!trapped_);
    if (partner_ != nullptr)
        partner_->follow();
}

void window_broker::take_away_stale() {
    update_here(false);
    stale_ = true;
}

void window_broker::update_here(bool may_map) {
    const bool may_add = may_map && !writes_under_way();
    const bool untold = partner_ != nullptr && !partner_->tells_changes();
    // Nobody is waited for before all have been told.
    for (member& m : members_) {
        if (m.stub == nullptr)
            continue;
        wanted_.clear();
        m.control->list_windows(list_);
        if (m.stub->wants_windows())
            list_stretches(m, wanted_);
        if (untold)
            wanted_.clear();
        remove_other_than(m, wanted_);
        if (may_map)
            add_missing(m, wanted_, may_add);
        m.mixed = mixed_bars(m);
    }
    tell_mixed_bars();
    commit_all();
}

void window_broker::tell_mixed_bars() {
    const bool somebody = somebody_maps();
    for (member& m : members_) {
        if (m.stub == nullptr)
            continue;
        if (!somebody)
            m.mixed = 0; // nobody overtakes anything
        m.stub->set_mixed_bars(m.mixed);
    }
}

void window_broker::take_from(const stub_port& stub) {
    for (member& m : members_)
        if (m.stub == &stub)
            remove_other_than(m, {});
    commit_all();
    stale_ = true;
}

void window_broker::take_away(const stub_port& owner_of_memory) {
    for (const member& owner : members_) {
        if (owner.stub != &owner_of_memory)
            continue;
        take_away_here(owner.port);
        if (partner_ != nullptr)
            partner_->take_away(owner.port);
    }
    stale_ = true;
}

void window_broker::take_away_here(port_number owner) {
    for (member& m : members_) {
        wanted_.clear();
        std::copy_if(m.mapped.begin(), m.mapped.end(), std::back_inserter(wanted_),
                     [owner](const stretch& s) { return !(s.target == owner); });
        remove_other_than(m, wanted_);
    }
    commit_all();
    stale_ = true;
}

bool window_broker::wants_windows() const {
    return std::any_of(members_.begin(), members_.end(), [](const member& m) {
        return m.stub != nullptr && m.stub->wants_windows();
    });
}

void window_broker::remove_other_than(member& m, const stretches& wanted) {
    const auto kept = std::remove_if(m.mapped.begin(), m.mapped.end(), [&](const stretch& s) {
        if (contains(wanted, s))
            return false;
        m.stub->send_unmap(s.bar, s.offset, s.size); // one that has gone has nothing mapped
        return true;
    });
    m.told = m.told || kept != m.mapped.end();
    m.mapped.erase(kept, m.mapped.end());
}

void window_broker::add_missing(member& m, const stretches& wanted, bool may_add) {
    for (const stretch& s : wanted) {
        if (contains(m.mapped, s))
            continue;
        if (!may_add) {
            stale_ = true; // tried again
            return;
        }
        if (m.mapped.size() == stub::max_windows ||
            !m.stub->send_map(s.bar, s.offset, s.size, s.file, s.file_offset))
            return;
        m.mapped.push_back(s);
        m.told = true;
    }
}

void window_broker::commit_all() {
    for (member& m : members_)
        if (m.told)
            m.stub->send_commit();
    const auto deadline = std::chrono::steady_clock::now() + let_go_limit;
    for (member& m : members_) {
        if (!m.told)
            continue;
        m.stub->await_windows(deadline);
        m.told = false;
        show(m);
    }
}

// --- Order ------------------------------------------------------------------------------------

bool window_broker::writes_under_way() const {
    return std::any_of(members_.begin(), members_.end(),
                       [](const member& m) { return m.control->writes_under_way(); });
}

bool window_broker::somebody_maps() const {
    return (partner_ != nullptr && partner_->may_map()) ||
           std::any_of(members_.begin(), members_.end(),
                       [](const member& m) { return !m.mapped.empty(); });
}

bool window_broker::may_be_overtaken(const stub_port& stub, unsigned bar) const {
    return std::any_of(members_.begin(), members_.end(), [&](const member& m) {
        return m.stub == &stub && (!m.mapped.empty() || (m.mixed >> bar & 1U) != 0);
    });
}

bool window_broker::await_writes() {
    bool all = true;
    for (const member& m : members_)
        all = m.control->await_writes(settle_ps) && all;
    return all;
}

// --- Where windows lead -----------------------------------------------------------------------

void window_broker::list_stretches(const member& m, stretches& out) {
    for (const window_range& r : list_)
        list_range(m, r, out);
}

void window_broker::list_range(const member& m, const window_range& r, stretches& out) const {
    const member* const target = member_of(r.target);
    if (target == nullptr || !target->control->accepts_requests() ||
        r.offset % page != r.address % page)
        return; // pages would not fit over pages: trapped
    // The registers that make a window's size are the guest's, and may say more than the BAR has
    // that its client was told of.
    const std::uint64_t bar_size = m.stub->description().regions[r.bar].size;
    if (r.offset >= bar_size)
        return;
    const std::uint64_t end = r.offset + std::min(r.size, bar_size - r.offset);
    std::uint64_t at = (r.offset + page - 1) / page * page;
    while (at < end && end - at >= page && out.size() < stub::max_windows) {
        const host_memory::file_part part = target->memory->file_at(r.address + (at - r.offset));
        std::uint64_t size = std::min(part.size, end - at) / page * page;
        if (part.file >= 0 && part.offset % page == 0 && size != 0) {
            out.push_back({r.bar, at, size, r.target, part.file, part.offset});
        } else { // on to the next map, however far that is
            const std::uint64_t nothing = part.file >= 0 ? part.size : part.gap;
            if (nothing == 0 || nothing > end - at)
                return;
            size = (nothing + page - 1) / page * page;
        }
        if (size > end - at)
            return;
        at += size;
    }
}

std::uint32_t window_broker::mixed_bars(const member& m) const {
    std::uint32_t bars = 0;
    for (const window_range& r : list_) {
        const member* const target = member_of(r.target);
        if (target == nullptr)
            continue;
        if (!target->control->accepts_requests()) { // it is not known what is there
            bars |= 1U << r.bar;
            continue;
        }
        std::uint64_t mapped = 0;
        for (const stretch& s : m.mapped)
            if (s.bar == r.bar && s.offset >= r.offset && s.offset - r.offset < r.size)
                mapped += s.size;
        const std::uint64_t bar_size = m.stub->description().regions[r.bar].size;
        const std::uint64_t size = std::min(r.size, bar_size - std::min(bar_size, r.offset));
        if (target->memory->bytes_in(r.address, size) > mapped)
            bars |= 1U << r.bar;
    }
    return bars;
}

const window_broker::member* window_broker::member_of(port_number port) const {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [port](const member& m) { return m.port == port; });
    return found == members_.end() ? nullptr : &*found;
}

} // namespace ntb::bridge
