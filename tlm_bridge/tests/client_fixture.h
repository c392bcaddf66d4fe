// SPDX-License-Identifier: Apache-2.0
// A connection to the plain device over a scripted transport: the test is the client.
#pragma once

#include <utility>
#include <vector>

#include "tlm_bridge/tests/memory_transport.h"
#include "tlm_bridge/tests/messages.h"
#include "tlm_bridge/tests/plain_device.h"
#include "tlm_bridge/vfio_user/connection.h"

namespace ntb::bridge::test {

/// Nothing negotiated yet.
struct raw_client {
    captured_log log;
    plain_device device{log.logger()};
    memory_transport transport;
    guest_log limited_log{log.logger(), "port2"};
    vfio_user::connection link{transport, device, limited_log};
    vfio_user::progress last = vfio_user::progress::idle;

    static constexpr unsigned plenty = 1U << 20;

    /// Sends bytes as one chunk and returns all replies to them.
    std::vector<reply> ask(byte_vector bytes, std::vector<unique_fd> fds = {},
                           std::size_t lost = 0) {
        transport.output.clear();
        transport.arrive(std::move(bytes), std::move(fds), lost);
        last = link.pump(plenty);
        return replies_in(transport.output);
    }
    [[nodiscard]] bool closed() const { return last == vfio_user::progress::closed; }
};

/// After VERSION.
struct client : raw_client {
    client() {
        (void)ask(version_message());
        transport.output.clear();
    }
    int error_of(byte_vector bytes, std::vector<unique_fd> fds = {}, std::size_t lost = 0) {
        const auto replies = ask(std::move(bytes), std::move(fds), lost);
        if (replies.size() != 1) {
            return -1; // no answer, or too many: no errno is negative
        }
        return replies[0].is_error() ? replies[0].error() : 0;
    }
};

} // namespace ntb::bridge::test
