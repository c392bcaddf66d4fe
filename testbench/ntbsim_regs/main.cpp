// SPDX-License-Identifier: Apache-2.0
// `ntbsim-regs check|dump|diff`: the register validation of `ntbsim regs` as one static program
// without SystemC, to be copied to the machine with the silicon (targets pci: and vfio-user:).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "testbench/regs/check/cli/regs_check_command.h"

int main(int argc, char* argv[]) {
    CLI::App app{"Validates the registers of a 89HPES24NT6AG2 PCIe non-transparent bridge",
                 "ntbsim-regs"};
    app.require_subcommand(1);
    app.set_version_flag("--version", "ntbsim-regs " NTBSIM_VERSION, "Print the version");
    int status = 0;
    ntb::cli::add_register_commands(
        app, status,
        {"ntbsim-regs", "", "pci:BDF or vfio-user:SOCKET", ntb::cli::open_outside_target});
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForVersion& version) {
        return app.exit(version);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "ntbsim-regs: command line: %s (see ntbsim-regs --help)\n",
                     error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ntbsim-regs: %s\n", error.what());
        return 2;
    }
    return status;
}
