// SPDX-License-Identifier: Apache-2.0
// Construction, doors and reset of the NT function; the register hooks are in nt_registers.cpp.
#include "model/nt_function.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "model/dword_access.h"
#include "model/regs/nt_refs.h"
#include "model/regs/trace_names.h"
#include "model/switch_core.h"

namespace ntb {

nt_function::nt_function(port_number port, const topology_config& topology,
                         const timing_config& timing, const core_clock& clock, switch_core& core,
                         interrupt_output& output, error_output& errors_to, punch_output& punch_to)
    : port_(port), partition_(topology.ports[port.value()].partition),
      config_(topology.ports[port.value()]), timing_(timing), clock_(clock), core_(core),
      bank_(register_plan(), *this, 0, core.layout(), regs::space_id::nt,
            std::array<plan::declared_behaviour, 0>{}),
      interrupts_(bank_, output, clock, timing.interrupt), errors_(bank_, errors_to, *this, clock),
      punch_(bank_, core.layout(), punch_to), windows_(bank_, luts_) {
    load_reset_values(topology);
    bank_.reset_fundamental();
    for (unsigned b = 0; b < bar_count; ++b)
        shape_bar(b);
}

void nt_function::move_to(partition_number partition) {
    core_.windows_change();
    partition_ = partition;
}

bool nt_function::in_active_partition() const {
    return core_.partition_active(partition_);
}

void nt_function::load_reset_values(const topology_config& topology) {
    bank_.set_resets(topology.resets, regs::space_id::nt);
    for (const regs::reg& r : regs::nt_map)
        for (const regs::field& f : r.fields)
            if (f.from == regs::reset_source::device)
                bank_.set_reset(r.offset, regs::field_ref_of(r, f), f.reset_in(topology.device));
    bank_.set_reset(nt::PCIELCAP.at(), nt::PCIELCAP_PORTNUM, port_.value());
    bank_.set_reset(nt::PCIELCAP.at(), nt::PCIELCAP_MAXLNKWDTH, config_.link_width);
    bank_.set_reset(nt::PCIELCAP.at(), nt::PCIELCAP_MAXLNKSPD, config_.link_generation);
    for (unsigned b = 0; b < bar_count; ++b) {
        const bar_config& bar = config_.bars[b];
        const std::uint32_t setup = nt::BARSETUP.at(b);
        bank_.set_reset(setup, nt::BARSETUP_EN, bar.enabled ? 1 : 0);
        bank_.set_reset(setup, nt::BARSETUP_TYPE, bar.is_64bit ? 2 : 0);
        bank_.set_reset(setup, nt::BARSETUP_PREF, bar.prefetchable ? 1 : 0);
        bank_.set_reset(setup, nt::BARSETUP_SIZE, bar.size_log2);
        bank_.set_reset(setup, nt::BARSETUP_MODE, bar.config_space ? 1 : 0);
        bank_.set_reset(setup, nt::BARSETUP_ATRAN, static_cast<std::uint32_t>(bar.translation));
        bank_.set_reset(setup, nt::BARSETUP_TPART, bar.target_partition.value());
    }
}

void nt_function::access(tlm::tlm_generic_payload& p, requester_id who, bool debug) {
    const std::uint64_t address = p.get_address();
    const std::uint32_t length = p.get_data_length();
    if (p.get_command() == tlm::TLM_IGNORE_COMMAND) {
        p.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
        return;
    }
    if (address >= space_size || length > space_size - address || length == 0) {
        if (p.get_command() == tlm::TLM_READ_COMMAND && length != 0)
            std::memset(p.get_data_ptr(), 0xFF, length);
        p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    access_dwords(
        p, who, debug, [this](const register_access& a) { return read_dword(a); },
        [this](const register_access& a) { write_dword(a); });
}

std::uint32_t nt_function::read_dword(const register_access& a) {
    bool refused = false;
    const std::uint32_t v = bank_.read(a, refused);
    if (refused && a.offset == nt::NTMTBLDATA.at() && !a.debug)
        bank_.set_field(nt::NTMTBLSTS.at(), nt::NTMTBLSTS_ERR, 1); // B7.8
    return v;
}

void nt_function::write_dword(const register_access& a) {
    if (!bank_.write(a) && a.offset == nt::NTMTBLDATA.at())
        bank_.set_field(nt::NTMTBLSTS.at(), nt::NTMTBLSTS_ERR, 1); // B7.8
}

std::uint64_t nt_function::bar_size(unsigned bar) const {
    const auto is_64bit = [this](unsigned b) { // an odd BAR has no upper half (B9.1)
        const std::uint32_t setup = bank_.get(nt::BARSETUP.at(b));
        return b % 2 == 0 && nt::BARSETUP_EN.get(setup) != 0 && nt::BARSETUP_TYPE.get(setup) == 2;
    };
    if (bar % 2 == 1 && is_64bit(bar - 1))
        return 0;
    const std::uint32_t setup = bank_.get(nt::BARSETUP.at(bar));
    const std::uint32_t log2 = nt::BARSETUP_SIZE.get(setup);
    // Below 16 bytes a memory BAR cannot describe itself (PCI 3.0 section 6.2.5.1); a 64-bit size
    // needs a 64-bit BAR.
    const bool fits = log2 >= 4 && log2 < (is_64bit(bar) ? 64U : 32U);
    return nt::BARSETUP_EN.get(setup) != 0 && fits ? std::uint64_t{1} << log2 : 0;
}

bool nt_function::requester_may_cross(requester_id who, unsigned& entry) const {
    entry = 0;
    if (bank_.get_field(nt::NTCTL.at(), nt::NTCTL_IDPROTDIS) != 0)
        return true;
    const int found = core_.mapping().find(partition_, who);
    if (found < 0)
        return false;
    entry = static_cast<unsigned>(found);
    return true;
}

bool nt_function::completions_enabled() const {
    return bank_.get_field(nt::NTCTL.at(), nt::NTCTL_CPEN) != 0;
}

std::uint32_t nt_function::max_payload() const {
    return 128U << bank_.get_field(nt::PCIEDCTL.at(), nt::PCIEDCTL_MPS);
}

void nt_function::doorbells_arrived(std::uint32_t bits) {
    bank_.set(nt::INDBELLSTS.at(), bank_.get(nt::INDBELLSTS.at()) | bits);
    core_.doorbell_status_changed();
    interrupts_.update();
}

std::uint32_t nt_function::inbound_doorbells() const {
    return bank_.get(nt::INDBELLSTS.at());
}

bool nt_function::message_arrived(unsigned n, std::uint32_t data, partition_number source) {
    const std::uint32_t full = nt::MSGSTS_INMSGSTS0.mask << n;
    const std::uint32_t status = bank_.get(nt::MSGSTS.at());
    if ((status & full) != 0)
        return false; // the old message stays (B6.2)
    bank_.set(nt::INMSG.at(n), data);
    bank_.set(nt::INMSGSRC.at(n), source.value());
    bank_.set(nt::MSGSTS.at(), status | full);
    interrupts_.update();
    return true;
}

void nt_function::message_finished(unsigned outbound, bool accepted) {
    // Outcomes come in the order of the messages: the first ones are of before the reset.
    const bool forgotten = messages_before_reset_ != 0;
    if (forgotten)
        --messages_before_reset_;
    if (!accepted && !forgotten) {
        const std::uint32_t lost = nt::MSGSTS_OUTMSGSTS0.mask << outbound;
        bank_.set(nt::MSGSTS.at(), bank_.get(nt::MSGSTS.at()) | lost);
        interrupts_.update();
    }
    if (messages_in_flight_ != 0 && --messages_in_flight_ == 0) {
        message_outcome_.notify();
        mirror_message_status();
    }
}

void nt_function::set_mirror(register_mirror* mirror) {
    mirror_ = mirror;
    bank_.set_mirror(mirror);
    mirror_message_status();
}

void nt_function::mirror_message_status() const {
    if (mirror_ != nullptr) // read_msgsts() only waits, and only while messages are under way
        mirror_->plain(nt::MSGSTS.at(), messages_in_flight_ == 0);
}

void nt_function::switch_event_arrived() {
    bank_.set_field(nt::NTINTSTS.at(), nt::NTINTSTS_SEVENT, 1);
    interrupts_.update();
}

void nt_function::temperature_alarm() {
    bank_.set_field(nt::NTINTSTS.at(), nt::NTINTSTS_TMPSENSOR, 1); // B12.5
    interrupts_.update();
}

void nt_function::error_logged(error_severity severity) {
    core_.port_error(port_, severity);
}

void nt_function::failover_change(bool complete) {
    bank_.set_field(nt::NTINTSTS.at(), complete ? nt::NTINTSTS_FMCC : nt::NTINTSTS_FMCI, 1);
    interrupts_.update();
}

void nt_function::reset_fundamental() {
    bank_.reset_fundamental();
    after_reset();
}

void nt_function::reset_hot() {
    bank_.reset_hot();
    after_reset();
}

void nt_function::reset_on_leaving_d3hot() {
    constexpr std::uint32_t of_link = nt::PCIELSTS_CLS.mask | nt::PCIELSTS_NLW.mask;
    const std::uint32_t link = bank_.get(nt::PCIELCTL.at()) & of_link;
    bank_.reset_hot();
    bank_.set(nt::PCIELCTL.at(), (bank_.get(nt::PCIELCTL.at()) & ~of_link) | link);
    after_reset();
}

void nt_function::after_reset() {
    core_.windows_change();
    luts_.clear();
    messages_before_reset_ = messages_in_flight_;
    punch_.forget();
    for (unsigned b = 0; b < bar_count; ++b)
        shape_bar(b);
    interrupts_.reset();
    core_.doorbell_status_changed();
}

void nt_function::set_negotiated_link(bool up) {
    bank_.set_field(nt::PCIELCTL.at(), nt::PCIELSTS_CLS, up ? config_.link_generation : 0U);
    bank_.set_field(nt::PCIELCTL.at(), nt::PCIELSTS_NLW, up ? config_.link_width : 0U);
}

void nt_function::trace(trace_sink& sink, std::string_view scope) {
    sink_ = &sink;
    const std::string s(scope);
    for_each_traced(regs::nt_map, [&](const traced_register& r) {
        bank_.trace(sink, s + r.name, r.offset & ~3U, (r.offset & 3U) * 8U,
                    r.mask << ((r.offset & 3U) * 8U), r.size * 8U);
    });
    doorbell_writes_.wire = sink.declare_bits(s + "outdbellset", 32, 0);
    doorbell_writes_.count_signal = sink.declare_bits(s + "outdbellset_count", 32, 0);
    for (unsigned n = 0; n < message_count; ++n) {
        const std::string name = s + "outmsg" + std::to_string(n) + "_write";
        message_writes_[n].wire = sink.declare_bits(name, 1, 0);
        message_writes_[n].count_signal = sink.declare_bits(name + "_count", 32, 0);
    }
    luts_.trace(sink, scope);
    interrupts_.trace(sink, scope);
    errors_.trace(sink, scope);
}

void nt_function::pulse(counted_wire& w, std::uint32_t value) {
    ++w.count;
    const std::uint64_t now = core_clock::now_ps();
    if (w.wire.traced())
        sink_->pulse(w.wire, now, now + clock_.period_ps(), value);
    if (w.count_signal.traced())
        sink_->set(w.count_signal, now, w.count);
}

} // namespace ntb
