// SPDX-License-Identifier: Apache-2.0
// `regs check`, `regs dump` and `regs diff`, shared by ntbsim and by ntbsim-regs, which is without
// SystemC and so without the target "model".
//
// Errors: user_error (testbench/ntbsim/commands.h); a validation with findings and a comparison
// with differences set the status to 1.
#pragma once

#include <functional>
#include <string>

#include "testbench/regs/check/context.h"
#include "testbench/regs/check/target.h"

namespace CLI {
class App;
}

namespace ntb::cli {

/// What a user says of the device to work on.
struct target_request {
    std::string name{};     ///< "model", "vfio-user:SOCKET", "pci:BDF"
    std::string topology{}; ///< of the model; what another device was loaded with
    bool allow_writes = false;
    bool allow_shared = false;
    bool allow_reset = false;
    bool fresh = false;
};

/// Opens the target and gives it to `body`, with what is known of its values at power-on.
using target_body = std::function<void(regs::check::target&, const regs::check::profile&)>;
using target_opener = std::function<void(const target_request&, const target_body&)>;

struct regs_program {
    std::string name{};           ///< for help: "ntbsim regs", "ntbsim-regs"
    std::string default_target{}; ///< empty = has to be said
    std::string targets{};        ///< for help
    target_opener open{};
};

void add_register_commands(CLI::App& regs, int& status, const regs_program& program);

/// Opens vfio-user: and pci: targets.
void open_outside_target(const target_request& request, const target_body& body);

} // namespace ntb::cli
