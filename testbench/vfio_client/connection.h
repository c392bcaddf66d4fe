// SPDX-License-Identifier: Apache-2.0
// The client's end of a vfio-user socket: messages out and in, whole, and the version handshake.
// What a client sends is the business of those who use it (benchmarks, the register checks).
//
// Threading: none of its own. Errors: client_error; a reply with an error number is one, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/vfio_user/wire.h"

namespace ntb::vfio_user {

class client_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class client_connection {
public:
    using message = std::vector<std::uint8_t>;

    explicit client_connection(const std::string& socket_path);

    [[nodiscard]] int descriptor() const { return socket_.get(); }

    /// A message of that command with the next free ID.
    [[nodiscard]] message make(wire::command command, std::uint32_t flags, const void* payload,
                               std::size_t size);
    /// Sends it, with a file if `file` is not -1.
    void send(const message& m, int file = -1);
    void read_exactly(std::uint8_t* to, std::size_t size);
    /// The next message.
    [[nodiscard]] message receive();
    /// Sends and returns the reply.
    message round_trip(const message& m, int file = -1) {
        send(m, file);
        return receive();
    }
    /// Negotiates the version.
    void shake_hands();

private:
    bridge::unique_fd socket_;
    std::uint16_t next_id_ = 0;
};

} // namespace ntb::vfio_user
