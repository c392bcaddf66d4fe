// SPDX-License-Identifier: Apache-2.0
// What an ivshmem server says, word by word, over a transport without a socket: the tests of the
// client need no server.
#pragma once

#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "tlm_bridge/ivshmem/client_session.h"
#include "tlm_bridge/tests/memory_transport.h"
#include "tlm_bridge/tests/messages.h"

namespace ntb::ivshmem::test {

using bridge::unique_fd;
using bridge::test::byte_vector;

inline byte_vector bytes_of(std::int64_t number) {
    const wire::encoded e = wire::encode(number);
    return {e.begin(), e.end()};
}

/// Memory of that many bytes, as a server shares it.
inline unique_fd memory_of(off_t size, unsigned seals = 0) {
    unique_fd fd(::memfd_create("ivshmem-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    BOOST_REQUIRE(::ftruncate(fd.get(), size) == 0);
    if (seals != 0) {
        BOOST_REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
    }
    return fd;
}

/// Who came and went: "+3 -3".
class noted_events final : public peer_events {
public:
    void joined(peer_id peer) override { note("+", peer); }
    void left(peer_id peer) override { note("-", peer); }
    std::string text;

private:
    void note(const char* sign, peer_id peer) {
        text.append(text.empty() ? "" : " ").append(sign).append(std::to_string(peer));
    }
};

/// A session with two vectors and what it is told.
struct told_session {
    void says(std::int64_t number) { transport.arrive(bytes_of(number)); }
    void says(std::int64_t number, unique_fd fd) {
        std::vector<unique_fd> fds;
        fds.push_back(std::move(fd));
        transport.arrive(bytes_of(number), std::move(fds));
    }
    /// The ID with one new eventfd.
    void says_vector(std::int64_t id) { says(id, bridge::test::new_eventfd()); }
    void says_both_vectors(std::int64_t id) {
        says_vector(id);
        says_vector(id);
    }
    /// Version, ID and memory.
    void says_opening(std::int64_t id) {
        says(0);
        says(id);
        says(wire::shared_memory, memory_of(4096));
    }
    void run() { session.process(transport, events); }
    /// Why the session failed, after all that was said.
    const std::string& failure() {
        run();
        return session.failure();
    }

    bridge::test::memory_transport transport;
    client_session session{2};
    noted_events events;
};

} // namespace ntb::ivshmem::test
