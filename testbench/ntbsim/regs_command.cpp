// SPDX-License-Identifier: Apache-2.0
// `ntbsim regs list|show|export`: the register map for people and for other tools. The map is
// compiled in, so nothing is read; output goes to stdout.

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "testbench/ntbsim/commands.h"
#include "testbench/regs/export.h"
#include "testbench/regs/listing.h"

namespace ntb::cli {

namespace {

void print(const std::string& what, const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0)
        throw user_error(what, "standard output does not take the text",
                         "free some space or keep the reader open");
}

void add_list(CLI::App& regs) {
    CLI::App* list = regs.add_subcommand("list", "One line a register or family of registers");
    auto every_member = std::make_shared<bool>(false);
    list->add_flag("--all", *every_member, "Every member of every family, in order of offsets");
    list->footer("Example:\n  ntbsim regs list --all | grep SWPORT2");
    list->callback([every_member] { print("regs list", regs::list_text(*every_member)); });
}

void add_show(CLI::App& regs) {
    CLI::App* show = regs.add_subcommand("show", "What is known of one register");
    auto name = std::make_shared<std::string>();
    show->add_option("NAME", *name, "Register or family; letter case does not matter")->required();
    show->footer("Example:\n  ntbsim regs show BARSETUP2");
    show->callback([name] {
        const auto found = regs::look_up(*name);
        if (!found)
            throw user_error("regs show", "no register is called \"" + *name + "\"",
                             "`ntbsim regs list` prints the names");
        print("regs show", regs::show_text(*found));
    });
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

} // namespace

void add_regs(CLI::App& app, int& status) {
    static_cast<void>(status); // nothing here succeeds with a negative result
    CLI::App* regs = app.add_subcommand("regs", "The register map: list, show, export");
    regs->require_subcommand(1);
    regs->footer("Example:\n  ntbsim regs show NTINTSTS");
    add_list(*regs);
    add_show(*regs);
    add_export(*regs);
}

} // namespace ntb::cli
