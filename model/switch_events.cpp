// SPDX-License-Identifier: Apache-2.0
#include "model/switch_events.h"

#include "model/nt_function.h"
#include "model/regs/declared_ids.h"
#include "model/regs/sw_refs.h"
#include "model/shared_word.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

using regs::space_id;

struct mapped_type {
    switch_event type{};
    regs::reg_ref status{};
    regs::reg_ref mask{};
    regs::field_ref summary{};
    regs::field_ref selected{};
};
constexpr std::array<mapped_type, 5> mapped_types{{
    {switch_event::link_up, sw::SELINKUPSTS, sw::SELINKUPMSK, sw::SESTS_LNKUP, sw::SEMSK_LNKUP},
    {switch_event::link_down, sw::SELINKDNSTS, sw::SELINKDNMSK, sw::SESTS_LNKDN, sw::SEMSK_LNKDN},
    {switch_event::fundamental_reset, sw::SEFRSTSTS, sw::SEFRSTMSK, sw::SESTS_FRST, sw::SEMSK_FRST},
    {switch_event::hot_reset, sw::SEHRSTSTS, sw::SEHRSTMSK, sw::SESTS_HRST, sw::SEMSK_HRST},
    {switch_event::global_signal, sw::SEGSIGSTS, sw::SEGSIGMSK, sw::SESTS_GSIG, sw::SEMSK_GSIG},
}};

constexpr auto SEAERSTS = regs::declared_register_named(space_id::sw, "SEAERSTS");
constexpr auto SEAERSTS_PORT = regs::declared_field_named(space_id::sw, "SEAERSTS", "PORT");
constexpr auto SEAERMSK = regs::declared_register_named(space_id::sw, "SEAERMSK");
constexpr auto SEAERMSK_PORT = regs::declared_field_named(space_id::sw, "SEAERMSK", "PORT");
constexpr auto SESTS_AERERR = regs::declared_field_named(space_id::sw, "SESTS", "AERERR");
constexpr auto SEMSK_AERERR = regs::declared_field_named(space_id::sw, "SEMSK", "AERERR");
constexpr auto SESTS_FMCI = regs::declared_field_named(space_id::sw, "SESTS", "FMCI");
constexpr auto SEMSK_FMCI = regs::declared_field_named(space_id::sw, "SEMSK", "FMCI");
constexpr auto SESTS_FMCC = regs::declared_field_named(space_id::sw, "SESTS", "FMCC");
constexpr auto SEMSK_FMCC = regs::declared_field_named(space_id::sw, "SEMSK", "FMCC");

constexpr std::uint32_t all = 0xFFFFFFFF;

} // namespace

switch_events::switch_events(const core_clock& clock, std::uint32_t delay_cycles,
                             const function_directory& functions, switch_core& registers)
    : clock_(clock), delay_(delay_cycles), functions_(functions), core_(registers) {
    for (const mapped_type& m : mapped_types) {
        type_registers& t = types_[index_of(m.type)];
        t.status = place{m.status.at(), {all, 0}};
        t.mask = place{m.mask.at(), {all, 0}};
        t.summary = m.summary.mask;
        t.selected = m.selected.mask;
    }
    place_by_layout();
}

void switch_events::place_by_layout() {
    const register_layout& places = core_.layout();
    const auto fail_over_type = [&](switch_event type, regs::declared_field_id summary,
                                    regs::declared_field_id selected) {
        type_registers& t = types_[index_of(type)];
        t.failover = true;
        t.summary = places.field(summary).mask;
        t.selected = places.field(selected).mask;
        if (t.summary == 0)
            t.summary = sw::SESTS_FOVER.mask;
        if (t.selected == 0)
            t.selected = sw::SEMSK_FOVER.mask;
    };
    fail_over_type(switch_event::failover_initiated, SESTS_FMCI, SEMSK_FMCI);
    fail_over_type(switch_event::failover_completed, SESTS_FMCC, SEMSK_FMCC);

    type_registers& aer = types_[index_of(switch_event::aer_error)];
    const auto placed = [&](regs::declared_register_id reg, regs::declared_field_id bits) {
        const std::uint32_t at = places.offset(reg);
        return at == regs::unknown_offset ? place{} : place{at & ~3U, places.field(bits)};
    };
    aer.status = placed(SEAERSTS, SEAERSTS_PORT);
    aer.mask = placed(SEAERMSK, SEAERMSK_PORT);
    aer.summary = places.field(SESTS_AERERR).mask;
    aer.selected = places.field(SEMSK_AERERR).mask;
}

std::uint32_t switch_events::kept(switch_event type) const {
    return load_word(state_->status[index_of(type)]);
}

void switch_events::set_kept(switch_event type, std::uint32_t value) {
    store_word(state_->status[index_of(type)], value);
}

bool switch_events::opened(const type_registers& t) const {
    return load_word(state_->opened[static_cast<std::size_t>(&t - types_.data())]) != 0;
}

std::uint32_t switch_events::status(switch_event type) const {
    const type_registers& t = types_[index_of(type)];
    return t.status.bits.mask != 0 ? t.status.bits.get(core_.bank().get(t.status.offset))
                                   : kept(type);
}

std::uint32_t switch_events::fine_mask(const type_registers& t) const {
    if (t.failover)
        return core_.bank().get(sw::SEFOVRMSK.at()) != 0 ? all : 0;
    if (t.mask.bits.mask != 0)
        return t.mask.bits.get(core_.bank().get(t.mask.offset));
    return opened(t) ? 0 : all;
}

void switch_events::raise(switch_event type, unsigned index) {
    if (!core_.executes_core()) {
        crossing c{};
        c.kind = crossing::what::raise;
        c.index = static_cast<std::uint8_t>(index_of(type));
        c.value = index;
        core_.tell(c);
        return;
    }
    type_registers& t = types_[index_of(type)];
    const std::uint32_t bit = 1U << index;
    if (const std::uint32_t before = status(type); (before & bit) == 0) {
        if (t.status.bits.mask != 0)
            core_.bank().set_field(t.status.offset, t.status.bits, before | bit);
        else
            set_kept(type, before | bit);
        update_summary();
    }
    const bool type_masked =
        t.selected != 0 ? (core_.bank().get(sw::SEMSK.at()) & t.selected) != 0 : !opened(t);
    if (type_masked || (fine_mask(t) & bit) != 0)
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
}

void switch_events::update_summary() {
    std::uint32_t summary = 0;
    for (std::size_t i = 0; i < switch_event_types; ++i)
        if ((status(static_cast<switch_event>(i)) & ~fine_mask(types_[i])) != 0)
            summary |= types_[i].summary;
    core_.bank().set(sw::SESTS.at(), summary);
}

void switch_events::clear(switch_event type) {
    set_kept(type, 0);
    update_summary();
}

void switch_events::open(switch_event type, bool opened) {
    store_word(state_->opened[index_of(type)], opened ? 1 : 0);
    update_summary();
}

void switch_events::reset() {
    line_.clear();
    for (std::size_t i = 0; i < switch_event_types; ++i) {
        store_word(state_->status[i], 0);
        store_word(state_->opened[i], 0);
    }
}

void switch_events::deliver() {
    partitions who = 0;
    while (line_.pop_due(who))
        arrive(who);
}

void switch_events::arrive(partitions who) {
    core_.event_reaches_bridges(who);
    for (nt_function* f : functions_) {
        if (((who >> f->partition().value()) & 1U) == 0 || !f->in_active_partition())
            continue;
        if (core_.executes(f->port())) {
            f->switch_event_arrived();
        } else {
            crossing c{};
            c.kind = crossing::what::switch_event;
            c.port = f->port();
            core_.tell(c);
        }
    }
}

} // namespace ntb
