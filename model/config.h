// SPDX-License-Identifier: Apache-2.0
// What a switch is built from: its topology and its timing. Plain values, filled by the topology
// and timing files (testbench/config/) or by a test; the model reads them at elaboration only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/family.h"
#include "model/regs/declared.h"
#include "model/types.h"

namespace ntb {

/// SWPORTxCTL/STS.MODE encodings (B3.1).
enum class port_mode : std::uint8_t {
    disabled = 0,
    downstream = 1,
    upstream = 2,
    nt = 3,
    upstream_nt = 4,
    unattached = 5,
    upstream_dma = 6,
    upstream_nt_dma = 7,
    nt_dma = 8,
};
[[nodiscard]] constexpr bool has_nt_function(port_mode m) {
    return m == port_mode::nt || m == port_mode::upstream_nt || m == port_mode::upstream_nt_dma ||
           m == port_mode::nt_dma;
}

/// Whether a port of this mode leads to its partition's host. That an NT-only port counts as the
/// partition's upstream port (SWPARTxSTS.US) is not confirmed.
[[nodiscard]] constexpr bool leads_to_host(port_mode m) {
    return m != port_mode::disabled && m != port_mode::downstream && m != port_mode::unattached;
}
[[nodiscard]] constexpr bool has_dma_function(port_mode m) {
    return m == port_mode::upstream_dma || m == port_mode::upstream_nt_dma ||
           m == port_mode::nt_dma;
}
/// Whether the mode has an upstream bridge, and so a secondary bus to reset.
[[nodiscard]] constexpr bool has_upstream_bridge(port_mode m) {
    return leads_to_host(m) && m != port_mode::nt && m != port_mode::nt_dma;
}

/// SWPARTxSTS.STATE encodings (B3.6); 2 is unknown.
enum class partition_state : std::uint8_t { disabled = 0, active = 1, reset = 3 };

/// BARSETUP.ATRAN: how a window BAR translates (B9.1).
enum class bar_translation : std::uint8_t { direct = 0, lut12 = 1, lut24 = 2 };

/// One BAR as BARSETUPn describes it.
struct bar_config {
    bool enabled = false;
    bool is_64bit = false;
    bool prefetchable = false;
    bool config_space = false;  ///< MODE=1: the NT configuration space (BAR0 only)
    std::uint8_t size_log2 = 0; ///< aperture is 2^size_log2 bytes
    bar_translation translation = bar_translation::direct;
    partition_number target_partition{};
};

enum class failover_kind : std::uint8_t { primary = 0, secondary = 1 };

/// What a failover makes of a port: PFMODE, PFSWPART, PFDEVNUM, or SF... (B3.9).
struct failover_mode {
    port_mode mode = port_mode::disabled;
    partition_number partition{};
    std::uint8_t device_number = 0;
};
/// FEN, FCAPSEL and the targets of a port or a partition, as an EEPROM would set them (model/
/// failover.h); targets by failover_kind.
struct port_failover {
    bool enabled = false;
    std::uint8_t capability = 0;
    std::array<failover_mode, 2> to{};
};
struct partition_failover {
    bool enabled = false;
    std::uint8_t capability = 0;
    std::array<partition_state, 2> to{};
};

struct port_config {
    port_mode mode = port_mode::disabled;
    partition_number partition{};
    /// A host is connected even where the mode has no NT function, as one may appear by a change of
    /// the mode. Where the mode has one there is a host anyway.
    bool host = false;
    /// Requester ID of the host behind this port, for doors that carry none (vfio-user).
    requester_id host_requester{};
    std::uint8_t device_number = 0;
    std::uint8_t link_width = 4;      ///< lanes
    std::uint8_t link_generation = 2; ///< 1 = 2.5 GT/s, 2 = 5 GT/s
    std::array<bar_config, bar_count> bars{};
    port_failover failover{};
};

/// A start from a configuration EEPROM (B15.1): the registers of partitions, ports and BARs are
/// what the image makes them.
struct eeprom_config {
    bool present = false;
    bool ignore_checksum = false;      ///< as SMBUSCTL.ICHECKSUM, whose position is unknown
    std::vector<std::uint8_t> image{}; ///< at most 64 KiB are read; empty = none answers
};

/// What a topology asks of the model that no silicon is claimed to do.
enum class compatibility : std::uint8_t {
    none,
    /// Two NT ports in one partition (docs/topologies.md, "seed").
    seed,
};

/// Places that the topology's [layout] section gives to what the register map only declares
/// (model/regs/declared.h). None by default. The indices are those of model/regs/declared_ids.h.
struct layout_config {
    static constexpr std::size_t max_registers = 16;
    static constexpr std::size_t max_fields = 64;
    /// A declared register: its byte offset in its space.
    struct place {
        std::uint32_t offset = regs::unknown_offset;
    };
    /// A declared field: its bits in its register.
    struct bits {
        bool placed = false;
        std::uint8_t msb = 0;
        std::uint8_t lsb = 0;
    };
    std::array<place, max_registers> registers{};
    std::array<bits, max_fields> fields{};
};

/// A reset value that the topology's [reset] section gives to fields whose own no source confirms.
struct reset_value {
    regs::space_id space{};
    std::uint32_t offset = 0; ///< of the dword, bytes in its space
    std::uint32_t mask = 0;   ///< the bits given
    std::uint32_t bits = 0;   ///< their values
};

struct topology_config {
    device_id device = default_device;
    compatibility compat = compatibility::none;
    std::array<partition_state, max_partitions> partitions{};
    std::array<partition_failover, max_partitions> partition_failovers{};
    std::array<port_config, max_ports> ports{};
    std::uint8_t boot_mode = 0; ///< BCVSTS.SWMODE, a strap (B2.1)
    eeprom_config eeprom{};
    /// Reading TMPALARM clears its latched alarms, as the older driver does it; else a one does, as
    /// the newer one has it (B14.3: unknown).
    bool tmpalarm_read_clears = false;
    layout_config layout{};
    std::vector<reset_value> resets{};
};
/// Multi-partition mode with disabled ports, and EEPROM (B2.1): what an image is started with if
/// nothing else is said.
inline constexpr std::uint8_t default_eeprom_boot_mode = 0xF;

/// Flow-control credits that a receiver advertises (PCIe 2.1 section 2.6.1): a header credit is a
/// TLP, a data credit 16 bytes; 0 = infinite. No source gives the device's (B18.5): assumed.
struct flow_control_credits {
    std::uint32_t posted_headers = 32;
    std::uint32_t posted_data = 512;
    std::uint32_t non_posted_headers = 32;
    std::uint32_t non_posted_data = 32;
    std::uint32_t completion_headers = 0; ///< infinite, as the specification has it of hosts
    std::uint32_t completion_data = 0;
};

/// Every number of the timing configuration, in core-clock cycles where not said otherwise. No
/// source gives the device's own figures (B18.5): all defaults are "assumed".
struct timing_config {
    std::uint32_t core_clock_ps = 4000; ///< period; 250 MHz assumed
    bool link_serialisation = true;     ///< TLPs occupy their link (B18.2)
    std::uint32_t ingress = 12;         ///< last symbol of a TLP to the function's decode
    std::uint32_t egress = 12;          ///< function to first symbol on the link
    std::uint32_t decode = 1;           ///< register access in the function
    std::uint32_t gasa = 4;             ///< extra for a global address space access
    std::uint32_t doorbell = 8;         ///< OUTDBELLSET to the peers' INDBELLSTS
    std::uint32_t message = 8;          ///< OUTMSG to the peer's INMSG
    std::uint32_t event = 8;            ///< switch event to NTINTSTS.SEVENT
    std::uint32_t interrupt = 4;        ///< NTINTSTS bit to the MSI or INTx message
    std::uint32_t window = 10;          ///< memory-window translation
    std::uint32_t dllps_per_tlp = 2;    ///< that go back for it: an ACK and an UpdateFC
    std::uint32_t credit_return = 16;   ///< from an emptied buffer to the other end's credit
    flow_control_credits switch_credits{32, 512, 32, 32, 32, 512}; ///< what hosts may send
    flow_control_credits host_credits{};                           ///< what a port may send
    /// From one port's part of the switch to another's; both part of no other number. A switch of
    /// two processes needs at least 1.
    std::uint32_t cross_request = 2;
    std::uint32_t cross_completion = 2;
    std::uint32_t link_retrain_ns = 1000; ///< DL_Down to DL_Up of a hot reset, nanoseconds
    std::uint32_t completion_timeout_us = 50000;
    /// Unit of RDRAINDELAY, POMCDELAY, SEDELAY and USSBRDELAY, nanoseconds: 1 us makes the
    /// defaults of the registers add up to the 2 ms and 2.5 ms of a sister switch (B3.4); not
    /// confirmed.
    std::uint32_t change_delay_unit_ns = 1000;
    /// The load of a configuration EEPROM. The speed of its SMBus is in no source (B18.5): 0 = it
    /// is read before anything else happens; 22500 is a byte and its acknowledge at 400 kHz.
    std::uint32_t eeprom_byte_ns = 0;
    std::uint32_t eeprom_poll_ns = 1000;          ///< between two looks of a wait block; assumed
    std::uint32_t eeprom_wait_limit_us = 100'000; ///< then it gives up: a limit of this model
    std::uint32_t smbus_command_ns = 1000;        ///< a command of the slave SMBus; assumed
    /// The EEPROM is busy that long after a byte was written: what such parts commonly need.
    std::uint32_t smbus_eeprom_write_us = 5000;
};
inline constexpr std::uint32_t max_timing_cycles =
    255; ///< bound of each cycle count (delay lines have 256 places)

/// All delays zero: for functional tests and for measuring the model's own cost.
[[nodiscard]] constexpr timing_config ideal_timing() {
    timing_config t{};
    t.link_serialisation = false;
    t.ingress = t.egress = t.decode = t.gasa = 0;
    t.doorbell = t.message = t.event = t.interrupt = t.window = 0;
    t.dllps_per_tlp = t.credit_return = 0;
    t.switch_credits = t.host_credits = flow_control_credits{0, 0, 0, 0, 0, 0};
    t.cross_request = t.cross_completion = 0;
    t.link_retrain_ns = 0;
    t.change_delay_unit_ns = 0;
    t.smbus_command_ns = 0;
    t.smbus_eeprom_write_us = 0;
    return t;
}

} // namespace ntb
