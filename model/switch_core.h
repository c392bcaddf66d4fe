// SPDX-License-Identifier: Apache-2.0
// What the ports share: switch-global registers, partitions, routing of doorbells and messages,
// switch events, the mapping table, the temperature sensor, the bridge functions' registers, and
// the decode of the 18-bit global address space (B1.7). Ports that the device does not have, and
// whatever lies between the functions and the switch's registers, read 0 and ignore writes.
//
// The switch may be built in two parts (other_part.h): what is not executed here is then sent
// there, and what comes from there arrives in switch_crossings.cpp.
//
// Units: bytes; core-clock cycles. Threading: the SystemC thread; global accesses and
// send_message() may wait, so only from an SC_THREAD (unless the access is a debug one).
#pragma once

#include <array>
#include <memory>
#include <systemc>

#include "model/bridge_function.h"
#include "model/change_delays.h"
#include "model/config.h"
#include "model/core_clock.h"
#include "model/doorbell_router.h"
#include "model/eeprom_interface.h"
#include "model/failover.h"
#include "model/function_directory.h"
#include "model/mapping_table.h"
#include "model/message_router.h"
#include "model/nt_errors.h"
#include "model/other_part.h"
#include "model/partitions.h"
#include "model/port_modes.h"
#include "model/register_bank.h"
#include "model/register_layout.h"
#include "model/regs/port_refs.h"
#include "model/serial_eeprom.h"
#include "model/switch_events.h"
#include "model/temperature_sensor.h"
#include "model/window_ranges.h"

namespace ntb {

class nt_function;

class switch_core : public sc_core::sc_module {
public:
    static constexpr std::uint32_t registers_base = 0x3E000; ///< of the switch registers (B1.7)
    static constexpr std::size_t register_dwords = global_state::register_dwords;
    /// Port p: bridge function at p * stride, NT function this much above.
    static constexpr std::uint32_t function_stride = p2p::bridge_base.stride;
    static constexpr std::uint32_t nt_function_offset =
        p2p::nt_base.offset - p2p::bridge_base.offset;
    using bank_type = register_bank<switch_core, register_dwords>;

    /// `other` is the other part of the switch, or null: all of it is here.
    switch_core(const sc_core::sc_module_name& name, const topology_config& topology,
                const timing_config& timing, other_part* other = nullptr);

    /// Elaboration only.
    void add(port_number port, nt_function& function, forwarding_target& target,
             configurable_port& owner) {
        functions_.add(port, function, target, owner);
    }
    /// Elaboration only, after the last add(): ports take the modes of the topology.
    void begin();
    void trace(trace_sink& sink);

    [[nodiscard]] const core_clock& clock() const { return clock_; }
    [[nodiscard]] const function_directory& functions() const { return functions_; }
    [[nodiscard]] bank_type& bank() { return bank_; }
    /// What the topology gives a place (none by default).
    [[nodiscard]] const register_layout& layout() const { return layout_; }
    /// The bridge function of a port; null if the device has no such port.
    [[nodiscard]] bridge_function* bridge(port_number port) const {
        return port.value() < max_ports ? bridges_[port.value()].get() : nullptr;
    }
    [[nodiscard]] const bank_type& bank() const { return bank_; }
    [[nodiscard]] port_modes& modes() { return modes_; }
    [[nodiscard]] partitions& partition_states() { return partitions_; }
    [[nodiscard]] failover& failovers() { return failover_; }
    [[nodiscard]] mapping_table& mapping() { return mapping_; }
    [[nodiscard]] doorbell_router& doorbells() { return doorbells_; }
    [[nodiscard]] switch_events& events() { return events_; }
    [[nodiscard]] temperature_sensor& temperature() { return temperature_; }
    [[nodiscard]] serial_eeprom& eeprom() { return eeprom_; }

    /// Something that windows depend on is about to change (window_ranges.h).
    void windows_change() {
        if (window_observer_ != nullptr)
            window_observer_->windows_change();
    }
    void set_window_observer(window_observer* observer);

    /// Whether the NT function of a switch in two parts does not show yet what SWPORTxSTS says: the
    /// registers are one memory, what follows from them comes behind everything sent before it.
    [[nodiscard]] bool mode_under_way(port_number port) const;
    [[nodiscard]] bool partition_active(partition_number partition) const;
    /// The port that requests into `partition` leave by; null if there is none but `from` itself.
    [[nodiscard]] forwarding_target* target_in(partition_number partition,
                                               const nt_function& from) const;
    void send_message(nt_function& from, unsigned n, std::uint32_t data);
    /// INDBELLSTS of some function changed: GDBELLSTS follows.
    void doorbell_status_changed();

    // --- in two parts -----------------------------------------------------------------------
    [[nodiscard]] other_part* other() const { return other_; }
    /// Whether the switch-global registers are executed here.
    [[nodiscard]] bool executes_core() const { return other_ == nullptr || !other_->has_core(); }
    /// Whether the port is executed here.
    [[nodiscard]] bool executes(port_number port) const {
        return other_ == nullptr || !other_->has(port);
    }
    /// Sends `c` to the other part if there is one.
    void tell(const crossing& c) const {
        if (other_ != nullptr)
            other_->send(c);
    }
    /// State of a port of this part that the other one looks at has changed.
    void publish(port_number port) const;
    /// Something comes from the other part.
    void arrive(const crossing& c);
    /// An access that the other part sends here: executed here, whosever it is by now.
    [[nodiscard]] std::uint32_t read_here(std::uint32_t address, const register_access& a);
    void write_here(std::uint32_t address, const register_access& a);
    /// The other part has left: its ports' links are down, and they are as after a reset. Where it
    /// executed the switch-global registers, this part does from now on.
    void other_left(std::uint32_t ports, bool had_core);

    /// An access of the global space; takes timing_config::gasa cycles unless it is a debug one.
    /// Unmapped addresses read 0 and ignore writes.
    [[nodiscard]] std::uint32_t global_read(std::uint32_t address, const register_access& a);
    void global_write(std::uint32_t address, const register_access& a);
    /// Whether a register of the map is in the dword at that address.
    [[nodiscard]] bool is_register(std::uint32_t address) const;

    /// The registers are initialised (EEPROM): what a hot reset keeps, every reset gives back.
    void keep_initial_values();

    /// Held in reset as a whole (while an EEPROM is loaded, or after its load failed): no link
    /// comes up.
    void hold_in_reset(bool held) { held_in_reset_ = held; }
    [[nodiscard]] bool held_in_reset() const { return held_in_reset_; }
    /// Software cleared SWCTL.RSTHALT; only where the topology's layout gives it a position.
    [[nodiscard]] const sc_core::sc_event& reset_halt_cleared() const {
        return reset_halt_cleared_;
    }

    /// SWPORTxSTS shows another mode or partition: the port and the status registers follow.
    void mode_took_effect(port_number port, bool reset);
    /// The function of a port logged an error that is not masked: the switch event "port AER error"
    /// (B11.1).
    void port_error(port_number port, error_severity severity);

    /// A mode change of that port that a failover started begins, or is complete: its function is
    /// told (FMCI, FMCC), and it is an event (B3.11, B11.1).
    void failover_change(port_number port, bool complete);
    /// Everything as after power-on; links train anew.
    void reset_fundamental();
    /// The data link of a port went up or down: status and event.
    void link_changed(port_number port, bool up);
    /// An alarm of the temperature sensor reaches every function.
    void temperature_alarm();
    /// The masks of the doorbells are those of the registers.
    void load_doorbell_masks();
    /// Fundamental reset of the bridge functions of a partition's ports.
    void reset_bridges(partition_number partition);
    /// The bridge of a port raises the global signal of its partition (B11.8).
    void bridge_signals(port_number port);
    /// A switch event for these partitions, one bit each, shows in their upstream bridges (B11.2).
    void event_reaches_bridges(unsigned partitions);

private:
    using plan = bank_plan<switch_core, register_dwords>;
    static const plan& register_plan();

    void load_reset_values(const topology_config& topology);
    /// Calls `with_nt` or `with_bridge` with the function at a global address, if there is one;
    /// `a` then has the offset in it.
    template <class WithNt, class WithBridge>
    void decode(std::uint32_t address, register_access& a, WithNt&& with_nt,
                WithBridge&& with_bridge) const;
    void take_global_access_time(const register_access& a) const;
    [[nodiscard]] bool executes(std::uint32_t address, bool is_read) const;
    void follow_mode(port_number port, bool reset);
    void show_link_status(port_number port, bool up);
    void tell_function_of_failover(port_number port, bool complete);
    void reset_parts();
    std::uint32_t read_gdbellsts(const register_access& a);

    void wrote_swctl(const register_access& a, std::uint32_t before);
    void wrote_swpartctl(const register_access& a, std::uint32_t before);
    void wrote_swportctl(const register_access& a, std::uint32_t before);
    void wrote_event_register(const register_access& a, std::uint32_t before);
    void wrote_godbellmsk(const register_access& a, std::uint32_t before);
    void wrote_gidbellmsk(const register_access& a, std::uint32_t before);
    void wrote_temperature_control(const register_access& a, std::uint32_t before);
    std::uint32_t read_tmpalarm(const register_access& a);
    void wrote_tmpalarm(const register_access& a, std::uint32_t before);
    void wrote_eepromintf(const register_access& a, std::uint32_t before);

    const timing_config timing_;
    other_part* const other_;
    const bool seed_; ///< functions may share a partition
    core_clock clock_;
    function_directory functions_;
    register_layout layout_;
    bank_type bank_;
    std::array<std::unique_ptr<bridge_function>, max_ports> bridges_;
    mapping_table mapping_;
    doorbell_router doorbells_;
    message_router messages_;
    switch_events events_;
    temperature_sensor temperature_;
    serial_eeprom eeprom_;
    eeprom_interface eeprom_interface_;
    change_delays delays_;
    port_modes modes_;
    partitions partitions_;
    window_observer* window_observer_ = nullptr;
    bool held_in_reset_ = false;
    sc_core::sc_event reset_halt_cleared_;
    failover failover_;
};

} // namespace ntb
