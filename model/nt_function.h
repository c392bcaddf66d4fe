// SPDX-License-Identifier: Apache-2.0
// One NT function: its 4 KiB of registers with their behaviour, reached by configuration cycles,
// BAR0 and the global address space alike (B1.7, B1.12).
//
// Access contract (defined here, tested in testbench/tests/access_rules.cpp):
//   - any length and alignment inside the 4 KiB is served dword by dword in rising order, each
//     with the byte enables that fall into it;
//   - what crosses the end is an unsupported request as a whole: reads give all ones, writes do
//     nothing;
//   - the rules of register_bank.h hold for each dword;
//   - what the generic payload can say but PCIe cannot (streaming, no command, byte enables of
//     length 0) gets the TLM error that names it and does nothing.
//
// Units: bytes; core-clock cycles. Threading: the SystemC thread; access() may wait (global space,
// message outcome), so only from an SC_THREAD. Errors: TLM response; the port, which knows the
// whole TLP, logs it in errors() (B8.7).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <systemc>
#include <tlm>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/lookup_tables.h"
#include "model/memory_windows.h"
#include "model/nt_errors.h"
#include "model/nt_interrupts.h"
#include "model/punch_through.h"
#include "model/register_bank.h"
#include "model/regs/nt_refs.h"
#include "model/trace_sink.h"
#include "model/types.h"

namespace ntb {

class switch_core;

class nt_function : private error_listener {
public:
    static constexpr std::uint32_t space_size = 0x1000;

    nt_function(port_number port, const topology_config& topology, const timing_config& timing,
                const core_clock& clock, switch_core& core, interrupt_output& output,
                error_output& errors_to, punch_output& punch_to);

    [[nodiscard]] port_number port() const { return port_; }
    [[nodiscard]] partition_number partition() const { return partition_; }
    /// Whether another NT function has the same partition (topology "seed").
    [[nodiscard]] bool shares_partition() const { return sharing_; }
    void set_sharing(bool sharing) { sharing_ = sharing; }
    /// The port belongs to another partition from now on.
    void move_to(partition_number partition);
    [[nodiscard]] bool in_active_partition() const;

    // --- the doors -----------------------------------------------------------------------------
    /// A configuration or BAR0 transaction; sets the response of `p`.
    /// A refused one has TLM_ADDRESS_ERROR_RESPONSE.
    void access(tlm::tlm_generic_payload& p, requester_id who, bool debug);
    /// The short way of a read of one whole register that does nothing but return its value;
    /// false: take access(). Same result, several times as fast.
    [[nodiscard]] bool read_plain(tlm::tlm_generic_payload& p) const {
        const std::uint64_t address = p.get_address();
        std::uint32_t value = 0;
        if (p.get_command() != tlm::TLM_READ_COMMAND || p.get_data_length() != 4 ||
            (address & 3U) != 0 || address >= space_size || p.get_byte_enable_ptr() != nullptr ||
            p.get_streaming_width() < 4 ||
            !bank_.read_plain(static_cast<std::uint32_t>(address), value))
            return false;
        std::memcpy(p.get_data_ptr(), &value, 4);
        p.set_response_status(tlm::TLM_OK_RESPONSE);
        return true;
    }
    /// One dword by the global space.
    [[nodiscard]] std::uint32_t read_dword(const register_access& a);
    void write_dword(const register_access& a);

    /// Whether memory requests are answered: PCICMD.MAE in D0 (PCI PM 1.2 section 5.4.1).
    [[nodiscard]] bool memory_space_enabled() const {
        return (bank_.get(nt_pcicmd_) & nt_mae_) != 0 && in_d0();
    }
    [[nodiscard]] bool in_d0() const { return (bank_.get(nt_pmcsr_) & nt_pstate_) == 0; }
    /// Whether BAR0 is the configuration space window (BARSETUP0 EN and MODE).
    [[nodiscard]] bool bar0_is_config_space() const {
        return (bank_.get(nt_barsetup0_) & nt_bar0_config_) == nt_bar0_config_;
    }
    /// Aperture of a BAR in bytes; 0 = disabled, or the upper half of a 64-bit one.
    [[nodiscard]] std::uint64_t bar_size(unsigned bar) const;
    /// Where a request to a window BAR goes (memory_windows.h).
    [[nodiscard]] translated_piece translate(unsigned bar, std::uint64_t offset,
                                             std::uint32_t length) const {
        return windows_.translate(bar, bar_size(bar), offset, length);
    }
    /// The parts of a window BAR that one translation covers each, where there is one (`target` is
    /// left open: it is for the port to say who takes requests into `partition`).
    template <class Visit>
    void for_each_window(unsigned bar, Visit visit) const {
        windows_.for_each_range(bar, bar_size(bar), visit);
    }
    /// Whether a request of this requester may cross: NTCTL.IDPROTDIS, or a valid entry of the
    /// mapping table (B7.4), whose number is stored in `entry` (0 without protection).
    [[nodiscard]] bool requester_may_cross(requester_id who, unsigned& entry) const;
    [[nodiscard]] bool bus_master() const { return (bank_.get(nt_pcicmd_) & nt_bme_) != 0; }
    [[nodiscard]] bool completions_enabled() const; ///< NTCTL.CPEN (B8.2)
    /// Bytes of data in one TLP: PCIEDCTL.MPS.
    [[nodiscard]] std::uint32_t max_payload() const;
    /// Bus address of a BAR as software placed it.
    [[nodiscard]] std::uint64_t bar_address(unsigned bar) const {
        return windows_.bar_address(bar);
    }
    /// What errors of this function set and tell.
    [[nodiscard]] nt_errors& errors() { return errors_; }

    // --- what arrives from the switch ----------------------------------------------------------
    void doorbells_arrived(std::uint32_t bits);
    /// Returns false if inbound register `n` still holds an unread message (B6.2).
    [[nodiscard]] bool message_arrived(unsigned n, std::uint32_t data, partition_number source);
    void message_finished(unsigned outbound, bool accepted);
    void switch_event_arrived();
    void temperature_alarm();
    /// A failover's mode change of the port begins (FMCI), or is complete (FMCC).
    void failover_change(bool complete);

    // --- reset and link ------------------------------------------------------------------------
    void reset_fundamental();
    void reset_hot();
    /// The function itself has left D3hot: a hot reset of its registers, while the link stays up
    /// (PCI PM 1.2 section 5.4.1).
    void reset_on_leaving_d3hot();
    /// The registers are initialised (EEPROM): what a hot reset keeps, every reset gives back.
    void keep_initial_values() { bank_.keep_initial_values(); }
    /// Whether the map has a register in the dword at `offset`.
    [[nodiscard]] bool has_register(std::uint32_t offset) const {
        return bank_.has_register(offset);
    }
    void set_negotiated_link(bool up);

    [[nodiscard]] const nt_bank& bank() const { return bank_; }
    [[nodiscard]] std::uint32_t inbound_doorbells() const;
    [[nodiscard]] nt_interrupts& interrupts() { return interrupts_; }
    [[nodiscard]] punch_through& punch() { return punch_; }

    /// `mirror` (null = nobody) is told what the registers hold and which of them read plainly; not
    /// whether BAR0 answers, which the port knows.
    void set_mirror(register_mirror* mirror);
    /// `observer` (null = nobody) is told before registers change that windows depend on.
    void set_window_observer(window_observer* observer) { bank_.set_window_observer(observer); }
    /// Whether that dword is one of those that decide what BAR0 is.
    [[nodiscard]] static constexpr bool decides_bar0(std::uint32_t offset) {
        return offset == nt_pcicmd_ || offset == nt_pmcsr_ || offset == nt_barsetup0_;
    }

    /// Declares this function's signals below `scope` ("switch.port0.nt."). Elaboration only.
    void trace(trace_sink& sink, std::string_view scope);

private:
    using plan = bank_plan<nt_function, 1024>;
    static const plan& register_plan();

    void error_logged(error_severity severity) override;
    void load_reset_values(const topology_config& topology);
    void after_reset();

    // Register behaviour, by register name.
    std::uint32_t read_msgsts(const register_access& a);
    std::uint32_t read_reqidcap(const register_access& a);
    std::uint32_t read_ntmtbldata(const register_access& a);
    std::uint32_t read_lutldata(const register_access& a);
    std::uint32_t read_lutmdata(const register_access& a);
    std::uint32_t read_lutudata(const register_access& a);
    std::uint32_t read_gasadata(const register_access& a);
    void wrote_pmcsr(const register_access& a, std::uint32_t before);
    void wrote_aerues(const register_access& a, std::uint32_t before);
    void wrote_interrupt_input(const register_access& a, std::uint32_t before);
    void wrote_pcicmd(const register_access& a, std::uint32_t before);
    void wrote_bar(const register_access& a, std::uint32_t before);
    void wrote_barsetup(const register_access& a, std::uint32_t before);
    void wrote_barlimit(const register_access& a, std::uint32_t before);
    void wrote_ntgsignal(const register_access& a, std::uint32_t before);
    void wrote_outdbellset(const register_access& a, std::uint32_t before);
    void wrote_indbellsts(const register_access& a, std::uint32_t before);
    void wrote_outmsg(const register_access& a, std::uint32_t before);
    void wrote_ptcdata(const register_access& a, std::uint32_t before);
    void wrote_ntmtbldata(const register_access& a, std::uint32_t before);
    void wrote_lutldata(const register_access& a, std::uint32_t before);
    void wrote_lutmdata(const register_access& a, std::uint32_t before);
    void wrote_lutudata(const register_access& a, std::uint32_t before);
    void wrote_gasadata(const register_access& a, std::uint32_t before);

    void mirror_message_status() const;
    void shape_bar(unsigned bar);
    void shape_limit(unsigned bar);
    [[nodiscard]] bool is_upper_half(unsigned bar) const; ///< of an enabled 64-bit BAR
    [[nodiscard]] lookup_tables::entry* selected_lut_entry();
    void lut_entry_changed() const;

    port_number port_;
    partition_number partition_;
    bool sharing_ = false;
    const port_config config_;
    const timing_config& timing_;
    const core_clock& clock_;
    switch_core& core_;
    nt_bank bank_;
    nt_interrupts interrupts_;
    nt_errors errors_;
    punch_through punch_;
    lookup_tables luts_;
    memory_windows windows_;
    std::uint32_t messages_in_flight_ = 0;
    std::uint32_t messages_before_reset_ = 0; ///< of those, sent before the last reset
    register_mirror* mirror_ = nullptr;
    sc_core::sc_event message_outcome_;

    // Asked at every memory request: offsets and masks from the map, inline.
    static constexpr std::uint32_t nt_pcicmd_ = nt::PCICMD.at();
    static constexpr std::uint32_t nt_mae_ = nt::PCICMD_MAE.mask;
    static constexpr std::uint32_t nt_bme_ = nt::PCICMD_BME.mask;
    static constexpr std::uint32_t nt_pmcsr_ = nt::PMCSR.at();
    static constexpr std::uint32_t nt_pstate_ = nt::PMCSR_PSTATE.mask;
    static constexpr std::uint32_t nt_barsetup0_ = nt::BARSETUP.at(0);
    static constexpr std::uint32_t nt_bar0_config_ = nt::BARSETUP_EN.mask | nt::BARSETUP_MODE.mask;

    trace_sink* sink_ = nullptr;
    struct counted_wire {
        signal_id wire{};
        signal_id count_signal{};
        std::uint32_t count = 0;
    };
    counted_wire doorbell_writes_;
    std::array<counted_wire, message_count> message_writes_;
    void pulse(counted_wire& w, std::uint32_t value);
};

} // namespace ntb
