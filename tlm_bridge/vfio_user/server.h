// SPDX-License-Identifier: Apache-2.0
// A vfio-user server of one PCI function at one socket path: one client at a time.
//
// The owner polls listener_fd() and client_fd() and calls accept_clients() and serve() when they
// have something; both return at once if there is nothing. Threading: the SystemC thread;
// serve() may suspend the calling SC_THREAD in a device call and must not be entered again until
// it returns, while accept_clients() may be called any time. Errors: setup_error on construction,
// none later.
#pragma once

#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <utility>

#include "tlm_bridge/device.h"
#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/unix_socket.h"
#include "tlm_bridge/vfio_user/connection.h"

namespace ntb::vfio_user {

class server {
public:
    /// `name` tells the port in log lines. The device outlives the server.
    server(std::string path, bridge::device& device, std::shared_ptr<spdlog::logger> logger,
           std::string name);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Closes the connection without a word to the device, which may wait(); call
    /// disconnect() before where the device matters.
    ~server();

    [[nodiscard]] int listener_fd() const { return listener_.fd(); }
    /// -1 without a client.
    [[nodiscard]] int client_fd() const;
    /// poll() events for client_fd(): always input, output while replies are waiting.
    [[nodiscard]] short client_events() const;
    /// A client that has agreed on the protocol.
    [[nodiscard]] bool connected() const;

    /// Accepts a client, or turns it away while there is another one.
    void accept_clients();
    /// Obeys messages of `budget` accesses. `idle` also without a client, or when it has just left.
    progress serve(unsigned budget);
    /// Throws the client out. Not while serve() runs.
    void disconnect();

private:
    struct client {
        client(bridge::unique_fd socket, bridge::device& device, bridge::guest_log& log)
            : stream(std::move(socket)), link(stream, device, log) {}
        bridge::unix_stream stream;
        connection link;
    };
    void install(bridge::unique_fd socket);

    bridge::device& device_;
    bridge::guest_log log_; ///< of all clients, one limit: clients may come and go by thousands
    bridge::unix_listener listener_;
    std::unique_ptr<client> client_;
    /// A client that came while the one before it had hung up but was not yet cleared away: a
    /// guest that is started again at once is not a second guest.
    bridge::unique_fd successor_;
};

} // namespace ntb::vfio_user
