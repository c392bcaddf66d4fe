// SPDX-License-Identifier: Apache-2.0
// `ntbsim run --port P --peer ivshmem:SOCKET`: two processes play the same stimulus files, each the
// statements at its own ports, on the two parts of one switch (docs/peer-link.md). Simulated time
// is shared (tlm_bridge/peer/turns.h), so every statement starts when it would in one process.
//
// Statements about no port (failover, temp, smbus, a pause, a reset of the whole switch) are played
// by who has the lowest port of the topology; a reset of a partition by who has its lowest port.
//
// Threading: the SystemC thread. Errors: user_error and setup_error from the constructor,
// user_error from await_other(), pass() and await(): a port that nobody has, or the other one has
// left before the end.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "model/other_part.h"
#include "testbench/config/topology_file.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/ntbsim/peer_side.h"
#include "testbench/root_complex/platform.h"
#include "testbench/stimulus/play_partner.h"
#include "tlm_bridge/kernel/bridge_thread.h"
#include "tlm_bridge/peer/companion.h"

namespace ntb::cli {

class joint_play final : public stimulus::play_partner, private peer::companion {
public:
    struct options {
        std::string peer{};               ///< what --peer was given
        std::vector<unsigned> ports{};    ///< those of this process
        std::vector<std::string> files{}; ///< what is played
        std::uint64_t seed = 1;
    };
    /// Elaboration, before the platform is built. `topology` outlives it.
    joint_play(const options& o, const config::topology_file& topology,
               const timing_config& timing);

    /// For the platform.
    [[nodiscard]] other_part& part() { return peer_.link(); }
    /// Elaboration, when all is built. Simulates until stop().
    void simulate(platform& bench);
    /// Ends the simulation.
    void stop() { thread_.stop(); }

    // From the player's SC_THREAD:
    /// Waits for the other process, at time 0, and brings the links up.
    void begin(platform& bench);

    // play_partner
    [[nodiscard]] bool begins() const override;
    [[nodiscard]] bool plays(const stimulus::action& what) const override;
    void pass() override;
    [[nodiscard]] bool await() override;
    void end() override;

private:
    /// What one says to the other.
    enum class word : std::uint32_t {
        ready = 1, ///< links are up
        yours,     ///< the other one plays on
        over,      ///< the play has come to its end
    };

    void other_is(bool present) override;
    void heard(std::uint32_t word) override;
    [[nodiscard]] word next_word();
    void say(word w) { peer_.link().say(static_cast<std::uint32_t>(w)); }
    void check_ports();
    [[nodiscard]] user_error left_early() const;
    [[nodiscard]] bool has(unsigned port) const { return (ports_ >> port & 1U) != 0; }

    const config::topology_file& topology_;
    std::string name_;
    std::uint32_t ports_; ///< bit p = port p
    peer_side peer_;
    bridge::bridge_thread thread_;
    std::deque<word> words_;
    bool left_ = false; ///< the other one was there, and has gone
    sc_core::sc_event changed_;
};

} // namespace ntb::cli
