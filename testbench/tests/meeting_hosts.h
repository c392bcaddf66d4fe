// SPDX-License-Identifier: Apache-2.0
// Three hosts with windows into each other's memory, for tests of TLPs that meet. Every expected
// time is computed from the timing configuration alone (expected_time.h).
//
// Units: picoseconds; bytes. Threading and errors: as several_hosts.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

namespace ntb::test {

inline constexpr bar_number bar2(2);
inline constexpr unsigned kib2 = 2048;
/// On the wire: TLPs of 128 bytes, the largest payload after reset.
[[nodiscard]] constexpr unsigned wire_of(unsigned data) {
    return data + (data + 127) / 128 * (8 + 12);
}

/// Ports 0, 2 and 4 in partitions 0, 1 and 2, each with a window at BAR2: those of 0 and 4 lead to
/// partition 1, that of 2 to partition 0. Whoever asks may cross.
[[nodiscard]] inline topology_config windows_to_port_2() {
    topology_config t = topology_of({{0, 0}, {2, 1}, {4, 2}});
    for (const unsigned port : {0U, 2U, 4U})
        t.ports.at(port).bars.at(2) = bar_config{true,
                                                 false,
                                                 false,
                                                 false,
                                                 16,
                                                 bar_translation::direct,
                                                 partition_number(port == 2 ? 0U : 1U)};
    return t;
}

class meeting_hosts : public several_hosts {
public:
    explicit meeting_hosts(const timing_config& timing = timing_config{})
        : several_hosts(windows_to_port_2(), timing), timing_(timing), expected(timing) {}

    /// Windows open, MSIs on; then a clock edge, with nothing on its way.
    void prepare() {
        for (const unsigned port : {0U, 2U, 4U}) {
            write(port, "NTCTL", 3);
            write(port, "INDBELLMSK", 0);
            write(port, "NTINTMSK", int_all & ~int_dbell);
        }
        align();
    }
    void align() {
        settle();
        sc_core::wait(sc_core::sc_time::from_value(expected.edge(now_ps() + 1) - now_ps()));
        signals.clear();
    }
    /// A window write of its own thread; `done` of those that were spawned come back.
    void spawn_write(unsigned port, unsigned bytes, std::uint64_t at = 0) {
        ++running_;
        sc_core::sc_spawn([this, port, bytes, at] {
            std::vector<unsigned char> data(bytes, static_cast<unsigned char>(0xA0 + port));
            BOOST_TEST(host(port).bar_transfer(bar2, tlm::TLM_WRITE_COMMAND, at, data.data(),
                                               bytes) == tlm::TLM_OK_RESPONSE);
            finished();
        });
    }
    void spawn(std::function<void()> body) {
        ++running_;
        sc_core::sc_spawn([this, body = std::move(body)] {
            body();
            finished();
        });
    }
    void await_all() {
        while (running_ != 0)
            sc_core::wait(done_);
    }
    const std::vector<recorded_signals::change>& tlps(unsigned port, const char* direction) {
        return signals.changes("switch.port" + std::to_string(port) + ".link." + direction +
                               ".tlp");
    }
    /// When a window write that a host begins to send at `ps` has been translated.
    [[nodiscard]] std::uint64_t translated(std::uint64_t ps, unsigned bytes) const {
        return expected.acts(ps, wire_of(bytes)) + expected.cycles(timing_.window);
    }
    /// When the target's link could take it.
    [[nodiscard]] std::uint64_t ready(std::uint64_t translated_ps) const {
        return expected.reaches_other_host(translated_ps, 0);
    }

protected:
    timing_config timing_;

public:
    expected_time expected;

private:
    void finished() {
        if (--running_ == 0)
            done_.notify();
    }
    unsigned running_ = 0;
    sc_core::sc_event done_;
};

[[nodiscard]] inline timing_config timing_with(void (*change)(timing_config&)) {
    timing_config t{};
    change(t);
    return t;
}

} // namespace ntb::test
