// SPDX-License-Identifier: Apache-2.0
// UNIX stream sockets: the listener at a path, a connection to one, and one connection as a
// transport.
//
// Threading: one thread. Nothing waits. Errors: of listener and connect_to(), setup_error with what
// to do; of a connection, `closed`.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <sys/types.h>

#include "tlm_bridge/transport.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::bridge {

/// A socket at a path, for its owner only (mode 0600). A socket that a dead process left there is
/// replaced; anything else there is refused. The path is removed at the end, unless somebody
/// else has put something of his own there meanwhile.
class unix_listener {
public:
    /// Throws setup_error.
    explicit unix_listener(std::string path);
    unix_listener(const unix_listener&) = delete;
    unix_listener& operator=(const unix_listener&) = delete;
    ~unix_listener();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// The next client, or nothing if none is waiting. When the process is out of descriptors the
    /// client is turned away, since it would keep the poll awake for ever.
    [[nodiscard]] unique_fd accept();

private:
    std::string path_;
    unique_fd socket_;
    unique_fd spare_; ///< given up to turn away a client when there is no other
    // What we made, to know it again.
    dev_t device_ = 0;
    ino_t inode_ = 0;
    timespec made_{};
};

/// A connection to the socket at `path`, non-blocking. Throws setup_error if the path cannot be a
/// socket's, if nobody listens there, or if the listener's queue is full; `to_do` is what the user
/// may do where nobody listens.
[[nodiscard]] unique_fd connect_to(const std::string& path, const std::string& to_do);

class unix_stream final : public transport {
public:
    /// Takes a connected, non-blocking socket.
    explicit unix_stream(unique_fd socket) : socket_(std::move(socket)) {}

    io_result receive(mutable_bytes into, fd_batch& fds) override;
    io_result send(const_bytes bytes) override;
    /// Sends what fits, with a descriptor (-1: without), of which the other end gets a duplicate.
    io_result send_with(const_bytes bytes, int descriptor);
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// Whether the other end is closed (input may still be waiting).
    [[nodiscard]] bool hung_up() const;

private:
    unique_fd socket_;
};

} // namespace ntb::bridge
