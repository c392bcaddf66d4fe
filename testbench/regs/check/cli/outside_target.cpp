// SPDX-License-Identifier: Apache-2.0
// Targets outside of this process: vfio-user:SOCKET and pci:BDF.
#include <string>

#include "testbench/config/topology_file.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/regs/check/cli/regs_check_command.h"
#include "testbench/regs/check/targets/pci_target.h"
#include "testbench/regs/check/targets/vfio_user_target.h"
#include "testbench/regs/check/topology_profile.h"

namespace ntb::cli {

void open_outside_target(const target_request& request, const target_body& body) {
    constexpr std::string_view vfio = "vfio-user:";
    constexpr std::string_view pci = "pci:";
    regs::check::profile expected;
    if (!request.topology.empty()) {
        expected = regs::check::profile_of(config::load_topology(request.topology).topology);
        expected.complete = false; // which links are up is not known
    }
    try {
        if (request.name.compare(0, vfio.size(), vfio) == 0) {
            regs::check::vfio_user_target device(request.name.substr(vfio.size()), request.fresh);
            body(device, expected);
        } else if (request.name.compare(0, pci.size(), pci) == 0) {
            regs::check::pci_target device(
                request.name.substr(pci.size()),
                {request.allow_writes, request.allow_shared, request.allow_reset});
            body(device, expected);
        } else {
            throw user_error("--target " + request.name, "no such kind of target",
                             "model, vfio-user:SOCKET or pci:BDF");
        }
    } catch (const regs::check::target_error& e) {
        throw user_error("--target " + request.name, e.what(),
                         "is the device there, and may you use it?");
    }
}

} // namespace ntb::cli
