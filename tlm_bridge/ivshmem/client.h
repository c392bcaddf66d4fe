// SPDX-License-Identifier: Apache-2.0
// A client of an ivshmem server (ours or QEMU's own) at a UNIX socket.
//
// The constructor connects and waits until the server has said everything that a new client needs;
// peers() are then the peers that are there already. After that nothing waits: poll server_fd() for
// input and call process(), poll interrupt_fd(v) and call take_interrupt(v). When the server dies
// or misbehaves, server_failure() says why and server_fd() is -1; memory, peers and interrupts work
// on, but nobody tells any more of peers that leave, and nobody new can join.
//
// Threading: one thread. Errors: setup_error from the constructor; later server_failure().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tlm_bridge/ivshmem/client_session.h"
#include "tlm_bridge/unix_socket.h"

namespace ntb::ivshmem {

class client {
public:
    struct options {
        std::string path; ///< the server's socket
        /// Interrupt vectors that are used; the server must give as many.
        std::size_t vectors = 1;
        /// The server's memory must have as many bytes (QEMU's server gives 4 MiB by default).
        std::uint64_t smallest_memory = 1;
        /// For the server to say what a new client needs.
        std::chrono::milliseconds patience{5000};
    };

    /// Connects. Throws bridge::setup_error.
    explicit client(const options& o);
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    /// To poll for input; -1 when the server is lost.
    [[nodiscard]] int server_fd() const noexcept { return stream_ ? stream_->fd() : -1; }
    /// Obeys what the server has said, at most client_session::messages_at_once messages.
    void process(peer_events& events);
    /// Why the server is lost, one line; empty while it is not.
    [[nodiscard]] const std::string& server_failure() const noexcept { return session_.failure(); }

    // See client_session.
    [[nodiscard]] peer_id id() const noexcept { return session_.id(); }
    [[nodiscard]] int memory_fd() const noexcept { return session_.memory_fd(); }
    [[nodiscard]] std::uint64_t memory_size() const noexcept { return session_.memory_size(); }
    [[nodiscard]] bool memory_is_sealed() const noexcept { return session_.memory_is_sealed(); }
    [[nodiscard]] std::size_t vectors() const noexcept { return session_.vectors(); }
    [[nodiscard]] int interrupt_fd(std::size_t vector) const noexcept {
        return session_.interrupt_fd(vector);
    }
    [[nodiscard]] bool take_interrupt(std::size_t vector) noexcept {
        return session_.take_interrupt(vector);
    }
    [[nodiscard]] bool has_peer(peer_id peer) const { return session_.has_peer(peer); }
    [[nodiscard]] std::vector<peer_id> peers() const { return session_.peers(); }
    [[nodiscard]] bridge::signal_result ring(peer_id peer, std::size_t vector) noexcept {
        return session_.ring(peer, vector);
    }

private:
    void await_setup(const options& o);

    client_session session_;
    std::unique_ptr<bridge::unix_stream> stream_;
};

} // namespace ntb::ivshmem
