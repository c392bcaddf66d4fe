// SPDX-License-Identifier: Apache-2.0
#include "model/nt_errors.h"

#include <string>

#include "model/regs/nt_refs.h"

namespace ntb {

namespace {

std::uint32_t bit_of(uncorrectable_error what) {
    switch (what) {
    case uncorrectable_error::poisoned:
        return nt::AERUES_POISONED.mask;
    case uncorrectable_error::completion_timeout:
        return nt::AERUES_COMPTO.mask;
    case uncorrectable_error::unsupported_request:
        break;
    }
    return nt::AERUES_UR.mask;
}

std::uint32_t index_of(std::uint32_t bit) {
    std::uint32_t index = 0;
    while ((bit >> index & 1U) == 0)
        ++index;
    return index;
}

} // namespace

void nt_errors::uncorrectable(uncorrectable_error what, const tlp_header* tlp, bool advisory_case) {
    const std::uint32_t bit = bit_of(what);
    const bool fatal = (bank_.get(nt::AERUESV.at()) & bit) != 0;
    const bool advisory = advisory_case && !fatal;
    const bool refused = what == uncorrectable_error::unsupported_request;
    const std::uint32_t control = bank_.get(nt::PCIEDCTL.at());
    const bool reporting = !refused || nt::PCIEDCTL_URREN.get(control) != 0;
    if (refused)
        bank_.set_field(nt::PCIEDCTL.at(), nt::PCIEDSTS_URD, 1);
    if (advisory) {
        bank_.set_field(nt::PCIEDCTL.at(), nt::PCIEDSTS_CED, 1);
        bank_.set_field(nt::AERCES.at(), nt::AERCES_ADVISORYNF, 1);
        if (bank_.get_field(nt::AERCEM.at(), nt::AERCEM_ADVISORYNF) != 0)
            return;
        (void)record(bit, tlp); // the mask of AERUEM keeps the header only
        listener_.error_logged(error_severity::correctable);
        if (reporting && nt::PCIEDCTL_CEREN.get(control) != 0)
            send(error_severity::correctable, tlp != nullptr);
        return;
    }
    bank_.set_field(nt::PCIEDCTL.at(), fatal ? nt::PCIEDSTS_FED : nt::PCIEDSTS_NFED, 1);
    if (!record(bit, tlp))
        return;
    const error_severity severity = fatal ? error_severity::fatal : error_severity::nonfatal;
    listener_.error_logged(severity);
    const bool serr = bank_.get_field(nt::PCICMD.at(), nt::PCICMD_SERRE) != 0;
    const regs::field_ref enable = fatal ? nt::PCIEDCTL_FEREN : nt::PCIEDCTL_NFEREN;
    if (serr || (reporting && enable.get(control) != 0))
        send(severity, tlp != nullptr);
}

bool nt_errors::record(std::uint32_t bit, const tlp_header* tlp) {
    const std::uint32_t before = bank_.get(nt::AERUES.at());
    bank_.set(nt::AERUES.at(), before | bit);
    if ((bank_.get(nt::AERUEM.at()) & bit) != 0)
        return false;
    const std::uint32_t first = bank_.get_field(nt::AERCTL.at(), nt::AERCTL_FEPTR);
    if ((before >> first & 1U) != 0)
        return true; // occupied by an earlier error
    bank_.set_field(nt::AERCTL.at(), nt::AERCTL_FEPTR, index_of(bit));
    const tlp_header none{};
    const tlp_header& logged = tlp != nullptr ? *tlp : none;
    bank_.set(nt::AERHL1DW.at(), logged.dwords[0]);
    bank_.set(nt::AERHL2DW.at(), logged.dwords[1]);
    bank_.set(nt::AERHL3DW.at(), logged.dwords[2]);
    bank_.set(nt::AERHL4DW.at(), logged.dwords[3]);
    return true;
}

void nt_errors::send(error_severity severity, bool caused_by_tlp) {
    const bool in_d0 = bank_.get_field(nt::PMCSR.at(), nt::PMCSR_PSTATE) == 0;
    if (!in_d0 && !caused_by_tlp)
        return;
    if (severity != error_severity::correctable &&
        bank_.get_field(nt::PCICMD.at(), nt::PCICMD_SERRE) != 0)
        bank_.set_field(nt::PCICMD.at(), nt::PCISTS_SSE, 1);
    if (!output_.send_error(severity))
        return;
    sent_message& m = sent_[static_cast<std::size_t>(severity)];
    ++m.count;
    const std::uint64_t now = core_clock::now_ps();
    if (m.wire.traced())
        sink_->pulse(m.wire, now, now + clock_.period_ps(), 1);
    if (m.count_signal.traced())
        sink_->set(m.count_signal, now, m.count);
}

void nt_errors::saw_poison() {
    bank_.set_field(nt::PCICMD.at(), nt::PCISTS_DPE, 1);
}

void nt_errors::requester_saw_poison() {
    if (bank_.get_field(nt::PCICMD.at(), nt::PCICMD_PERRE) != 0)
        bank_.set_field(nt::PCICMD.at(), nt::PCISTS_MDPED, 1);
}

void nt_errors::received_unsupported_request() {
    bank_.set_field(nt::PCICMD.at(), nt::PCISTS_RMAS, 1);
}

void nt_errors::status_written() {
    const std::uint32_t first = bank_.get_field(nt::AERCTL.at(), nt::AERCTL_FEPTR);
    if ((bank_.get(nt::AERUES.at()) >> first & 1U) == 0)
        bank_.set_field(nt::AERCTL.at(), nt::AERCTL_FEPTR, 0);
}

void nt_errors::trace(trace_sink& sink, std::string_view scope) {
    sink_ = &sink;
    constexpr std::array<const char*, 3> names{"err_cor", "err_nonfatal", "err_fatal"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string name = std::string(scope) + names[i];
        sent_[i].wire = sink.declare_bits(name, 1, 0);
        sent_[i].count_signal = sink.declare_bits(name + "_count", 32, 0);
    }
}

} // namespace ntb
