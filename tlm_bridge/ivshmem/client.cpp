// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/ivshmem/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>

#include "tlm_bridge/setup_error.h"

namespace ntb::ivshmem {
namespace {

using bridge::setup_error;
using std::chrono::steady_clock;

/// Milliseconds until then, for poll(): rounded up, not negative.
int milliseconds_until(steady_clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

struct ignored_events final : peer_events {
    void joined(peer_id) override {}
    void left(peer_id) override {}
};

} // namespace

client::client(const options& o) : session_(o.vectors) {
    if (o.vectors == 0 || o.vectors > wire::max_vectors) {
        throw setup_error("ivshmem client", std::to_string(o.vectors) + " vectors are not possible",
                          "1 to " + std::to_string(wire::max_vectors));
    }
    stream_ = std::make_unique<bridge::unix_stream>(bridge::connect_to(
        o.path, "start the server first: ntbsim ivshmem-server --socket " + o.path));
    await_setup(o);
    if (session_.memory_size() < o.smallest_memory) {
        throw setup_error("ivshmem server " + o.path,
                          "its memory has " + std::to_string(session_.memory_size()) + " bytes, " +
                              std::to_string(o.smallest_memory) + " are needed",
                          "start it with --size " + std::to_string(o.smallest_memory));
    }
}

void client::await_setup(const options& o) {
    const auto end = steady_clock::now() + o.patience;
    ignored_events ignored; // who is there at the end, peers() tells
    while (!session_.ready()) {
        session_.process(*stream_, ignored);
        if (!session_.failure().empty()) {
            throw setup_error("ivshmem server " + o.path, session_.failure(),
                              "give the socket of an ivshmem server: ntbsim ivshmem-server or "
                              "QEMU's own");
        }
        if (session_.ready()) {
            return;
        }
        const int left = milliseconds_until(end);
        if (left == 0) {
            throw setup_error("ivshmem server " + o.path, "it did not send " + session_.missing(),
                              "start it with --vectors " + std::to_string(o.vectors));
        }
        pollfd p{stream_->fd(), POLLIN, 0};
        if (::poll(&p, 1, left) < 0 && errno != EINTR) {
            throw setup_error("ivshmem server " + o.path, std::strerror(errno), "try again");
        }
    }
}

void client::process(peer_events& events) {
    if (!stream_) {
        return;
    }
    session_.process(*stream_, events);
    if (!session_.failure().empty()) {
        stream_.reset();
    }
}

} // namespace ntb::ivshmem
