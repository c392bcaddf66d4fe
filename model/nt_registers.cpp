// SPDX-License-Identifier: Apache-2.0
// What the NT function's registers do when they are read or written, attached by name.
#include "model/nt_function.h"
#include "model/regs/nt_refs.h"
#include "model/switch_core.h"

namespace ntb {

const nt_function::plan& nt_function::register_plan() {
    using f = nt_function;
    static constexpr std::array<plan::behaviour, 23> behaviours{{
        plan::on_write(nt::PCICMD, &f::wrote_pcicmd),
        plan::on_write(nt::BAR, &f::wrote_bar),
        plan::on_write(nt::MSICAP, &f::wrote_interrupt_input),
        plan::on_write(nt::PMCSR, &f::wrote_pmcsr),
        plan::on_write(nt::AERUES, &f::wrote_aerues),
        plan::on_write(nt::NTINTSTS, &f::wrote_interrupt_input),
        plan::on_write(nt::NTINTMSK, &f::wrote_interrupt_input),
        plan::on_write(nt::NTGSIGNAL, &f::wrote_ntgsignal),
        plan::on_write(nt::OUTDBELLSET, &f::wrote_outdbellset),
        plan::on_write(nt::INDBELLSTS, &f::wrote_indbellsts),
        plan::on_write(nt::INDBELLMSK, &f::wrote_interrupt_input),
        plan::on_write(nt::OUTMSG, &f::wrote_outmsg),
        plan::on_access(nt::MSGSTS, &f::read_msgsts, &f::wrote_interrupt_input),
        plan::on_write(nt::MSGSTSMSK, &f::wrote_interrupt_input),
        plan::on_write(nt::BARSETUP, &f::wrote_barsetup),
        plan::on_write(nt::BARLIMIT, &f::wrote_barlimit),
        plan::on_write(nt::PTCDATA, &f::wrote_ptcdata),
        plan::on_access(nt::NTMTBLDATA, &f::read_ntmtbldata, &f::wrote_ntmtbldata),
        plan::on_read(nt::REQIDCAP, &f::read_reqidcap),
        plan::on_access(nt::LUTLDATA, &f::read_lutldata, &f::wrote_lutldata),
        plan::on_access(nt::LUTMDATA, &f::read_lutmdata, &f::wrote_lutmdata),
        plan::on_access(nt::LUTUDATA, &f::read_lutudata, &f::wrote_lutudata),
        plan::on_access(nt::GASADATA, &f::read_gasadata, &f::wrote_gasadata),
    }};
    static constexpr plan p = [] {
        plan made = plan::make(regs::nt_map, 0, behaviours);
        constexpr std::uint32_t all = 0xFFFFFFFF;
        made.decides_windows(nt::PCICMD, 0, nt_mae_ | nt_bme_);
        made.decides_windows(nt::PMCSR, 0, nt_pstate_);
        made.decides_windows(nt::NTCTL, 0, all);
        made.decides_windows(nt::BAR, 0, all);
        made.decides_windows(nt::BARSETUP, 0, all);
        made.decides_windows(nt::BARLIMIT, 0, all);
        made.decides_windows(nt::BARLTBASE, 0, all);
        made.decides_windows(nt::BARUTBASE, 0, all);
        // What they open leads further: tables, and the whole global space.
        made.leads_to_windows(nt::NTMTBLDATA, 0);
        made.leads_to_windows(nt::LUTLDATA, 0);
        made.leads_to_windows(nt::LUTMDATA, 0);
        made.leads_to_windows(nt::LUTUDATA, 0);
        made.leads_to_windows(nt::GASADATA, 0);
        return made;
    }();
    return p;
}

// --- power states (PCI PM 1.2 section 5.4; B13.2) ----------------------------------------------

void nt_function::wrote_pmcsr(const register_access&, std::uint32_t before) {
    constexpr std::uint32_t d0 = 0;
    constexpr std::uint32_t d3hot = 3;
    const std::uint32_t now = bank_.get(nt::PMCSR.at());
    const std::uint32_t was = nt::PMCSR_PSTATE.get(before);
    const std::uint32_t asked = nt::PMCSR_PSTATE.get(now);
    if (asked != d0 && asked != d3hot) {
        // PMCAP offers neither D1 nor D2 (not confirmed): such a write ends normally and changes
        // no state (PCI PM 1.2 section 3.2.4).
        bank_.set_field(nt::PMCSR.at(), nt::PMCSR_PSTATE, was);
        return;
    }
    if (was == d3hot && asked == d0 && nt::PMCSR_NOSOFTRST.get(now) == 0)
        reset_on_leaving_d3hot();
    core_.publish(port_);
    interrupts_.update();
}

void nt_function::wrote_aerues(const register_access&, std::uint32_t) {
    errors_.status_written();
}

// --- interrupts, doorbells, messages ----------------------------------------------------------

void nt_function::wrote_interrupt_input(const register_access&, std::uint32_t) {
    interrupts_.update();
}

void nt_function::wrote_pcicmd(const register_access&, std::uint32_t) {
    core_.publish(port_); // bus mastering
    interrupts_.update();
}

void nt_function::wrote_ntgsignal(const register_access& a, std::uint32_t) {
    if (nt::NTGSIGNAL_GSIGNAL.get(a.written()) != 0)
        core_.events().raise(switch_event::global_signal, partition_.value()); // B11.8
}

void nt_function::wrote_outdbellset(const register_access& a, std::uint32_t) {
    const std::uint32_t bits = a.written();
    if (bits == 0)
        return; // B5.1: zeros do nothing
    pulse(doorbell_writes_, bits);
    core_.doorbells().ring(partition_, bits);
}

void nt_function::wrote_indbellsts(const register_access&, std::uint32_t) {
    core_.doorbell_status_changed();
    interrupts_.update();
}

void nt_function::wrote_outmsg(const register_access& a, std::uint32_t) {
    const unsigned n = (a.offset - nt::OUTMSG.at()) / nt::OUTMSG.first_stride;
    pulse(message_writes_[n], 1);
    ++messages_in_flight_;
    mirror_message_status();
    core_.send_message(*this, n, bank_.get(a.offset));
}

std::uint32_t nt_function::read_msgsts(const register_access& a) {
    // The outcome of earlier OUTMSG writes is visible to this read (B6.3).
    while (messages_in_flight_ != 0 && !a.debug)
        sc_core::wait(message_outcome_);
    return bank_.get(nt::MSGSTS.at());
}

// --- BARs -------------------------------------------------------------------------------------

bool nt_function::is_upper_half(unsigned bar) const {
    return bar % 2 == 1 && bar_size(bar - 1) != 0 &&
           nt::BARSETUP_TYPE.get(bank_.get(nt::BARSETUP.at(bar - 1))) == 2;
}

void nt_function::wrote_bar(const register_access& a, std::uint32_t before) {
    const unsigned bar = (a.offset - nt::BAR.at()) / nt::BAR.first_stride;
    // An upper half has address bits where other BARs have their type.
    if (is_upper_half(bar))
        bank_.set(a.offset, (before & ~a.byte_mask) | a.written());
    shape_bar(bar);
}

void nt_function::wrote_barsetup(const register_access& a, std::uint32_t) {
    const unsigned bar = (a.offset - nt::BARSETUP.at()) / nt::BARSETUP.first_stride;
    shape_bar(bar);
    if (bar % 2 == 0) {
        shape_bar(bar + 1);
        shape_limit(bar + 1);
    }
}

void nt_function::wrote_barlimit(const register_access& a, std::uint32_t before) {
    // Of a 64-bit BAR the odd register holds bits 63:32, all of them (B9.5).
    const unsigned bar = (a.offset - nt::BARLIMIT.at()) / nt::BARLIMIT.first_stride;
    if (is_upper_half(bar))
        bank_.set(a.offset, (before & ~a.byte_mask) | a.written());
    shape_limit(bar);
}

void nt_function::shape_limit(unsigned bar) {
    if (!is_upper_half(bar))
        bank_.set_field(nt::BARLIMIT.at(bar), nt::BARLIMIT_ONES, 0x3FF);
}

void nt_function::shape_bar(unsigned bar) {
    // Address bits below the aperture read 0; a disabled BAR reads 0 (B9.10); the odd BAR of a
    // 64-bit pair is its upper half.
    const std::uint32_t value = bank_.get(nt::BAR.at(bar));
    const std::uint64_t size = bar_size(bar);
    std::uint32_t shaped = 0;
    if (size != 0) {
        const std::uint32_t setup = bank_.get(nt::BARSETUP.at(bar));
        const auto address_bits = static_cast<std::uint32_t>(~(size - 1)) & ~0xFU;
        const std::uint32_t type = bar % 2 == 0 ? setup & nt::BARSETUP_TYPE.mask : 0;
        shaped = (value & address_bits) | type | (setup & nt::BARSETUP_PREF.mask);
    } else if (is_upper_half(bar)) {
        shaped = value & static_cast<std::uint32_t>(~(bar_size(bar - 1) - 1) >> 32);
    }
    bank_.set(nt::BAR.at(bar), shaped);
}

// --- punch-through ----------------------------------------------------------------------------

void nt_function::wrote_ptcdata(const register_access&, std::uint32_t) {
    punch_.data_written();
}

// --- mapping table, requester ID, lookup tables -----------------------------------------------

std::uint32_t nt_function::read_reqidcap(const register_access& a) {
    return a.requester.value();
}

std::uint32_t nt_function::read_ntmtbldata(const register_access& a) {
    const unsigned i = bank_.get_field(nt::NTMTBLADDR.at(), nt::NTMTBLADDR_ADDR);
    if (!mapping_table::in_range(i) && !a.debug)
        bank_.set_field(nt::NTMTBLSTS.at(), nt::NTMTBLSTS_ERR, 1);
    return core_.mapping().read(i);
}

void nt_function::wrote_ntmtbldata(const register_access&, std::uint32_t) {
    const unsigned i = bank_.get_field(nt::NTMTBLADDR.at(), nt::NTMTBLADDR_ADDR);
    if (!mapping_table::in_range(i))
        bank_.set_field(nt::NTMTBLSTS.at(), nt::NTMTBLSTS_ERR, 1);
    core_.mapping().write(i, bank_.get(nt::NTMTBLDATA.at()));
}

lookup_tables::entry* nt_function::selected_lut_entry() {
    const std::uint32_t select = bank_.get(nt::LUTOFFSET.at());
    return luts_.at(nt::LUTOFFSET_BAR.get(select), nt::LUTOFFSET_INDEX.get(select));
}

void nt_function::lut_entry_changed() const {
    const std::uint32_t select = bank_.get(nt::LUTOFFSET.at());
    luts_.changed(nt::LUTOFFSET_BAR.get(select), nt::LUTOFFSET_INDEX.get(select));
}

std::uint32_t nt_function::read_lutldata(const register_access&) {
    const lookup_tables::entry* e = selected_lut_entry();
    return e != nullptr ? e->low : 0;
}
std::uint32_t nt_function::read_lutmdata(const register_access&) {
    const lookup_tables::entry* e = selected_lut_entry();
    return e != nullptr ? e->high : 0;
}
std::uint32_t nt_function::read_lutudata(const register_access&) {
    const lookup_tables::entry* e = selected_lut_entry();
    return e != nullptr ? e->upper : 0;
}
namespace {
/// The written bytes replace those of an entry's part; `stored` holds what the policy let through.
void merge(std::uint32_t& part, const register_access& a, std::uint32_t stored) {
    part = (part & ~a.byte_mask) | (stored & a.byte_mask);
}
} // namespace
void nt_function::wrote_lutldata(const register_access& a, std::uint32_t) {
    core_.windows_change();
    if (lookup_tables::entry* e = selected_lut_entry()) {
        merge(e->low, a, bank_.get(nt::LUTLDATA.at()));
        lut_entry_changed();
    }
}
void nt_function::wrote_lutmdata(const register_access& a, std::uint32_t) {
    core_.windows_change();
    if (lookup_tables::entry* e = selected_lut_entry()) {
        merge(e->high, a, bank_.get(nt::LUTMDATA.at()));
        lut_entry_changed();
    }
}
void nt_function::wrote_lutudata(const register_access& a, std::uint32_t) {
    core_.windows_change();
    if (lookup_tables::entry* e = selected_lut_entry()) {
        merge(e->upper, a, bank_.get(nt::LUTUDATA.at()));
        lut_entry_changed();
    }
}

// --- global address space ---------------------------------------------------------------------

std::uint32_t nt_function::read_gasadata(const register_access& a) {
    if (a.global)
        return 0; // the window does not see itself
    return core_.global_read(bank_.get(nt::GASAADDR.at()), a);
}

void nt_function::wrote_gasadata(const register_access& a, std::uint32_t) {
    if (!a.global)
        core_.global_write(bank_.get(nt::GASAADDR.at()), a);
}

} // namespace ntb
