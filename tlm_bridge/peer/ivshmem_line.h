// SPDX-License-Identifier: Apache-2.0
// How two simulators find and wake each other: through an ivshmem server, which hands out the
// memory and the eventfds and tells who comes and goes. When the server is lost, what is there
// works on, nobody new can join, and whether the other side lives is looked at every so often.
//
// Threading: one thread. Errors: setup_error from the constructor, later one line in the log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <spdlog/spdlog.h>
#include <string>

#include "tlm_bridge/ivshmem/client.h"
#include "tlm_bridge/kernel/bridge_thread.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::peer {

class ivshmem_line : private ivshmem::peer_events {
public:
    /// Connects to the server at `path`.
    ivshmem_line(const std::string& path, std::shared_ptr<spdlog::logger> logger);

    [[nodiscard]] int memory_fd() const { return client_.memory_fd(); }
    [[nodiscard]] std::uint32_t id() const { return client_.id(); }
    /// Wakes that client, if there is one of that ID.
    void ring(std::uint32_t id);

    /// From now on `look` is called when the other side has rung or somebody came or went.
    /// Elaboration only.
    void watch_from(bridge::bridge_thread& thread, std::function<void()> look);

private:
    void joined(ivshmem::peer_id peer) override;
    void left(ivshmem::peer_id) override {}
    void server_speaks();
    void server_is_lost();

    static constexpr long look_every_ms = 200; ///< without a server

    std::shared_ptr<spdlog::logger> logger_;
    ivshmem::client client_;
    std::function<void()> look_;
    bridge::unique_fd timer_;
    /// Whom to ring as soon as the server has told of it: it attached before that.
    std::optional<std::uint32_t> owed_{};
};

} // namespace ntb::peer
