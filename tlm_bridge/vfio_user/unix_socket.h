// SPDX-License-Identifier: Apache-2.0
// UNIX stream sockets: the listener at a path, and one accepted connection as a transport.
//
// Threading: one thread. Nothing waits. Errors: of the listener, setup_error with what to do; of a
// connection, `closed`.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <sys/types.h>

#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/vfio_user/transport.h"

namespace ntb::vfio_user {

/// A socket at a path, for its owner only (mode 0600). A socket that a dead process left there is
/// replaced; anything else there is refused. The path is removed at the end, unless somebody
/// else has put something of his own there meanwhile.
class unix_listener {
public:
    /// Throws bridge::setup_error.
    explicit unix_listener(std::string path);
    unix_listener(const unix_listener&) = delete;
    unix_listener& operator=(const unix_listener&) = delete;
    ~unix_listener();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// The next client, or nothing if none is waiting. When the process is out of descriptors the
    /// client is turned away, since it would keep the poll awake for ever.
    [[nodiscard]] bridge::unique_fd accept();

private:
    std::string path_;
    bridge::unique_fd socket_;
    bridge::unique_fd spare_; ///< given up to turn away a client when there is no other
    // What we made, to know it again.
    dev_t device_ = 0;
    ino_t inode_ = 0;
    timespec made_{};
};

class unix_stream final : public transport {
public:
    /// Takes a connected, non-blocking socket.
    explicit unix_stream(bridge::unique_fd socket) : socket_(std::move(socket)) {}

    io_result receive(bridge::mutable_bytes into, bridge::fd_batch& fds) override;
    io_result send(bridge::const_bytes bytes) override;
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// Whether the other end is closed (input may still be waiting).
    [[nodiscard]] bool hung_up() const;

private:
    bridge::unique_fd socket_;
};

} // namespace ntb::vfio_user
