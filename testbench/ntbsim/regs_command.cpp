// SPDX-License-Identifier: Apache-2.0
// `ntbsim regs list|show|export|check|dump|diff`: the register map for people and for other tools,
// and the validation of a device against it. The map is compiled in; output goes to stdout.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "testbench/config/topology_file.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/ntbsim/standard_output.h"
#include "testbench/regs/check/cli/regs_check_command.h"
#include "testbench/regs/check/targets/model_target.h"
#include "testbench/regs/check/topology_profile.h"
#include "testbench/regs/export.h"
#include "testbench/regs/listing.h"

namespace ntb::cli {

namespace {

void add_list(CLI::App& regs) {
    CLI::App* list = regs.add_subcommand("list", "One line a register or family of registers");
    auto every_member = std::make_shared<bool>(false);
    list->add_flag("--all", *every_member, "Every member of every family, in order of offsets");
    list->footer("Example:\n  ntbsim regs list --all | grep SWPORT2");
    list->callback([every_member] { print("regs list", regs::list_text(*every_member)); });
}

/// "did you mean A, B? " or nothing.
std::string did_you_mean(const std::string& name) {
    std::string out;
    for (const std::string& near : regs::near_matches(name))
        out += (out.empty() ? "did you mean " : ", ") + near;
    return out.empty() ? out : out + "? ";
}

/// The registers at an offset, each with all its facts.
std::string shown_at(const std::string& space, const std::string& number) {
    std::uint32_t offset = 0;
    const bool hexadecimal = number.size() > 2 && (number[1] == 'x' || number[1] == 'X');
    const char* const begin = number.data() + (hexadecimal ? 2 : 0);
    const char* const end = number.data() + number.size();
    const auto parsed = std::from_chars(begin, end, offset, hexadecimal ? 16 : 10);
    if (parsed.ec != std::errc() || parsed.ptr != end)
        throw user_error("regs show", "\"" + number + "\" is no offset", "write like 0x408");
    const bool known_space =
        space.empty() || std::any_of(regs::spaces.begin(), regs::spaces.end(),
                                     [&space](const regs::space& s) { return s.name == space; });
    if (!known_space)
        throw user_error("regs show", "\"" + space + "\" is no register space",
                         "choose nt, sw, port or dma");
    std::string out;
    for (const regs::placed& p : regs::at_offset(offset, space)) {
        if (!out.empty())
            out += '\n';
        if (p.port)
            out += "Port " + std::to_string(*p.port) + ": ";
        out += regs::show_text({p.at, false});
    }
    if (out.empty())
        throw user_error("regs show", "no register is at " + number,
                         "`ntbsim regs list --all` prints the offsets");
    return out;
}

std::string shown(const std::vector<std::string>& words) {
    const std::string& last = words.back();
    const bool number = last.front() >= '0' && last.front() <= '9';
    if (number || words.size() == 2)
        return shown_at(words.size() == 2 ? words.front() : "", last);
    const auto found = regs::look_up(last);
    if (!found)
        throw user_error("regs show", "no register is called \"" + last + "\"",
                         did_you_mean(last) + "`ntbsim regs list` prints the names");
    return regs::show_text(*found);
}

void add_show(CLI::App& regs) {
    CLI::App* show = regs.add_subcommand("show", "What is known of one register");
    auto words = std::make_shared<std::vector<std::string>>();
    show->add_option("NAME", *words,
                     "Register or family (letter case does not matter), or an offset, with its "
                     "space (nt, sw, port, dma) in front where only that one is meant")
        ->required()
        ->expected(1, 2);
    show->footer("Examples:\n  ntbsim regs show BARSETUP2\n  ntbsim regs show 0x408\n"
                 "  ntbsim regs show port 0x50");
    show->callback([words] { print("regs show", shown(*words)); });
}

struct export_format {
    std::string_view name;
    std::string (*text)();
};

constexpr std::array<export_format, 5> formats{{
    {"markdown", &regs::export_markdown},
    {"c-header", &regs::export_c_header},
    {"json", &regs::export_json},
    {"systemrdl", &regs::export_systemrdl},
    {"ipxact", &regs::export_ipxact},
}};

std::string exported(const std::string& name) {
    for (const export_format& f : formats)
        if (f.name == name)
            return f.text();
    throw user_error("regs export", "\"" + name + "\" is no format",
                     "choose markdown, c-header, json, systemrdl or ipxact");
}

void add_export(CLI::App& regs) {
    CLI::App* exporter = regs.add_subcommand("export", "The whole map in another form");
    auto format = std::make_shared<std::string>();
    exporter->add_option("--format", *format, "markdown, c-header, json, systemrdl or ipxact")
        ->required();
    exporter->footer("Example:\n  ntbsim regs export --format systemrdl > registers.rdl\n"
                     "What each format says: docs/exports.md");
    exporter->callback([format] { print("regs export", exported(*format)); });
}

/// The model in process, which SystemC permits once, or a target outside.
void open_target(const target_request& request, const target_body& body) {
    if (request.name != "model") {
        open_outside_target(request, body);
        return;
    }
    static bool elaborated = false;
    if (elaborated)
        throw user_error("regs", "the model can be opened once in a run",
                         "write a dump of it with `ntbsim regs dump -o FILE` first");
    elaborated = true;
    const config::topology_file t =
        config::load_topology(request.topology.empty() ? "two-host" : request.topology);
    const regs::check::profile expected = regs::check::profile_of(t.topology);
    regs::check::run_on_model(t.topology, ideal_timing(), "model, topology " + t.name,
                              [&](regs::check::target& device) { body(device, expected); });
}

} // namespace

void add_regs(CLI::App& app, int& status) {
    CLI::App* regs = app.add_subcommand(
        "regs", "The register map: list, show, export; a device against it: check, dump, diff");
    regs->require_subcommand(1);
    regs->footer("Example:\n  ntbsim regs show NTINTSTS");
    add_list(*regs);
    add_show(*regs);
    add_export(*regs);
    add_register_commands(*regs, status,
                          {"ntbsim regs", "model",
                           "model, vfio-user:SOCKET (of ntbsim serve) or pci:BDF (silicon)",
                           open_target});
}

} // namespace ntb::cli
