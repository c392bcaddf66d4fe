// SPDX-License-Identifier: Apache-2.0
// A switch of any topology with a host at every NT port, for what the two-host fixture cannot show:
// more than two partitions, other links, other BARs. Ports 0, 2, 4, 6 are partitions 0, 1, 2, 3
// where a test does not say otherwise.
//
// Units: simulated time. Threading: everything but the constructor and run() is for the body of
// run(). Errors: an unknown register name and an access that fails are failures of the test.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "testbench/fixture/recorded_signals.h"
#include "testbench/fixture/simulated_test.h"
#include "testbench/root_complex/platform.h"

namespace ntb::test {

struct placed_port {
    unsigned port = 0;
    unsigned partition = 0;
};

/// NT ports with 4 KiB of configuration space at BAR0; their partitions are active. The device is
/// the default one if it has those ports. Two ports in one partition make it compatible to "seed".
[[nodiscard]] topology_config topology_of(const std::vector<placed_port>& ports);

/// Four hosts: ports 0, 2, 4, 6 in partitions 0, 1, 2, 3.
[[nodiscard]] topology_config four_partitions();

class several_hosts {
public:
    explicit several_hosts(const topology_config& topology = four_partitions(),
                           const timing_config& timing = timing_config{});

    recorded_signals signals{};
    platform bench;

    /// Links up, every function enumerated, then `body`.
    void run(std::function<void()> body,
             const sc_core::sc_time& limit = sc_core::sc_time(1, sc_core::SC_SEC));

    [[nodiscard]] root_complex& host(unsigned port) { return bench.host(port_number(port)); }

    // By name, as in two_hosts.
    std::uint32_t read(unsigned port, std::string_view name);
    void write(unsigned port, std::string_view name, std::uint32_t value);
    std::uint32_t global_read(unsigned port, std::string_view name, unsigned of_port = 0);
    void global_write(unsigned port, std::string_view name, std::uint32_t value,
                      unsigned of_port = 0);

    [[nodiscard]] std::uint64_t msis(unsigned port) { return host(port).interrupts().msi_count(); }
    static void settle() { sc_core::wait(10, sc_core::SC_US); }

private:
    simulated_test test_{};
};

} // namespace ntb::test
