// SPDX-License-Identifier: Apache-2.0
// `ntbsim topology list|devices|show|check`: the topologies in the program and files of the user.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "model/eeprom_status.h"
#include "model/regs/declared_ids.h"
#include "testbench/config/timing_file.h"
#include "testbench/config/topology_file.h"
#include "testbench/eeprom/disassembly.h"
#include "testbench/eeprom/image_file.h"
#include "testbench/eeprom/topology_image.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/ntbsim/standard_output.h"
#include "testbench/regs/words.h"

namespace ntb::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string bar_line(unsigned n, const bar_config& bar) {
    std::string out = "    BAR" + std::to_string(n) + "  " + (bar.is_64bit ? "64" : "32") +
                      "-bit " + padded(bar.prefetchable ? "prefetchable" : "", 13) +
                      padded(config::size_name(std::uint64_t{1} << bar.size_log2), 7);
    if (bar.config_space)
        return out + "configuration space\n";
    out += config::translation_name(bar.translation) + " window";
    if (bar.translation == bar_translation::direct)
        return out + " to partition " + std::to_string(bar.target_partition.value()) + "\n";
    // The table divides the BAR by the power of two above its entries (B9.6).
    const bool wide = bar.translation == bar_translation::lut24;
    return out + "s, " + (wide ? "24" : "12") + " of " +
           config::size_name((std::uint64_t{1} << bar.size_log2) / (wide ? 32 : 16)) + "\n";
}

/// What a load of the topology's image comes to; waits are taken as satisfied.
eeprom_step outcome_of(const topology_config& t) {
    eeprom_step last = eeprom::effect_of(t.eeprom.image, t.device, t.boot_mode).last;
    if (last.fault == eeprom_fault::checksum && t.eeprom.ignore_checksum)
        last.what = eeprom_step::kind::done;
    return last;
}

std::string image_shown(const topology_config& t) {
    const eeprom::image& bytes = t.eeprom.image;
    const eeprom_step last = outcome_of(t);
    std::string out = "  EEPROM image of " + std::to_string(bytes.size()) + " bytes, boot mode " +
                      std::to_string(t.boot_mode) + ": ";
    if (last.what == eeprom_step::kind::done)
        out += "loads\n";
    else
        out += "the load fails at " + eeprom::hex(last.at, 4) + ": " +
               eeprom::fault_text(bytes, last) + "\n";
    return out + eeprom::disassembly(bytes);
}

/// What the [layout] section gives a place.
std::string layout_shown(const layout_config& layout) {
    std::string out;
    for (const regs::space& s : regs::spaces) {
        const std::size_t first_register = regs::first_declared_register(s.id);
        const std::size_t first_field = regs::first_declared_field(s.id);
        for (std::size_t i = 0; i < s.declared_count; ++i)
            if (layout.registers.at(first_register + i).offset != regs::unknown_offset)
                out += "  layout: " + std::string(s.declared[i].name) + " at " +
                       regs::offset_text(s, layout.registers.at(first_register + i).offset) + "\n";
        for (std::size_t i = 0; i < s.declared_field_count; ++i) {
            const layout_config::bits& bits = layout.fields.at(first_field + i);
            if (bits.placed)
                out += "  layout: " + std::string(s.declared_fields[i].in) + "." +
                       std::string(s.declared_fields[i].name) + " at " + std::to_string(bits.msb) +
                       ":" + std::to_string(bits.lsb) + "\n";
        }
    }
    return out;
}

/// What the [reset] section gives, by dword.
std::string resets_shown(const std::vector<reset_value>& values) {
    std::string out;
    for (const reset_value& v : values) {
        std::string names;
        regs::for_each_member([&](const regs::member& m) {
            if (m.in->id == v.space && (m.offset() & ~3U) == v.offset)
                names.append(names.empty() ? "" : "/").append(regs::member_name(m).view());
        });
        out += "  reset: " + names + " bits " + regs::hex(v.mask, 8) + " = " +
               regs::hex(v.bits, 8) + "\n";
    }
    return out;
}

std::string shown(const config::topology_file& file) {
    const topology_config& t = file.topology;
    std::string out =
        file.name + ": " + config::device_name(t.device) + ", timing " + file.timing + "\n";
    if (t.compat == compatibility::seed)
        out += "  compatible with \"seed\", not claimed for silicon (docs/topologies.md)\n";
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = t.ports.at(p);
        if (port.mode == port_mode::disabled)
            continue;
        const unsigned partition = port.partition.value();
        out += "  port " + std::to_string(p) + ": " + config::mode_name(port.mode) +
               ", partition " + std::to_string(partition) + " (" +
               config::state_name(t.partitions.at(partition)) + "), x" +
               std::to_string(port.link_width) + " gen" + std::to_string(port.link_generation) +
               ", requester " + config::requester_name(port.host_requester) + "\n";
        for (unsigned b = 0; b < bar_count; ++b)
            if (port.bars.at(b).enabled)
                out += bar_line(b, port.bars.at(b));
    }
    out += layout_shown(t.layout) + resets_shown(t.resets);
    if (t.eeprom.present)
        out += image_shown(t);
    return out;
}

std::string family_table() {
    std::string out;
    for (const family_member& device : family) {
        std::array<char, 16> id{};
        std::snprintf(id.data(), id.size(), "0x%04X", static_cast<unsigned>(device.id));
        out += padded(std::string(device.name), 17) + id.data() + "  NT function at ports " +
               config::nt_port_list(device.id) + "\n";
    }
    return out;
}

/// The timing that a topology names must load as well, and so must its EEPROM image.
config::topology_file checked(const std::string& name) {
    config::topology_file file = config::load_topology(name);
    if (file.topology.eeprom.present) {
        const eeprom_step last = outcome_of(file.topology);
        if (last.what != eeprom_step::kind::done)
            throw user_error(name + ": EEPROM address " + eeprom::hex(last.at, 4),
                             eeprom::fault_text(file.topology.eeprom.image, last),
                             std::string(eeprom::fault_remedy(last.fault)));
    }
    (void)config::load_timing(file.timing);
    return file;
}

/// Writes a topology as an EEPROM image; says on stderr what an image cannot carry.
void write_eeprom(const std::string& name, const std::string& output) {
    const config::topology_file file = checked(name);
    if (file.topology.eeprom.present)
        throw user_error(name, "comes from an EEPROM image already", "copy that file");
    if (file.topology.compat == compatibility::seed)
        throw user_error(name, "is a compatibility topology, not claimed for silicon",
                         "make an image of another one, e.g. two-host");
    const eeprom::image bytes = eeprom::image_of(file.topology);
    eeprom::write_image(output, bytes);
    print("topology", output + ": " + std::to_string(bytes.size()) + " bytes\n");
    for (const std::string& what : eeprom::not_in_image(file.topology, file.timing))
        std::fprintf(stderr, "not in the image: %s\n", what.c_str());
}

} // namespace

std::string halt_text(const config::topology_file& topology, const eeprom_status& status) {
    if (status.state != eeprom_state::halted)
        return {};
    eeprom_step step{};
    step.fault = status.fault;
    step.at = status.block;
    return topology.name + ": EEPROM address " + eeprom::hex(status.block, 4) + ": " +
           eeprom::fault_text(topology.topology.eeprom.image, step) +
           ", so the switch stays halted (" + std::string(eeprom::fault_remedy(status.fault)) + ")";
}

void add_topology(CLI::App& app, int&) {
    CLI::App* command = app.add_subcommand("topology", "Built-in topologies and topology files");
    command->require_subcommand(1);
    command->footer("Files to start from: testbench/config/topology/*.toml (topologies),\n"
                    "testbench/config/timing/default.toml (timing). An EEPROM image (*.eeprom,\n"
                    "*.bin) is a topology, too: docs/eeprom.md.\n"
                    "Example:\n  ntbsim topology show two-host");

    CLI::App* list = command->add_subcommand("list", "The topologies in the program");
    list->footer("Example:\n  ntbsim topology list");
    list->callback([] {
        std::string out;
        std::size_t width = 0;
        for (const std::string& name : config::builtin_topologies())
            width = std::max(width, name.size() + 2);
        for (const std::string& name : config::builtin_topologies())
            out += padded(name, width) + config::load_topology(name).description + "\n";
        print("topology", out);
    });

    CLI::App* devices = command->add_subcommand(
        "devices", "The members of the switch family: device ID and ports with an NT function");
    devices->footer("Example:\n  ntbsim topology devices");
    devices->callback([] { print("topology", family_table()); });

    auto name = std::make_shared<std::string>();
    CLI::App* show = command->add_subcommand("show", "Ports, partitions and BARs of a topology");
    show->add_option("TOPOLOGY", *name, "Built-in name or file")->required();
    show->footer("Of an EEPROM image, or a topology that starts from one, also its blocks.\n"
                 "Example:\n  ntbsim topology show two-host");
    show->callback([name] {
        const config::topology_file file = config::load_topology(*name);
        (void)config::load_timing(file.timing); // as `run` and `serve` would find it
        print("topology", shown(file));
    });

    CLI::App* check = command->add_subcommand("check", "Check a topology file");
    check->add_option("FILE", *name, "Topology file")->required();
    check->footer("Example:\n  ntbsim topology check my-board.toml");
    check->callback([name] {
        const config::topology_file file = checked(*name);
        print("topology", *name + ": no error\n");
    });

    auto output = std::make_shared<std::string>();
    CLI::App* image = command->add_subcommand(
        "eeprom", "Write a topology as an image for the switch's configuration EEPROM");
    image->add_option("TOPOLOGY", *name, "Built-in name or file")->required();
    image->add_option("--output", *output, "File to write, *.eeprom or *.bin")->required();
    image->footer("The image is a topology itself, and may be given as \"eeprom\" in a topology "
                  "file; see docs/eeprom.md.\n"
                  "Example:\n  ntbsim topology eeprom two-host --output two-host.eeprom\n"
                  "  ntbsim run testbench/scenarios/pingpong.stim --topology two-host.eeprom");
    image->callback([name, output] {
        if (!eeprom::is_image_name(*output))
            throw user_error("--output " + *output, "is not called *.eeprom or *.bin",
                             "by its name it is taken for an image later");
        write_eeprom(*name, *output);
    });
}

} // namespace ntb::cli
