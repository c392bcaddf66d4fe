// SPDX-License-Identifier: Apache-2.0
// What the ports share: switch-global registers, partitions, routing of doorbells and messages,
// switch events, the mapping table, the temperature sensor, and the decode of the 18-bit global
// address space (B1.7).
//
// Units: bytes; core-clock cycles. Threading: the SystemC thread; global accesses and
// send_message() may wait, so only from an SC_THREAD (unless the access is a debug one).
#pragma once

#include <systemc>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/doorbell_router.h"
#include "model/function_directory.h"
#include "model/mapping_table.h"
#include "model/message_router.h"
#include "model/register_bank.h"
#include "model/switch_events.h"
#include "model/temperature_sensor.h"

namespace ntb {

class nt_function;

class switch_core : public sc_core::sc_module {
public:
    static constexpr std::uint32_t registers_base = 0x3E000; ///< of the switch registers (B1.7)
    static constexpr std::size_t register_dwords = 0x480;
    static constexpr std::uint32_t function_stride = 0x2000;    ///< port p: bridge at p * stride,
    static constexpr std::uint32_t nt_function_offset = 0x1000; ///< NT function this much above
    using bank_type = register_bank<switch_core, register_dwords>;

    switch_core(const sc_core::sc_module_name& name, const topology_config& topology,
                const timing_config& timing);

    /// Elaboration only.
    void add(port_number port, nt_function& function, forwarding_target& target) {
        functions_.add(port, function, target);
    }
    void trace(trace_sink& sink);

    [[nodiscard]] const core_clock& clock() const { return clock_; }
    [[nodiscard]] const function_directory& functions() const { return functions_; }
    [[nodiscard]] bank_type& bank() { return bank_; }
    [[nodiscard]] mapping_table& mapping() { return mapping_; }
    [[nodiscard]] doorbell_router& doorbells() { return doorbells_; }
    [[nodiscard]] switch_events& events() { return events_; }
    [[nodiscard]] temperature_sensor& temperature() { return temperature_; }

    [[nodiscard]] bool partition_active(partition_number partition) const;
    /// The port that requests into `partition` leave by; null if there is none but `from` itself.
    [[nodiscard]] forwarding_target* target_in(partition_number partition,
                                               const nt_function& from) const;
    void send_message(nt_function& from, unsigned n, std::uint32_t data);
    /// INDBELLSTS of some function changed: GDBELLSTS follows.
    void doorbell_status_changed();

    /// An access of the global space; takes timing_config::gasa cycles unless it is a debug one.
    /// Unmapped addresses read 0 and ignore writes.
    [[nodiscard]] std::uint32_t global_read(std::uint32_t address, const register_access& a);
    void global_write(std::uint32_t address, const register_access& a);

    /// The data link of a port went up or down: status and event.
    void link_changed(port_number port, bool up);

private:
    using plan = bank_plan<switch_core, register_dwords>;
    static const plan& register_plan();

    void load_reset_values(const topology_config& topology);
    [[nodiscard]] nt_function* function_of(std::uint32_t address) const;
    void take_global_access_time(const register_access& a) const;

    void wrote_event_register(const register_access& a, std::uint32_t before);
    void wrote_godbellmsk(const register_access& a, std::uint32_t before);
    void wrote_gidbellmsk(const register_access& a, std::uint32_t before);
    void wrote_temperature_control(const register_access& a, std::uint32_t before);
    void wrote_tmpalarm(const register_access& a, std::uint32_t before);

    const timing_config timing_;
    core_clock clock_;
    function_directory functions_;
    bank_type bank_;
    mapping_table mapping_;
    doorbell_router doorbells_;
    message_router messages_;
    switch_events events_;
    temperature_sensor temperature_;
};

} // namespace ntb
