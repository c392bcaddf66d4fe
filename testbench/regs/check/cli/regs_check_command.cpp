// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/cli/regs_check_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>

#include "testbench/config/topology_file.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/regs/check/checker.h"
#include "testbench/regs/check/dump.h"
#include "testbench/regs/check/report.h"

namespace ntb::cli {

namespace {

using regs::check::profile;
using regs::check::target;

void print(const std::string& what, const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0)
        throw user_error(what, "standard output does not take the text",
                         "free some space or keep the reader open");
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file)
        throw user_error(path, "cannot be written", "choose a writable place");
}

void add_target_options(CLI::App& command, target_request& request, const regs_program& program) {
    CLI::Option* name = command.add_option("--target", request.name, program.targets);
    if (program.default_target.empty())
        name->required();
    else
        name->default_str(program.default_target);
    command.add_option("--topology", request.topology,
                       "Topology of the model; of another target, what it was set up with "
                       "(built-in name or file)");
    command.add_flag("--allow-writes", request.allow_writes,
                     "pci: write to the device, too (otherwise it is only read)");
    request.name = program.default_target;
}

struct check_request {
    target_request on{};
    std::string seed{};
    std::string only{};
    std::string junit{};
    bool json = false;
};

std::uint64_t seed_of(const std::string& text) {
    if (text.empty()) {
        std::random_device any;
        return any();
    }
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || text.size() > 18)
        throw user_error("--seed " + text, "not a number", "give digits, or leave it out");
    return std::stoull(text);
}

void add_check(CLI::App& regs, int& status, const regs_program& program) {
    CLI::App* c = regs.add_subcommand(
        "check", "Validate every register: resets, policies, byte enables, doors, side effects");
    auto o = std::make_shared<check_request>();
    add_target_options(*c, o->on, program);
    c->add_flag("--allow-shared", o->on.allow_shared,
                "pci: with --allow-writes, also what other hosts see (they must be idle)");
    c->add_flag("--allow-reset", o->on.allow_reset, "pci: reset the function, too");
    c->add_flag("--fresh", o->on.fresh,
                "Nothing has used the device since power-on: compare every reset value");
    c->add_option("--seed", o->seed, "Order of the checks (default: any, it is printed)");
    c->add_option("--only", o->only, "Only registers that begin so, e.g. port0.BARSETUP");
    c->add_option("--junit", o->junit, "Write the result as JUnit XML");
    c->add_flag("--json", o->json, "Print the result as JSON");
    c->footer("Exit status: 0 nothing found, 1 findings. What is not checked is listed with its "
              "reason; see docs/regs-check.md.\n"
              "Example:\n  " +
              program.name + " check --target " +
              (program.default_target.empty() ? "pci:0000:01:00.0" : program.default_target) +
              " --seed 7 --junit registers.xml");
    c->callback([o, &status, program] {
        regs::check::report_header header;
        header.seed = seed_of(o->seed);
        program.open(o->on, [&](target& device, const profile& expected) {
            regs::check::check_options options;
            options.seed = header.seed;
            options.expected = expected;
            options.only = o->only;
            header.target = device.name();
            const regs::check::results r = regs::check::check_device(device, options);
            if (!o->only.empty() && r.steps().size() <= 2)
                throw user_error("--only " + o->only, "no register begins so",
                                 "`ntbsim regs list --all` prints names; a function's have its "
                                 "port before them: port0.VID");
            if (!o->junit.empty())
                write_file(o->junit, junit_of(r, header));
            print("regs check", o->json ? json_of(r, header) : table_of(r, header));
            status = r.passed() ? 0 : 1;
        });
    });
}

void add_dump(CLI::App& regs, const regs_program& program) {
    CLI::App* c = regs.add_subcommand("dump", "Read every register");
    struct dump_request {
        target_request on{};
        std::string file{};
        bool json = false;
    };
    auto o = std::make_shared<dump_request>();
    add_target_options(*c, o->on, program);
    c->add_option("-o,--output", o->file, "Write it there instead of to standard output");
    c->add_flag("--json", o->json, "As JSON");
    c->footer("Example:\n  " + program.name +
              " dump --target pci:0000:01:00.0 --allow-writes -o silicon.txt");
    c->callback([o, program] {
        program.open(o->on, [&](target& device, const profile&) {
            const regs::check::register_dump d = regs::check::dump_device(device);
            const std::string text = o->json ? json_of(d) : text_of(d);
            if (o->file.empty())
                print("regs dump", text);
            else
                write_file(o->file, text);
        });
    });
}

/// A dump: of a file, or of a target that has the form of one.
regs::check::register_dump dump_of(const std::string& name, const target_request& like,
                                   const regs_program& program) {
    const bool is_target = (name == program.default_target && !name.empty()) ||
                           name.rfind("vfio-user:", 0) == 0 || name.rfind("pci:", 0) == 0;
    regs::check::register_dump out;
    if (is_target) {
        target_request request = like;
        request.name = name;
        program.open(request, [&](target& device, const profile&) {
            out = regs::check::dump_device(device);
        });
        return out;
    }
    std::error_code ignored;
    const bool directory = std::filesystem::is_directory(name, ignored);
    std::ifstream file(directory ? "" : name, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!file.is_open() || file.bad())
        throw user_error(name, "cannot be read",
                         "give a file that `regs dump -o FILE` wrote, or a target");
    try {
        return regs::check::parse_dump(text, name);
    } catch (const regs::check::dump_error& e) {
        throw user_error("regs diff", e.what(), "give a file that `regs dump -o FILE` wrote");
    }
}

void add_diff(CLI::App& regs, int& status, const regs_program& program) {
    CLI::App* c = regs.add_subcommand("diff", "Compare two dumps, or targets");
    struct diff_request {
        target_request on{};
        std::string a{}, b{};
        bool json = false;
        bool strict = false;
    };
    auto o = std::make_shared<diff_request>();
    c->add_option("A", o->a, "File of `regs dump`, or a target")->required();
    c->add_option("B", o->b, "The same")->required();
    c->add_option("--topology", o->on.topology, "Topology of the model");
    c->add_flag("--allow-writes", o->on.allow_writes, "pci: reach the switch's registers, too");
    c->add_flag("--strict", o->strict,
                "Differences count also where devices may differ (links, IDs, what a host sets)");
    c->add_flag("--json", o->json, "As JSON");
    c->footer("Exit status: 0 no difference that counts, 1 differences.\n"
              "Example:\n  " +
              program.name + " diff silicon.txt model.txt");
    c->callback([o, &status, program] {
        const regs::check::register_dump a = dump_of(o->a, o->on, program);
        const regs::check::register_dump b = dump_of(o->b, o->on, program);
        const regs::check::comparison r = regs::check::compare(a, b);
        print("regs diff", o->json ? json_of(r, o->a, o->b) : text_of(r, o->a, o->b));
        if (r.compared == 0)
            throw user_error("regs diff", "the two have no register in common",
                             "compare the same port");
        status = (o->strict ? r.differences.size() : r.serious()) == 0 ? 0 : 1;
    });
}

} // namespace

void add_register_commands(CLI::App& regs, int& status, const regs_program& program) {
    add_check(regs, status, program);
    add_dump(regs, program);
    add_diff(regs, status, program);
}

} // namespace ntb::cli
