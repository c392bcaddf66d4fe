// SPDX-License-Identifier: Apache-2.0
// The commands of `ntbsim`, one function each: it adds its subcommand to the program and a
// callback that does the work.
//
// Errors: a callback throws user_error for what the user can mend; main() prints it as the one
// line "ntbsim: WHAT: WHY (what to do)" and exits with 2. A command that ran but whose result is
// negative (a failed expectation, a missed budget) sets `status` to 1.
#pragma once

#include <stdexcept>
#include <string>

namespace CLI {
class App;
}
namespace ntb {
struct eeprom_status;
}
namespace ntb::config {
struct topology_file;
}

namespace ntb::cli {

/// An error that the user can cause and mend: what failed, why, what to do about it.
class user_error : public std::runtime_error {
public:
    user_error(const std::string& what, const std::string& why, const std::string& remedy)
        : std::runtime_error(what + ": " + why + " (" + remedy + ")") {}
};

/// The one line about a switch that its EEPROM has halted; empty if none has.
[[nodiscard]] std::string halt_text(const config::topology_file& topology,
                                    const eeprom_status& status);

/// Whether `path` is a capture, which is replayed and not played.
[[nodiscard]] bool is_capture(const std::string& path);

void add_run(CLI::App& app, int& status);      ///< ntbsim run
void add_serve(CLI::App& app, int& status);    ///< ntbsim serve
void add_regs(CLI::App& app, int& status);     ///< ntbsim regs
void add_trace(CLI::App& app, int& status);    ///< ntbsim trace
void add_ivshmem_server(CLI::App& app);        ///< ntbsim ivshmem-server
void add_topology(CLI::App& app, int& status); ///< ntbsim topology

} // namespace ntb::cli
