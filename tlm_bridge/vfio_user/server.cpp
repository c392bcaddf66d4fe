// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/vfio_user/server.h"

#include <poll.h>
#include <utility>

namespace ntb::vfio_user {

server::server(std::string path, bridge::device& device, std::shared_ptr<spdlog::logger> logger,
               std::string name)
    : device_(device), log_(std::move(logger), std::move(name)), listener_(std::move(path)) {}

server::~server() = default;

int server::client_fd() const {
    return client_ ? client_->stream.fd() : -1;
}

short server::client_events() const {
    return static_cast<short>(client_ && client_->link.wants_write() ? POLLIN | POLLOUT : POLLIN);
}

bool server::connected() const {
    return client_ && client_->link.ready();
}

void server::install(bridge::unique_fd socket) {
    client_ = std::make_unique<client>(std::move(socket), device_, log_);
    log_.info("client connected");
}

void server::accept_clients() {
    constexpr int most_at_once = 8; // a flood must not hold up the others
    for (int i = 0; i < most_at_once; ++i) {
        bridge::unique_fd socket = listener_.accept();
        if (!socket) {
            return;
        }
        if (!client_) {
            install(std::move(socket));
        } else if (!successor_ && client_->stream.hung_up()) {
            successor_ = std::move(socket);
        } else {
            log_.warn("refused a second client: this port has one already");
        }
    }
}

progress server::serve(unsigned budget) {
    if (!client_) {
        return progress::idle;
    }
    const progress p = client_->link.pump(budget);
    if (p != progress::closed) {
        return p;
    }
    disconnect();
    return client_ ? progress::more : progress::idle;
}

void server::disconnect() {
    if (!client_) {
        return;
    }
    client_->link.end();
    client_.reset();
    log_.info("client disconnected");
    if (successor_) {
        install(std::move(successor_));
    }
}

} // namespace ntb::vfio_user
