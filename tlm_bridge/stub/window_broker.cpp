// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/stub/window_broker.h"

#include <algorithm>
#include <string>

#include "tlm_bridge/stub/stub_port.h"

namespace ntb::bridge {

namespace {
constexpr std::uint64_t page = stub::window_page;
} // namespace

void window_broker::add(port_number port, stub_port* stub, const port_control& control,
                        const host_memory& memory) {
    members_.push_back({port, stub, &control, &memory, 0, {}});
    if (stub != nullptr)
        stub->set_broker(this);
}

void window_broker::trace(trace_sink& sink, std::uint64_t (*now_ps)()) {
    sink_ = &sink;
    now_ps_ = now_ps;
    for (member& m : members_)
        m.signal = sink.declare_bits(
            "switch.port" + std::to_string(m.port.value()) + ".windows_mapped", 8, 0);
}

void window_broker::show(const member& m) const {
    if (m.signal.traced())
        sink_->set(m.signal, now_ps_(), m.mapped);
}

void window_broker::windows_change() noexcept {
    stale_ = true;
    // All are asked before the first is waited for.
    for (member& m : members_)
        if (m.mapped != 0)
            m.stub->send_revoke();
    for (member& m : members_) {
        if (m.mapped == 0)
            continue;
        m.stub->await_windows(revoke_limit);
        m.mapped = 0;
        show(m);
    }
}

void window_broker::update() {
    if (!stale_)
        return;
    stale_ = false;
    for (member& m : members_) {
        if (m.stub != nullptr && m.stub->wants_windows()) {
            map_windows(m);
        } else if (m.mapped != 0) { // its process has gone
            m.mapped = 0;
            show(m);
        }
    }
}

void window_broker::map_windows(member& m) {
    if (m.mapped != 0) {
        if (trapped_)
            return;
        m.stub->send_revoke();
        m.mapped = 0;
    }
    if (!trapped_) {
        m.control->list_windows(list_);
        for (const window_range& r : list_)
            map_range(m, r);
    }
    m.stub->send_commit();
    m.stub->await_windows(revoke_limit);
    show(m);
}

void window_broker::map_range(member& m, const window_range& r) {
    const host_memory* const memory = memory_of(r.target);
    if (memory == nullptr || r.offset % page != r.address % page)
        return; // pages would not fit over pages: trapped
    // The registers that make a window's size are the guest's, and may say more than the BAR has
    // that its client was told of.
    const std::uint64_t bar_size = m.stub->description().regions[r.bar].size;
    if (r.offset >= bar_size)
        return;
    const std::uint64_t end = r.offset + std::min(r.size, bar_size - r.offset);
    std::uint64_t at = (r.offset + page - 1) / page * page;
    while (at < end && end - at >= page && m.mapped < stub::max_windows) {
        const host_memory::file_part part = memory->file_at(r.address + (at - r.offset));
        std::uint64_t size = std::min(part.size, end - at) / page * page;
        if (part.file >= 0 && part.offset % page == 0 && size != 0) {
            if (!m.stub->send_map(r.bar, at, size, part.file, part.offset))
                return;
            ++m.mapped;
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

const host_memory* window_broker::memory_of(port_number port) const {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [port](const member& m) { return m.port == port; });
    return found == members_.end() ? nullptr : found->memory;
}

} // namespace ntb::bridge
