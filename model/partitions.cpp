// SPDX-License-Identifier: Apache-2.0
#include "model/partitions.h"

#include "model/configurable_port.h"
#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

namespace {
constexpr bool is_state(std::uint32_t v) {
    return v == static_cast<std::uint32_t>(partition_state::disabled) ||
           v == static_cast<std::uint32_t>(partition_state::active) ||
           v == static_cast<std::uint32_t>(partition_state::reset);
}
} // namespace

template <class What>
void partitions::for_each_port_of(partition_number partition, What what) const {
    for (unsigned p = 0; p < max_ports; ++p) {
        configurable_port* const port = core_.functions().owner(port_number(p));
        if (port != nullptr && core_.modes().now(port_number(p)).partition == partition)
            what(*port);
    }
}

partition_state partitions::state(partition_number partition) const {
    return static_cast<partition_state>(
        core_.bank().get_field(sw::SWPARTSTS.at(partition.value()), sw::SWPARTSTS_STATE));
}

void partitions::control_written(partition_number partition) {
    const unsigned p = partition.value();
    const std::uint32_t asked = core_.bank().get_field(sw::SWPARTCTL.at(p), sw::SWPARTCTL_STATE);
    const auto wanted = static_cast<partition_state>(asked);
    if (changes_.under_way(p) || !is_state(asked) || wanted == state(partition))
        return;
    targets_[p] = wanted;
    core_.bank().set_field(sw::SWPARTSTS.at(p), sw::SWPARTSTS_SCI, 1);
    // Only an active partition has anything to drain.
    const bool drains = state(partition) == partition_state::active;
    changes_.start(p, drains ? delays_.reset_drain_ps() : 0, delays_.side_effect_ps());
}

void partitions::take_effect(unsigned partition) {
    const partition_number number(partition);
    const partition_state before = state(number);
    const partition_state after = targets_[partition];
    core_.windows_change();
    core_.bank().set_field(sw::SWPARTSTS.at(partition), sw::SWPARTSTS_STATE,
                           static_cast<std::uint32_t>(after));
    if (after == partition_state::reset)
        reset_fundamental(number);
    if ((before == partition_state::reset) == (after == partition_state::reset))
        return;
    hold_ports(number, after == partition_state::reset);
    crossing c{};
    c.kind = crossing::what::hold_in_reset;
    c.partition = number;
    c.flag = after == partition_state::reset;
    core_.tell(c);
}

void partitions::hold_ports(partition_number partition, bool held) {
    for_each_port_of(partition, [held](configurable_port& port) { port.hold_in_reset(held); });
}

void partitions::take_over() {
    changes_.abandon_all();
    for (unsigned p = 0; p < max_partitions; ++p)
        control_written(partition_number(p));
}

void partitions::complete(unsigned partition) {
    core_.bank().set_field(sw::SWPARTSTS.at(partition), sw::SWPARTSTS_SCC, 1);
    control_written(partition_number(partition)); // what was written meanwhile
}

void partitions::reset_fundamental(partition_number partition) {
    core_.mapping().invalidate(partition);
    reset_ports(partition);
    crossing c{};
    c.kind = crossing::what::reset_partition;
    c.partition = partition;
    core_.tell(c);
    core_.events().raise(switch_event::fundamental_reset, partition.value());
}

void partitions::reset_ports(partition_number partition) {
    core_.reset_bridges(partition);
    for_each_port_of(partition, [](configurable_port& port) { port.reset_fundamental(); });
}

void partitions::show_upstream_ports() {
    std::array<std::uint32_t, max_partitions> shown{};
    // Of several ports that lead to hosts (topology "seed") the lowest is shown.
    for (unsigned p = max_ports; p-- != 0;) {
        const operating_mode m = core_.modes().now(port_number(p));
        if (!leads_to_host(m.mode))
            continue;
        std::uint32_t status = sw::SWPARTSTS_US.put(0, 1);
        status = sw::SWPARTSTS_USID.put(status, p);
        status = sw::SWPARTSTS_NT.put(status, has_nt_function(m.mode) ? 1 : 0);
        shown[m.partition.value()] =
            sw::SWPARTSTS_DMA.put(status, has_dma_function(m.mode) ? 1 : 0);
    }
    constexpr std::uint32_t of_upstream = sw::SWPARTSTS_US.mask | sw::SWPARTSTS_USID.mask |
                                          sw::SWPARTSTS_NT.mask | sw::SWPARTSTS_DMA.mask;
    for (unsigned p = 0; p < max_partitions; ++p) {
        const std::uint32_t at = sw::SWPARTSTS.at(p);
        core_.bank().set(at, (core_.bank().get(at) & ~of_upstream) | shown[p]);
    }
}

} // namespace ntb
