// SPDX-License-Identifier: Apache-2.0
// Runs Google Benchmark inside an SC_THREAD, because accesses to the model wait.
//
// Threading: the SystemC thread. Errors: a set-up that does not work ends the process with one
// line on stderr and exit code 2, so that no figure comes of it.
#pragma once

#include <cstdint>
#include <functional>

#include "model/config.h"
#include "testbench/root_complex/platform.h"

namespace ntb::bench {

/// The built-in topology two-host.
[[nodiscard]] topology_config two_host_topology();

/// Ends the process: "bench: WHAT", exit code 2.
[[noreturn]] void give_up(const char* what);

/// Links up, every host enumerated (BAR0, memory space, bus master, MSI), doorbells unmasked.
void bring_up(platform& p);

/// Elaborates, calls `body` in an SC_THREAD and stops. Returns main()'s exit code.
int simulate(const std::function<void()>& body);

/// The same with `prepare` and then all registered benchmarks, options from the command line.
int run_benchmarks(int argc, char** argv, const std::function<void()>& prepare);

} // namespace ntb::bench
