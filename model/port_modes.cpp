// SPDX-License-Identifier: Apache-2.0
#include "model/port_modes.h"

#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

namespace {
constexpr std::uint32_t oma_reset = 1; // B3.5; 0 = no action, others unknown
} // namespace

operating_mode port_modes::now(port_number port) const {
    const std::uint32_t status = core_.bank().get(sw::SWPORTSTS.at(port.value()));
    return operating_mode{static_cast<port_mode>(sw::SWPORTSTS_MODE.get(status)),
                          partition_number(sw::SWPORTSTS_SWPART.get(status)),
                          static_cast<std::uint8_t>(sw::SWPORTSTS_DEVNUM.get(status))};
}

bool port_modes::asked_for(port_number port, operating_mode& out) const {
    const std::uint32_t control = core_.bank().get(sw::SWPORTCTL.at(port.value()));
    const std::uint32_t mode = sw::SWPORTCTL_MODE.get(control);
    if (mode > static_cast<std::uint32_t>(port_mode::nt_dma))
        return false;
    out = operating_mode{static_cast<port_mode>(mode),
                         partition_number(sw::SWPORTCTL_SWPART.get(control)),
                         static_cast<std::uint8_t>(sw::SWPORTCTL_DEVNUM.get(control))};
    return !has_nt_function(out.mode) || core_.functions().possible_at(port) != nullptr;
}

void port_modes::control_written(port_number port) {
    const unsigned p = port.value();
    if (changes_.under_way(p))
        return;
    const bool by_failover = next_by_failover_[p];
    next_by_failover_[p] = false;
    operating_mode wanted{};
    if (!asked_for(port, wanted) || wanted == now(port))
        return; // OMCI only if the values really change the mode (B3.3)
    const bool reset = sw::SWPORTCTL_OMA.get(core_.bank().get(sw::SWPORTCTL.at(p))) == oma_reset;
    targets_[p] = target{wanted, reset, by_failover};
    core_.bank().set_field(sw::SWPORTSTS.at(p), sw::SWPORTSTS_OMCI, 1);
    if (by_failover)
        core_.failover_change(port, false);
    changes_.start(p, delays_.mode_drain_ps(reset, has_upstream_bridge(now(port).mode)),
                   delays_.side_effect_ps());
}

void port_modes::failed_over(port_number port) {
    next_by_failover_[port.value()] = true;
    control_written(port);
}

void port_modes::reset() {
    changes_.abandon_all();
    next_by_failover_ = {};
}

void port_modes::take_over() {
    reset();
    for (unsigned p = 0; p < max_ports; ++p)
        control_written(port_number(p));
}

void port_modes::take_effect(unsigned port) {
    const operating_mode& m = targets_[port].mode;
    std::uint32_t status = core_.bank().get(sw::SWPORTSTS.at(port));
    status = sw::SWPORTSTS_MODE.put(status, static_cast<std::uint32_t>(m.mode));
    status = sw::SWPORTSTS_SWPART.put(status, m.partition.value());
    status = sw::SWPORTSTS_DEVNUM.put(status, m.device_number);
    core_.bank().set(sw::SWPORTSTS.at(port), status);
    core_.mode_took_effect(port_number(port), targets_[port].reset);
}

void port_modes::complete(unsigned port) {
    core_.bank().set_field(sw::SWPORTSTS.at(port), sw::SWPORTSTS_OMCC, 1);
    if (targets_[port].by_failover)
        core_.failover_change(port_number(port), true);
    control_written(port_number(port)); // what was written meanwhile
}

} // namespace ntb
