// SPDX-License-Identifier: Apache-2.0
// An ivshmem server: gives every client of its socket an ID, the same shared memory, and eventfds
// between every two of them; tells who joins and who leaves (messages: wire.h). What clients then
// do with each other it does not see. Speaks as QEMU's contrib/ivshmem-server does, so QEMU's
// ivshmem-doorbell devices are clients, too.
//
// The memory is anonymous and sealed: no client can make it shorter under the others. It lives as
// long as anybody holds it, so longer than the server.
//
// No client can hold up the others: nothing waits for one, one that speaks is thrown out (the
// protocol has no words for it), and so is one that leaves too much unread.
//
// Threading: one thread. Errors: setup_error from the constructor; later, log lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <vector>

#include "tlm_bridge/ivshmem/wire.h"
#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/unix_socket.h"

namespace ntb::ivshmem {

class server {
public:
    static constexpr std::size_t max_clients = 256;
    static constexpr std::size_t max_vectors = 64; ///< as QEMU's server has it
    static constexpr std::uint64_t max_size = std::uint64_t{1} << 40U;

    struct options {
        std::string path; ///< of the socket
        /// Bytes of memory, rounded up to a power of two of at least a page: QEMU's device makes a
        /// BAR of it. 4 MiB is the default of QEMU's server.
        std::uint64_t size = std::uint64_t{4} << 20U;
        std::size_t vectors = 1; ///< interrupt vectors of each client
    };

    /// Throws bridge::setup_error. Nobody is accepted before the first turn().
    server(const options& o, const std::shared_ptr<spdlog::logger>& logger);
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Waits until a client comes, goes or can take more, at most `wait_ms` (-1: for ever), and
    /// does what is to be done then. False if `stop_fd` is readable (-1: none).
    [[nodiscard]] bool turn(int wait_ms, int stop_fd = -1);

    [[nodiscard]] std::uint64_t memory_size() const noexcept { return size_; }
    [[nodiscard]] std::size_t clients() const noexcept { return clients_.size(); }

private:
    using shared_fd = std::shared_ptr<const bridge::unique_fd>;

    /// A message that its client has not taken yet; it keeps its descriptor open, whose owner may
    /// be gone meanwhile.
    struct outgoing {
        std::int64_t number = 0;
        shared_fd descriptor;
    };

    enum class ending : unsigned char { none, gone, spoke, does_not_read };

    struct client {
        client(peer_id number, bridge::unique_fd socket) : id(number), stream(std::move(socket)) {}
        peer_id id;
        bridge::unix_stream stream;
        std::vector<shared_fd> eventfds;
        std::deque<outgoing> unsent;
        std::size_t sent_of_first = 0; ///< bytes of unsent.front()
        ending end = ending::none;     ///< why it is to be removed
    };

    void accept_clients();
    void join(bridge::unique_fd socket);
    [[nodiscard]] bool make_eventfds(client& c);
    [[nodiscard]] peer_id free_id();
    void announce(client& to, const client& who);
    void say(client& to, std::int64_t number, shared_fd descriptor = nullptr);
    void flush(client& c);
    void listen_to(client& c);
    void remove_ended();

    std::size_t vectors_;
    std::uint64_t size_;
    bridge::guest_log comings_; ///< and goings
    bridge::guest_log faults_;  ///< apart, so that a flood of comings does not hide them
    bridge::unix_listener listener_;
    shared_fd memory_;
    std::list<client> clients_;
    std::uint32_t next_id_ = 0;
    bool refused_by_system_ = false; ///< a send failed for too many descriptors under way
};

} // namespace ntb::ivshmem
