// SPDX-License-Identifier: Apache-2.0
// The one program: `ntbsim run|serve|regs|trace|topology`. It composes; behaviour is elsewhere.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <systemc>

#include "testbench/ntbsim/commands.h"

namespace {

int ntbsim_main(int argc, char** argv) {
    CLI::App app{"Virtual platform of the 89HPES24NT6AG2 PCIe non-transparent bridge", "ntbsim"};
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "Help of every command");
    int status = 0;
    ntb::cli::add_run(app, status);
    ntb::cli::add_serve(app, status);
    ntb::cli::add_regs(app, status);
    ntb::cli::add_trace(app, status);
    ntb::cli::add_topology(app, status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "ntbsim: command line: %s (see ntbsim --help)\n", error.what());
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
