// SPDX-License-Identifier: Apache-2.0
// The one program: `ntbsim run|serve|regs|trace|ivshmem-server|topology`. It composes; behaviour is
// elsewhere.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <systemc>
#include <vector>

#include "testbench/ntbsim/commands.h"

namespace {

/// "a, b, c": the commands under this one.
std::string command_names(const CLI::App& app) {
    std::string out;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
        out.append(out.empty() ? "" : ", ").append(sub->get_name());
    return out;
}

/// One line about a command line that cannot be, naming the command where it went wrong.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
    const CLI::App* at = &app;
    std::string name; // without "ntbsim"
    while (!at->get_subcommands().empty()) {
        at = at->get_subcommands().back();
        name.append(name.empty() ? "" : " ").append(at->get_name());
    }
    const std::string help = "ntbsim " + name + (name.empty() ? "" : " ") + "--help";
    const std::vector<std::string> rest = at->remaining();
    if (at->get_require_subcommand_min() > 0 && at->get_subcommands().empty()) {
        const std::string words = name + (name.empty() ? "" : " ");
        if (rest.empty())
            return (name.empty() ? "command line" : name) +
                   ": a command is missing: " + command_names(*at) + " (see " + help + ")";
        const bool option = rest.front().rfind('-', 0) == 0;
        return words + rest.front() + ": no such " + (option ? "option" : "command") + " (" +
               (option ? "see " + help : command_names(*at)) + ")";
    }
    return (name.empty() ? "command line" : name) + ": " + error.what() + " (see " + help + ")";
}

int ntbsim_main(int argc, char** argv) {
    CLI::App app{"Virtual platform of the 89HPES24NT6AG2 PCIe non-transparent bridge", "ntbsim"};
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "Help of every command");
    app.set_version_flag("--version", "ntbsim " NTBSIM_VERSION, "Print the version");
    int status = 0;
    ntb::cli::add_run(app, status);
    ntb::cli::add_serve(app, status);
    ntb::cli::add_regs(app, status);
    ntb::cli::add_trace(app, status);
    ntb::cli::add_ivshmem_server(app);
    ntb::cli::add_topology(app, status);
    // Last: commands take over the footer that is there when they are added.
    app.footer("Example:\n"
               "  ntbsim run testbench/scenarios/pingpong.stim --vcd pingpong.vcd\n"
               "  ntbsim trace latency pingpong.vcd");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForVersion& version) {
        return app.exit(version);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "ntbsim: %s\n", complaint(app, error).c_str());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ntbsim: %s\n", error.what());
        return 2;
    }
    return status;
}

} // namespace

int sc_main(int argc, char* argv[]) {
    return ntbsim_main(argc, argv);
}

// SystemC's own main() greets; a program whose output others read does not.
int main(int argc, char* argv[]) {
    ::setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "DISABLE", 0);
    sc_core::sc_report_handler::set_actions("/OSCI/SystemC", sc_core::SC_DO_NOTHING);
    return sc_core::sc_elab_and_sim(argc, argv);
}
