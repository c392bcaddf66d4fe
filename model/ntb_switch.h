// SPDX-License-Identifier: Apache-2.0
// The switch: composes the NT functions, their links and the switch core. This header is all that
// the layers above see of the model's structure.
//
// Units: simulated time; temperature in half degrees Celsius. Threading: the SystemC thread;
// b_transport from SC_THREADs only (it waits). Errors: TLM response status (GENERIC_ERROR for a
// completion time-out, ADDRESS_ERROR for an unsupported request, OK otherwise), logged in AER.
#pragma once

#include <array>
#include <memory>
#include <systemc>
#include <tlm>

#include "model/config.h"
#include "model/eeprom_status.h"
#include "model/fault_injector.h"
#include "model/nt_port_sockets.h"
#include "model/other_part.h"
#include "model/punch_through.h"
#include "model/register_mirror.h"
#include "model/switch_events.h"
#include "model/trace_sink.h"
#include "model/types.h"
#include "model/window_ranges.h"

namespace ntb {

class eeprom_loader;
class nt_port;
class smbus_slave;
class switch_core;

class ntb_switch : public sc_core::sc_module {
public:
    /// Builds the switch of `topology`; `trace` may be null (nothing is traced) and must outlive
    /// the simulation.
    /// `other` is the other part of a switch that is built in two (other_part.h), null: all of it
    /// is here. It must outlive the simulation, and takes no EEPROM.
    ntb_switch(const sc_core::sc_module_name& name, const topology_config& topology,
               const timing_config& timing, trace_sink* trace = nullptr,
               other_part* other = nullptr);
    ~ntb_switch() override;

    /// Whether this port can have an NT function, and so has sockets; they may stay unbound.
    [[nodiscard]] bool has_sockets(port_number port) const;
    /// Whether its mode gives it an NT function now (the topology's to begin with).
    [[nodiscard]] bool has_nt(port_number port) const;
    /// The partition it belongs to now.
    [[nodiscard]] partition_number partition_of(port_number port) const;

    /// Target sockets of a port with sockets (address = offset in the space).
    nt_target_socket& config_socket(port_number port);
    /// Of its DMA function, which exists while the port's mode has one (B3.1).
    nt_target_socket& dma_config_socket(port_number port);
    [[nodiscard]] bool has_dma(port_number port) const;
    nt_target_socket& bar_socket(port_number port, bar_number bar);
    /// Memory writes and reads into that port's host, MSI and INTx included.
    nt_initiator_socket& upstream_socket(port_number port);

    /// Aperture in bytes of a BAR as BARSETUP has it now; 0 = disabled or upper half.
    [[nodiscard]] std::uint64_t bar_size(port_number port, bar_number bar) const;

    /// Tells `mirror` what that port's NT function holds, until it is given another one or null
    /// (register_mirror.h).
    void set_mirror(port_number port, register_mirror* mirror);

    /// Where requests of that port's host to its window BARs would go now.
    void list_windows(port_number port, window_list& out) const;
    /// Whether requests of other hosts may be emitted at that port now (forwarding.h).
    [[nodiscard]] bool accepts_requests(port_number port) const;
    /// Whether memory writes of other hosts are under way to that port's host, or a fault keeps one
    /// of this host back.
    [[nodiscard]] bool writes_under_way(port_number port) const;
    /// Waits, at most that long, until those that are under way now have arrived. False: not all
    /// have. Only from an SC_THREAD.
    [[nodiscard]] bool await_writes(port_number port, std::uint64_t limit_ps);
    /// `observer` (null = nobody) is told when what any port's list says changes.
    void set_window_observer(window_observer* observer);

    /// A host is at that port's link, or leaves it (surprise down). The data link is up while
    /// there is one, the port's mode has an NT function and its partition is not held in reset.
    void set_link(port_number port, bool up);
    [[nodiscard]] bool link_up(port_number port) const;
    /// Hot reset arriving on that port's link: link down and up, then as behaviour.md section 4.
    /// Waits until the link is up again, so only from an SC_THREAD.
    void hot_reset(port_number port);
    /// Reset of that port's DMA function alone, as a hot reset.
    void reset_dma(port_number port);
    /// Times that software accessed what is not modelled of it (dma_function.h).
    [[nodiscard]] std::uint64_t dma_touches(port_number port) const;
    /// Fundamental reset of one partition.
    void fundamental_reset(partition_number partition);
    /// Fundamental reset of the whole switch: everything as after power-on, links train anew. A
    /// configuration EEPROM is not loaded again.
    void fundamental_reset();

    /// That failover capability triggers, by whatever means (failover.h).
    void fail_over(unsigned capability, failover_kind kind);
    /// PFAILOVER or SFAILOVER of a port or partition.
    [[nodiscard]] bool failed_over(port_number port, failover_kind kind) const;
    [[nodiscard]] bool failed_over(partition_number partition, failover_kind kind) const;
    /// Clears both flags of all where they have no place.
    void clear_failover_flags();

    /// PME_Turn_Off arrives on that port's link: answered by PME_TO_Ack, then the link is in L2/L3
    /// Ready, which counts as down, until the host is connected anew (B13.2). Waits, so only from
    /// an SC_THREAD.
    void pme_turn_off(port_number port);

    /// A configuration request by that port's punch-through (punch_through.h); what was read goes
    /// into `data`. Waits.
    [[nodiscard]] punch_result punch(port_number port, const punch_request& request,
                                     std::uint32_t& data);

    /// A transaction on the slave SMBus in which the master writes `n` bytes after the slave's
    /// address. Returns how many are acknowledged (smbus_slave.h).
    [[nodiscard]] std::size_t smbus_write(const std::uint8_t* bytes, std::size_t n);
    /// One in which it writes a command code and reads `n` bytes into `out`; false if the code is
    /// not acknowledged.
    [[nodiscard]] bool smbus_read(std::uint8_t code, std::uint8_t* out, std::size_t n);

    /// The part of a switch event's registers that has no known place (switch_events.h).
    void clear_event(switch_event type);
    void open_event(switch_event type, bool opened);

    /// Something goes wrong at a port with sockets, now or next (fault_injector.h).
    void inject(port_number port, const fault& f);

    /// Ambient input of the temperature sensor.
    void set_temperature(unsigned half_degrees);

    /// Accesses the 18-bit global address space without timing and side effects on time (SMBus,
    /// tests). Returns 0 / does nothing where nothing is mapped.
    [[nodiscard]] std::uint32_t global_read(std::uint32_t address);
    void global_write(std::uint32_t address, std::uint32_t value);

    // --- what comes from the other part (other_part.h) ----------------------------------------
    void arrive(const crossing& c);
    /// A read and a write of the global space; from an SC_THREAD, as they may wait.
    [[nodiscard]] std::uint32_t read_here(std::uint32_t address, const register_access& a);
    void write_here(std::uint32_t address, const register_access& a);
    /// A translated request into the host of a port; from an SC_THREAD.
    [[nodiscard]] forward_result forward_here(port_number port, tlm::tlm_generic_payload& request);
    /// It has left: `ports` (bit p = port p) were its own, `had_core`: so were the switch-global
    /// registers. other_part::has() and has_core() say no already.
    void other_left(std::uint32_t ports, bool had_core);

    /// How the start from an EEPROM stands, if the topology has one: the load begins at time 0, and
    /// until it is done, or after it has failed, no link comes up (eeprom_loader.h).
    [[nodiscard]] const eeprom_status& eeprom() const;
    /// Returns at once, or when the load has ended; so only from an SC_THREAD.
    void await_start();
    /// Ends the halt after a failed load, as clearing SWCTL.RSTHALT by the slave SMBus does
    /// (B15.5).
    void release_reset_halt();

    [[nodiscard]] const topology_config& topology() const { return topology_; }
    [[nodiscard]] const timing_config& timing() const { return timing_; }

private:
    void declare_signals(trace_sink& trace, const other_part* other);
    void load_eeprom();
    void leave_reset();

    topology_config topology_;
    timing_config timing_;
    std::unique_ptr<switch_core> core_;
    std::unique_ptr<eeprom_loader> loader_;
    std::unique_ptr<smbus_slave> smbus_;
    sc_core::sc_event load_ended_;
    std::array<std::unique_ptr<nt_port>, max_ports> ports_;
};

} // namespace ntb
