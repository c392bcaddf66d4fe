// SPDX-License-Identifier: Apache-2.0
// The option --peer of `serve` and `run`: this simulator has some of the switch's ports, another
// one at the same ivshmem server the others (docs/peer-link.md).
//
// Threading: the SystemC thread. Errors: setup_error and user_error from the constructor.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <spdlog/spdlog.h>
#include <string>

#include "model/ntb_switch.h"
#include "testbench/config/topology_file.h"
#include "tlm_bridge/kernel/bridge_thread.h"
#include "tlm_bridge/peer/attachment.h"
#include "tlm_bridge/peer/ivshmem_line.h"
#include "tlm_bridge/peer/peer_link.h"
#include "tlm_bridge/peer/window_line.h"
#include "tlm_bridge/stub/window_broker.h"

namespace ntb::cli {

class peer_side {
public:
    struct options {
        std::string argument{};  ///< what --peer was given
        std::uint32_t ports = 0; ///< bit p = port p is here
        bool exact = false;      ///< --pace none
        /// `run`: of what both processes play, in a switch of their own.
        std::optional<std::uint64_t> play_hash{};
    };
    peer_side(const options& o, const config::topology_file& topology, const timing_config& timing,
              std::shared_ptr<spdlog::logger> logger);

    /// Lets windows lead into the other process; null where they stay trapped. Elaboration only.
    [[nodiscard]] std::unique_ptr<peer::window_line>
    make_window_line(bridge::window_broker& broker) const;
    /// For the switch that is built in parts.
    [[nodiscard]] peer::peer_link& link() { return *link_; }
    /// Elaboration, when all is built.
    void begin(ntb_switch& s, bridge::bridge_thread& thread);

    /// When the switch's simulated time was 0, and what it is now.
    [[nodiscard]] std::chrono::steady_clock::time_point epoch() const;
    [[nodiscard]] std::uint64_t now_ps() const;

private:
    bool exact_;
    std::shared_ptr<spdlog::logger> logger_;
    std::unique_ptr<peer::ivshmem_line> line_;
    std::unique_ptr<peer::attachment> place_;
    std::unique_ptr<peer::peer_link> link_;
};

} // namespace ntb::cli
