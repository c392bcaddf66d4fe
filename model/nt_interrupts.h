// SPDX-License-Identifier: Apache-2.0
// Interrupt logic of an NT function: NTINTSTS and NTINTMSK in, MSI or INTx out. All derived state
// goes through update(), and nobody else drives the interrupt.
//
// The rules (B5.8, B6.5, B11.4, B12.1 to B12.4):
//   1. NTINTSTS bits are set regardless of NTINTMSK.
//   2. MSG and DBELL follow MSGSTS and INDBELLSTS with their masks; the other bits are latched.
//   3. Each 0 to 1 change of a bit of (NTINTSTS & ~NTINTMSK) sends one MSI; bits that rise in the
//      same cycle share it (not confirmed).
//   4. An MSI needs MSICAP.EN and PCICMD.BME when it is sent; without BME it is lost (counted).
//   5. Without MSICAP.EN the level of (NTINTSTS & ~NTINTMSK) drives INTx, unless PCICMD.INTXD.
//   6. Outside D0 a function requests nothing (PCI PM 1.2 section 5.4.1): an MSI is lost as without
//      BME, INTx is taken back.
//
// Units: core-clock cycles. Threading: the SystemC thread.
#pragma once

#include <cstdint>

#include "model/core_clock.h"
#include "model/delay_line.h"
#include "model/register_bank.h"
#include "model/trace_sink.h"

namespace ntb {

class nt_function;
using nt_bank = register_bank<nt_function, 1024>;

/// Where interrupts leave the function: the port's link.
class interrupt_output {
public:
    interrupt_output() = default;
    interrupt_output(const interrupt_output&) = delete;
    interrupt_output& operator=(const interrupt_output&) = delete;
    virtual ~interrupt_output() = default;
    /// An MSI write goes upstream. Returns false if it is lost (no room, link down).
    virtual bool send_msi(std::uint64_t address, std::uint32_t data) = 0;
    /// Assert_INTA / Deassert_INTA goes upstream. Returns false as send_msi().
    virtual bool send_intx(bool asserted) = 0;
};

class nt_interrupts {
public:
    nt_interrupts(nt_bank& bank, interrupt_output& output, const core_clock& clock,
                  std::uint32_t delay_cycles)
        : bank_(bank), output_(output), clock_(clock), delay_(delay_cycles) {}

    /// Something that the interrupt depends on has changed.
    void update();
    /// Forgets interrupts on their way; INTx is taken back. After the registers were reset.
    void reset();

    /// The link is up again: a level that could not be told while it was down is told now.
    void link_came_up() { act(change{}); }

    [[nodiscard]] sc_core::sc_event& due() { return line_.event(); }
    void deliver();

    /// Declares msi, msi_dropped and intx below `scope` ("switch.port0.nt.").
    void trace(trace_sink& sink, std::string_view scope);

private:
    struct change {
        bool rising = false; ///< else only the INTx level is to be looked at
    };

    [[nodiscard]] bool may_interrupt() const; ///< rule 6
    void act(const change& c);
    void pulse(signal_id wire, signal_id counter, std::uint32_t& count);

    nt_bank& bank_;
    interrupt_output& output_;
    const core_clock& clock_;
    std::uint32_t delay_;
    std::uint32_t pending_ = 0;    ///< NTINTSTS & ~NTINTMSK at the last update
    bool intx_wanted_ = false;     ///< level that rule 5 asks for
    bool intx_sent_ = false;       ///< level that the host was told
    delay_line<change, 256> line_; ///< one place per cycle of the longest delay

    trace_sink* sink_ = nullptr;
    signal_id msi_wire_{}, msi_count_{}, dropped_wire_{}, dropped_count_{}, intx_{};
    std::uint32_t sent_ = 0;
    std::uint32_t dropped_ = 0;
};

} // namespace ntb
