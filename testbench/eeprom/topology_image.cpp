// SPDX-License-Identifier: Apache-2.0
#include "testbench/eeprom/topology_image.h"

#include <algorithm>
#include <map>

#include "model/regs/nt_refs.h"
#include "model/regs/sw_refs.h"
#include "testbench/eeprom/addresses.h"

namespace ntb::eeprom {

namespace {

constexpr regs::reg_ref PCLKMODE = sw::reg("PCLKMODE");

/// The delays of mode changes, and what they are put back to: their reset values, the values that
/// the known image writes (B3.2).
struct delay {
    std::string_view name;
    std::uint32_t normal;
};
constexpr std::array<delay, 4> delays = [] {
    std::array<delay, 4> out{
        {{"RDRAINDELAY", 0}, {"POMCDELAY", 0}, {"SEDELAY", 0}, {"USSBRDELAY", 0}}};
    for (delay& d : out)
        d.normal = regs::reset_of(regs::row_of(regs::sw_map, d.name));
    return out;
}();
// They lie side by side, so one sequence writes them.
static_assert(sw::reg(delays[3].name).at() == sw::reg(delays[0].name).at() + 12);

void write_delays(image_builder& out, bool zero) {
    std::vector<std::uint32_t> values;
    values.reserve(delays.size());
    for (const delay& d : delays)
        values.push_back(zero ? 0 : d.normal);
    out.sequence(sw::reg(delays[0].name).at(), values);
}

std::uint32_t setup_of(const bar_config& bar) {
    std::uint32_t v = 0;
    v = nt::BARSETUP_EN.put(v, bar.enabled ? 1 : 0);
    v = nt::BARSETUP_TYPE.put(v, bar.is_64bit ? 2 : 0);
    v = nt::BARSETUP_PREF.put(v, bar.prefetchable ? 1 : 0);
    v = nt::BARSETUP_SIZE.put(v, bar.size_log2);
    v = nt::BARSETUP_MODE.put(v, bar.config_space ? 1 : 0);
    v = nt::BARSETUP_ATRAN.put(v, static_cast<std::uint32_t>(bar.translation));
    return nt::BARSETUP_TPART.put(v, bar.target_partition.value());
}

bar_config bar_of(std::uint32_t setup) {
    bar_config bar{};
    bar.enabled = nt::BARSETUP_EN.get(setup) != 0;
    bar.is_64bit = nt::BARSETUP_TYPE.get(setup) == 2;
    bar.prefetchable = nt::BARSETUP_PREF.get(setup) != 0;
    bar.size_log2 = static_cast<std::uint8_t>(nt::BARSETUP_SIZE.get(setup));
    bar.config_space = nt::BARSETUP_MODE.get(setup) != 0;
    const std::uint32_t translation = nt::BARSETUP_ATRAN.get(setup);
    if (translation <= static_cast<std::uint32_t>(bar_translation::lut24))
        bar.translation = static_cast<bar_translation>(translation);
    bar.target_partition = partition_number(nt::BARSETUP_TPART.get(setup));
    return bar;
}

/// The last value written to a register, if any.
using written = std::map<std::uint32_t, std::uint32_t>;

std::uint32_t last_value(const written& registers, std::uint32_t address) {
    const auto found = registers.find(address);
    return found != registers.end() ? found->second : 0;
}

port_config port_of(const written& registers, unsigned p) {
    port_config port{};
    const std::uint32_t control = last_value(registers, sw::SWPORTCTL.at(p));
    const std::uint32_t mode = sw::SWPORTCTL_MODE.get(control);
    if (mode <= static_cast<std::uint32_t>(port_mode::nt_dma))
        port.mode = static_cast<port_mode>(mode);
    port.partition = partition_number(sw::SWPORTCTL_SWPART.get(control));
    port.device_number = static_cast<std::uint8_t>(sw::SWPORTCTL_DEVNUM.get(control));
    for (unsigned b = 0; b < bar_count; ++b)
        port.bars.at(b) = bar_of(last_value(registers, nt_register_address(p, nt::BARSETUP.at(b))));
    return port;
}

} // namespace

image image_of(const topology_config& topology) {
    image_builder out;
    write_delays(out, true);
    out.write(PCLKMODE.at(), 0); // every port on the global clock
    for (unsigned p = 0; p < max_partitions; ++p) {
        const partition_state state = topology.partitions.at(p);
        if (state == partition_state::disabled)
            continue;
        const std::uint32_t completed = sw::field("SWPART{x}STS", "SCC").mask;
        const std::uint32_t initiated = sw::field("SWPART{x}STS", "SCI").mask;
        out.write(sw::SWPARTCTL.at(p),
                  sw::SWPARTCTL_STATE.put(0, static_cast<std::uint32_t>(state)));
        out.wait(sw::SWPARTSTS.at(p), completed, ~completed);
        out.write(sw::SWPARTSTS.at(p), completed | initiated);
    }
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = topology.ports.at(p);
        if (port.mode == port_mode::disabled)
            continue;
        const std::uint32_t completed = sw::field("SWPORT{x}STS", "OMCC").mask;
        const std::uint32_t initiated = sw::field("SWPORT{x}STS", "OMCI").mask;
        std::uint32_t control = sw::field("SWPORT{x}CTL", "OMA").mask; // reset during the change
        control = sw::SWPORTCTL_MODE.put(control, static_cast<std::uint32_t>(port.mode));
        control = sw::SWPORTCTL_SWPART.put(control, port.partition.value());
        control = sw::SWPORTCTL_DEVNUM.put(control, port.device_number);
        out.write(sw::SWPORTCTL.at(p), control);
        out.wait(sw::SWPORTSTS.at(p), completed, ~completed);
        out.write(sw::SWPORTSTS.at(p), completed | initiated);
    }
    for (unsigned p = 0; p < max_ports; ++p)
        for (unsigned b = 0; b < bar_count; ++b)
            if (topology.ports.at(p).bars.at(b).enabled)
                out.write(nt_register_address(p, nt::BARSETUP.at(b)),
                          setup_of(topology.ports.at(p).bars.at(b)));
    write_delays(out, false);
    return out.done().bytes();
}

std::vector<std::string> not_in_image(const topology_config& topology, const std::string& timing) {
    std::vector<std::string> out;
    if (topology.device != topology_config{}.device)
        out.emplace_back("the device: the part itself has it");
    if (topology.compat != compatibility::none)
        out.emplace_back("compatibility: no silicon has it");
    if (timing != "default")
        out.push_back("timing " + timing + ": it is the simulator's");
    const auto& fields = topology.layout.fields;
    const auto& registers = topology.layout.registers;
    if (std::any_of(fields.begin(), fields.end(), [](const auto& f) { return f.placed; }) ||
        std::any_of(registers.begin(), registers.end(),
                    [](const auto& r) { return r.offset != regs::unknown_offset; }))
        out.emplace_back("[layout]: it is the simulator's guess of places");
    if (!topology.resets.empty())
        out.emplace_back("[reset]: it is what the registers hold before an image is read");
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = topology.ports.at(p);
        const std::string name = "port " + std::to_string(p);
        if (port.host && !has_nt_function(port.mode))
            out.push_back("host of " + name + ": nothing in the image shows it");
        if (port.mode == port_mode::disabled)
            continue;
        if (port.host_requester != requester_id())
            out.push_back("requester_id of " + name + ": it is the host's");
        if (port.link_width != port_config{}.link_width ||
            port.link_generation != port_config{}.link_generation)
            out.push_back("link of " + name +
                          ": the registers of lanes and rates are not documented");
    }
    return out;
}

image_effect effect_of(const image& bytes, device_id device, unsigned boot_mode) {
    image_effect out{};
    out.topology.device = device;
    written registers;
    eeprom_reader reader(bytes.data(), bytes.size(), boot_mode);
    do {
        out.last = reader.next();
        if (out.last.what == eeprom_step::kind::write)
            registers[out.last.address] = out.last.data;
    } while (out.last.what != eeprom_step::kind::done && out.last.what != eeprom_step::kind::fault);
    for (unsigned p = 0; p < max_partitions; ++p) {
        const std::uint32_t state =
            sw::SWPARTCTL_STATE.get(last_value(registers, sw::SWPARTCTL.at(p)));
        if (state == static_cast<std::uint32_t>(partition_state::active) ||
            state == static_cast<std::uint32_t>(partition_state::reset))
            out.topology.partitions.at(p) = static_cast<partition_state>(state);
    }
    for (unsigned p = 0; p < max_ports; ++p)
        out.topology.ports.at(p) = port_of(registers, p);
    return out;
}

} // namespace ntb::eeprom
