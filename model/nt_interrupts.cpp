// SPDX-License-Identifier: Apache-2.0
#include "model/nt_interrupts.h"

#include <string>

#include "model/regs/nt_refs.h"

namespace ntb {

void nt_interrupts::update() {
    const std::uint32_t doorbells =
        bank_.get(nt::INDBELLSTS.at()) & ~bank_.get(nt::INDBELLMSK.at());
    const std::uint32_t messages = bank_.get(nt::MSGSTS.at()) & ~bank_.get(nt::MSGSTSMSK.at());
    std::uint32_t status = bank_.get(nt::NTINTSTS.at());
    status = nt::NTINTSTS_DBELL.put(status, doorbells != 0 ? 1 : 0);
    status = nt::NTINTSTS_MSG.put(status, messages != 0 ? 1 : 0);
    bank_.set(nt::NTINTSTS.at(), status);

    const std::uint32_t now_pending = status & ~bank_.get(nt::NTINTMSK.at());
    const bool rising = (now_pending & ~pending_) != 0;
    pending_ = now_pending;
    std::uint32_t command = bank_.get(nt::PCICMD.at());
    command = nt::PCISTS_INTS.put(command, now_pending != 0 ? 1 : 0);
    bank_.set(nt::PCICMD.at(), command);

    const bool msi = bank_.get_field(nt::MSICAP.at(), nt::MSICAP_EN) != 0;
    const bool wanted =
        now_pending != 0 && !msi && nt::PCICMD_INTXD.get(command) == 0 && may_interrupt();
    if (!rising && wanted == intx_wanted_)
        return;
    intx_wanted_ = wanted;
    if (delay_ == 0) {
        act(change{rising});
        return;
    }
    const std::uint64_t at = clock_.after(delay_);
    if (change* same_cycle = line_.youngest_due_at(at)) {
        same_cycle->rising = same_cycle->rising || rising;
        return;
    }
    const bool stored = line_.push(at, change{rising});
    sc_assert(stored); // one place per cycle: max_timing_cycles
    (void)stored;
}

bool nt_interrupts::may_interrupt() const {
    return bank_.get_field(nt::PMCSR.at(), nt::PMCSR_PSTATE) == 0;
}

void nt_interrupts::reset() {
    line_.clear();
    pending_ = 0;
    intx_wanted_ = false;
    update();
    act(change{});
}

void nt_interrupts::deliver() {
    change c{};
    while (line_.pop_due(c))
        act(c);
}

void nt_interrupts::act(const change& c) {
    if (intx_sent_ != intx_wanted_ && output_.send_intx(intx_wanted_)) {
        intx_sent_ = intx_wanted_;
        if (intx_.traced())
            sink_->set(intx_, core_clock::now_ps(), intx_sent_ ? 1 : 0);
    }
    if (!c.rising || bank_.get_field(nt::MSICAP.at(), nt::MSICAP_EN) == 0)
        return;
    const std::uint64_t address = (static_cast<std::uint64_t>(bank_.get(nt::MSIUADDR.at())) << 32) |
                                  bank_.get(nt::MSIADDR.at());
    const bool master = bank_.get_field(nt::PCICMD.at(), nt::PCICMD_BME) != 0 && may_interrupt();
    if (master && output_.send_msi(address, bank_.get(nt::MSIMDATA.at()) & 0xFFFFU))
        pulse(msi_wire_, msi_count_, sent_);
    else
        pulse(dropped_wire_, dropped_count_, dropped_);
}

void nt_interrupts::pulse(signal_id wire, signal_id counter, std::uint32_t& count) {
    ++count;
    const std::uint64_t now = core_clock::now_ps();
    if (wire.traced())
        sink_->pulse(wire, now, now + clock_.period_ps(), 1);
    if (counter.traced())
        sink_->set(counter, now, count);
}

void nt_interrupts::trace(trace_sink& sink, std::string_view scope) {
    sink_ = &sink;
    const std::string s(scope);
    msi_wire_ = sink.declare_bits(s + "msi", 1, 0);
    msi_count_ = sink.declare_bits(s + "msi_count", 32, 0);
    dropped_wire_ = sink.declare_bits(s + "msi_dropped", 1, 0);
    dropped_count_ = sink.declare_bits(s + "msi_dropped_count", 32, 0);
    intx_ = sink.declare_bits(s + "intx", 1, 0);
}

} // namespace ntb
