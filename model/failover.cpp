// SPDX-License-Identifier: Apache-2.0
#include "model/failover.h"

#include "model/regs/declared_ids.h"
#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

constexpr regs::declared_field_id declared(std::string_view in, std::string_view name) {
    return regs::declared_field_named(regs::space_id::sw, in, name);
}
using by_kind = std::array<regs::declared_field_id, 2>;

constexpr auto PORT_FEN = declared("SWPORT{x}CTL", "FEN");
constexpr auto PORT_FCAPSEL = declared("SWPORT{x}CTL", "FCAPSEL");
constexpr by_kind PORT_DONE{declared("SWPORT{x}STS", "PFAILOVER"),
                            declared("SWPORT{x}STS", "SFAILOVER")};
constexpr by_kind PORT_MODE{declared("SWPORT{x}FCTL", "PFMODE"),
                            declared("SWPORT{x}FCTL", "SFMODE")};
constexpr by_kind PORT_SWPART{declared("SWPORT{x}FCTL", "PFSWPART"),
                              declared("SWPORT{x}FCTL", "SFSWPART")};
constexpr by_kind PORT_DEVNUM{declared("SWPORT{x}FCTL", "PFDEVNUM"),
                              declared("SWPORT{x}FCTL", "SFDEVNUM")};
constexpr auto PARTITION_FEN = declared("SWPART{x}CTL", "FEN");
constexpr auto PARTITION_FCAPSEL = declared("SWPART{x}CTL", "FCAPSEL");
constexpr by_kind PARTITION_DONE{declared("SWPART{x}STS", "PFAILOVER"),
                                 declared("SWPART{x}STS", "SFAILOVER")};
constexpr by_kind PARTITION_STATE{declared("SWPART{x}FCTL", "PFSTATE"),
                                  declared("SWPART{x}FCTL", "SFSTATE")};

constexpr std::size_t index_of(failover_kind kind) {
    return static_cast<std::size_t>(kind);
}
/// The register's field where it has a place, else the setting.
constexpr std::uint32_t chosen(regs::field_ref place, std::uint32_t dword, std::uint32_t setting) {
    return place.mask != 0 ? place.get(dword) : setting;
}

} // namespace

failover::failover(switch_core& core, const topology_config& topology)
    : core_(core), partitions_(topology.partition_failovers) {
    for (unsigned p = 0; p < max_ports; ++p)
        ports_[p] = topology.ports[p].failover;
}

void failover::load_reset_values() {
    auto& bank = core_.bank();
    const auto set = [&](std::uint32_t at, regs::declared_field_id field, std::uint32_t value) {
        bank.set_reset(at, core_.layout().field(field), value);
    };
    for (unsigned p = 0; p < max_ports; ++p) {
        set(sw::SWPORTCTL.at(p), PORT_FEN, ports_[p].enabled ? 1 : 0);
        set(sw::SWPORTCTL.at(p), PORT_FCAPSEL, ports_[p].capability);
        for (std::size_t k = 0; k < 2; ++k) {
            const failover_mode& to = ports_[p].to[k];
            set(sw::SWPORTFCTL.at(p), PORT_MODE[k], static_cast<std::uint32_t>(to.mode));
            set(sw::SWPORTFCTL.at(p), PORT_SWPART[k], to.partition.value());
            set(sw::SWPORTFCTL.at(p), PORT_DEVNUM[k], to.device_number);
        }
    }
    for (unsigned p = 0; p < max_partitions; ++p) {
        set(sw::SWPARTCTL.at(p), PARTITION_FEN, partitions_[p].enabled ? 1 : 0);
        set(sw::SWPARTCTL.at(p), PARTITION_FCAPSEL, partitions_[p].capability);
        for (std::size_t k = 0; k < 2; ++k)
            set(sw::SWPARTFCTL.at(p), PARTITION_STATE[k],
                static_cast<std::uint32_t>(partitions_[p].to[k]));
    }
}

void failover::trigger(unsigned capability, failover_kind kind) {
    if (capability >= failover_capabilities)
        return;
    const auto reacts = [&](std::uint32_t control, regs::declared_field_id fen,
                            regs::declared_field_id fcapsel, bool enabled, unsigned selected) {
        const register_layout& places = core_.layout();
        return chosen(places.field(fen), control, enabled ? 1 : 0) != 0 &&
               chosen(places.field(fcapsel), control, selected) == capability;
    };
    for (unsigned p = 0; p < max_partitions; ++p)
        if (reacts(core_.bank().get(sw::SWPARTCTL.at(p)), PARTITION_FEN, PARTITION_FCAPSEL,
                   partitions_[p].enabled, partitions_[p].capability))
            fail_over_partition(partition_number(p), kind);
    for (unsigned p = 0; p < max_ports; ++p)
        if (reacts(core_.bank().get(sw::SWPORTCTL.at(p)), PORT_FEN, PORT_FCAPSEL, ports_[p].enabled,
                   ports_[p].capability))
            fail_over_port(port_number(p), kind);
}

void failover::note(std::uint32_t status_at, regs::field_ref place, bool& flag) {
    if (place.mask != 0)
        core_.bank().set_field(status_at, place, 1);
    else
        flag = true;
}

void failover::fail_over_port(port_number port, failover_kind kind) {
    const unsigned p = port.value();
    const std::size_t k = index_of(kind);
    const failover_mode& to = ports_[p].to[k];
    const register_layout& places = core_.layout();
    const std::uint32_t targets = core_.bank().get(sw::SWPORTFCTL.at(p));
    const std::uint32_t mode =
        chosen(places.field(PORT_MODE[k]), targets, static_cast<std::uint32_t>(to.mode));
    const std::uint32_t partition =
        chosen(places.field(PORT_SWPART[k]), targets, to.partition.value());
    const std::uint32_t device = chosen(places.field(PORT_DEVNUM[k]), targets, to.device_number);
    std::uint32_t control = core_.bank().get(sw::SWPORTCTL.at(p));
    control = sw::SWPORTCTL_MODE.put(control, mode);
    control = sw::SWPORTCTL_SWPART.put(control, partition);
    control = sw::SWPORTCTL_DEVNUM.put(control, device);
    core_.bank().set(sw::SWPORTCTL.at(p), control);
    note(sw::SWPORTSTS.at(p), places.field(PORT_DONE[k]), port_flags_[p][k]);
    core_.modes().failed_over(port);
}

void failover::fail_over_partition(partition_number partition, failover_kind kind) {
    const unsigned p = partition.value();
    const std::size_t k = index_of(kind);
    const register_layout& places = core_.layout();
    const std::uint32_t targets = core_.bank().get(sw::SWPARTFCTL.at(p));
    core_.bank().set_field(sw::SWPARTCTL.at(p), sw::SWPARTCTL_STATE,
                           chosen(places.field(PARTITION_STATE[k]), targets,
                                  static_cast<std::uint32_t>(partitions_[p].to[k])));
    note(sw::SWPARTSTS.at(p), places.field(PARTITION_DONE[k]), partition_flags_[p][k]);
    core_.partition_states().control_written(partition);
}

bool failover::failed_over(port_number port, failover_kind kind) const {
    const std::size_t k = index_of(kind);
    return chosen(core_.layout().field(PORT_DONE[k]),
                  core_.bank().get(sw::SWPORTSTS.at(port.value())),
                  port_flags_[port.value()][k] ? 1 : 0) != 0;
}

bool failover::failed_over(partition_number partition, failover_kind kind) const {
    const std::size_t k = index_of(kind);
    return chosen(core_.layout().field(PARTITION_DONE[k]),
                  core_.bank().get(sw::SWPARTSTS.at(partition.value())),
                  partition_flags_[partition.value()][k] ? 1 : 0) != 0;
}

void failover::clear_flags() {
    port_flags_ = {};
    partition_flags_ = {};
}

} // namespace ntb
