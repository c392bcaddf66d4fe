// SPDX-License-Identifier: Apache-2.0
#include "model/switch_events.h"

#include "model/nt_function.h"
#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

struct event_registers {
    switch_event type{};
    regs::reg_ref status;
    regs::reg_ref mask;
};
constexpr std::array<event_registers, 5> all_types{{
    {switch_event::link_up, sw::SELINKUPSTS, sw::SELINKUPMSK},
    {switch_event::link_down, sw::SELINKDNSTS, sw::SELINKDNMSK},
    {switch_event::fundamental_reset, sw::SEFRSTSTS, sw::SEFRSTMSK},
    {switch_event::hot_reset, sw::SEHRSTSTS, sw::SEHRSTMSK},
    {switch_event::global_signal, sw::SEGSIGSTS, sw::SEGSIGMSK},
}};

constexpr std::uint32_t bit_of(switch_event t) {
    return 1U << static_cast<unsigned>(t);
}

} // namespace

void switch_events::raise(switch_event type, unsigned index) {
    for (const event_registers& e : all_types) {
        if (e.type != type)
            continue;
        const std::uint32_t bit = 1U << index;
        core_.bank().set(e.status.at(), core_.bank().get(e.status.at()) | bit);
        update_summary();
        const bool masked = (core_.bank().get(e.mask.at()) & bit) != 0 ||
                            (core_.bank().get(sw::SEMSK.at()) & bit_of(type)) != 0;
        if (masked)
            return;
        const auto who =
            static_cast<partitions>(sw::SEPMSK_PART.get(~core_.bank().get(sw::SEPMSK.at())));
        if (delay_ == 0) {
            arrive(who);
            return;
        }
        const std::uint64_t at = clock_.after(delay_);
        if (partitions* same_cycle = line_.youngest_due_at(at)) {
            *same_cycle = static_cast<partitions>(*same_cycle | who);
            return;
        }
        const bool stored = line_.push(at, who);
        sc_assert(stored); // one place per cycle: max_timing_cycles
        (void)stored;
        return;
    }
}

void switch_events::update_summary() {
    std::uint32_t summary = 0;
    for (const event_registers& e : all_types)
        if ((core_.bank().get(e.status.at()) & ~core_.bank().get(e.mask.at())) != 0)
            summary |= bit_of(e.type);
    core_.bank().set(sw::SESTS.at(), summary);
}

void switch_events::deliver() {
    partitions who = 0;
    while (line_.pop_due(who))
        arrive(who);
}

void switch_events::arrive(partitions who) {
    core_.event_reaches_bridges(who);
    for (nt_function* f : functions_)
        if (((who >> f->partition().value()) & 1U) != 0 && f->in_active_partition())
            f->switch_event_arrived();
}

} // namespace ntb
