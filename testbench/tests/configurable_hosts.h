// SPDX-License-Identifier: Apache-2.0
// Two ports with hosts of which only the first has an NT function to begin with: port 0 in the
// active partition 0; port 2 disabled, its host waiting, its BARs prepared. Registers are reached
// at once through the switch's debug door, so that a test sees the time of a change and no other.
//
// Units: simulated time. Threading: everything but the constructor and run() is for the body of
// run(). Errors: an unknown register name fails the test.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "model/regs/nt_refs.h"
#include "model/regs/sw_refs.h"
#include "testbench/fixture/recorded_signals.h"
#include "testbench/fixture/simulated_test.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/root_complex/platform.h"
#include "testbench/stimulus/parser.h"
#include "testbench/tests/several_hosts.h"

namespace ntb::test {

[[nodiscard]] inline topology_config one_configured_port() {
    topology_config t = topology_of({{0, 0}, {2, 1}});
    t.partitions.at(1) = partition_state::disabled;
    port_config& waiting = t.ports.at(2);
    waiting.mode = port_mode::disabled;
    waiting.partition = partition_number(0);
    waiting.host = true;
    return t;
}

class configurable_hosts {
public:
    explicit configurable_hosts(const timing_config& timing = timing_config{},
                                const topology_config& topology = one_configured_port())
        : bench("bench", topology, timing, &signals), host0(bench.host(port_number(0))),
          host2(bench.host(port_number(2))) {}

    recorded_signals signals{};
    platform bench;
    root_complex& host0;
    root_complex& host2;

    static constexpr std::uint32_t oma_reset = 1U << 16;
    static constexpr std::uint32_t initiated = 1; ///< OMCI, SCI
    static constexpr std::uint32_t completed = 2; ///< OMCC, SCC

    /// A value for SWPORTxCTL.
    [[nodiscard]] static std::uint32_t as(port_mode mode, unsigned partition,
                                          unsigned device_number = 0) {
        return static_cast<std::uint32_t>(mode) | partition << 4 | device_number << 10;
    }
    /// What SWPORTxSTS shows of that.
    [[nodiscard]] static std::uint32_t shown(port_mode mode, unsigned partition,
                                             unsigned device_number = 0) {
        return static_cast<std::uint32_t>(mode) << 6 | partition << 10 | device_number << 16;
    }

    void run(std::function<void()> body,
             const sc_core::sc_time& limit = sc_core::sc_time(1, sc_core::SC_SEC)) {
        test_.run(
            [this, &body] {
                bench.power_on();
                body();
            },
            limit);
    }

    /// Any register by name; of an NT function, that of `of_port`.
    std::uint32_t get(std::string_view name, unsigned of_port = 0) {
        return bench.device().global_read(address_of(name, of_port));
    }
    void set(std::string_view name, std::uint32_t value, unsigned of_port = 0) {
        bench.device().global_write(address_of(name, of_port), value);
    }
    void without_delays() {
        for (const char* name : {"RDRAINDELAY", "POMCDELAY", "SEDELAY", "USSBRDELAY"})
            set(name, 0);
    }
    /// Port 2 becomes the NT port of partition 1, at once.
    void set_up_port_2() {
        without_delays();
        set("SWPART1CTL", 1);
        set("SWPART1STS", initiated | completed);
        set("SWPORT2CTL", as(port_mode::nt, 1) | oma_reset);
        set("SWPORT2STS", initiated | completed);
        settle();
    }
    /// The OMCI, OMCC or SCI, SCC bits.
    std::uint32_t handshake(std::string_view name) { return get(name) & (initiated | completed); }

    static void settle() { sc_core::wait(10, sc_core::SC_US); }
    static void wait_ns(std::uint64_t ns) {
        sc_core::wait(sc_core::sc_time(static_cast<double>(ns), sc_core::SC_NS));
    }

private:
    static std::uint32_t address_of(std::string_view name, unsigned of_port) {
        const auto place = stimulus::model_register(name);
        BOOST_TEST_REQUIRE(place.has_value(), "no register " + std::string(name));
        return stimulus::global_address(*place, port_number(of_port));
    }

    simulated_test test_{};
};

} // namespace ntb::test
