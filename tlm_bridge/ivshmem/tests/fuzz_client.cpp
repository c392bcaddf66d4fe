// SPDX-License-Identifier: Apache-2.0
// Everything that a server can say to a client, from arbitrary bytes: LLVMFuzzerTestOneInput for
// libFuzzer (clang++ -fsanitize=fuzzer), driven over fixed seeds by tlm_bridge/tests/fuzz_main.cpp.
//
// The first byte of the input says how much of a right opening there is; then each step is an
// operation byte with operands: messages that nearly make sense, numbers at the edges, descriptors
// of the wrong kinds, messages in pieces, the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>

#include "tlm_bridge/ivshmem/client_session.h"
#include "tlm_bridge/tests/fuzz_script.h"
#include "tlm_bridge/tests/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace ntb::ivshmem;
using ntb::bridge::unique_fd;
using ntb::bridge::test::byte_vector;
using ntb::bridge::test::fd_list;
using ntb::bridge::test::memory_transport;
using ntb::bridge::test::new_eventfd;
using ntb::bridge::test::new_memory;
using ntb::bridge::test::script;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// Joining and leaving alternate for each peer.
class checked_events final : public peer_events {
public:
    void joined(peer_id peer) override { require(there.insert(peer).second); }
    void left(peer_id peer) override { require(there.erase(peer) == 1); }
    std::set<peer_id> there;
};

byte_vector encoded(std::int64_t number) {
    const wire::encoded e = wire::encode(number);
    return {e.begin(), e.end()};
}

std::vector<unique_fd> descriptors(script& s) {
    const std::uint8_t kind = s.byte();
    if (kind < 150) {
        return fd_list(new_eventfd());
    }
    if (kind < 200) {
        return {};
    }
    return kind < 220   ? fd_list(new_memory(kind % 2 == 0 ? 4096 : 0))
           : kind < 240 ? fd_list(new_eventfd(), new_eventfd())
                        : fd_list(unique_fd(::dup(2)));
}

std::int64_t number(script& s) {
    const std::uint8_t kind = s.byte();
    return kind < 240 ? kind % 8 - (kind % 64 == 0 ? 2 : 0)
                      : static_cast<std::int64_t>(kind < 248 ? 65530U + s.small() : s.number());
}

void check(const client_session& session, const checked_events& events) {
    const std::vector<peer_id> peers = session.peers();
    require(std::set<peer_id>(peers.begin(), peers.end()) == events.there);
    require(peers.size() <= client_session::max_peers);
    require(events.there.count(session.id()) == 0 || !session.ready());
    require(!session.ready() || (session.memory_fd() >= 0 && session.memory_size() > 0));
    const std::string& why = session.failure();
    require(why.size() < 200 && why.find('\n') == std::string::npos);
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    script s(data, size);
    memory_transport transport;
    client_session session(1 + s.byte() % 3U);
    checked_events events;
    const unsigned opening = s.byte() % 8;
    if (opening > 0) {
        transport.arrive(encoded(wire::protocol_version));
    }
    if (opening > 1) {
        transport.arrive(encoded(0));
    }
    if (opening > 2) {
        transport.arrive(encoded(wire::shared_memory), fd_list(new_memory(4096)));
    }
    while (s.more()) {
        const std::uint8_t operation = s.byte();
        switch (operation % 16) {
        case 0: {
            const byte_vector whole = encoded(number(s));
            const auto cut = static_cast<std::ptrdiff_t>(1 + s.byte() % 7U);
            transport.arrive({whole.begin(), whole.begin() + cut}, descriptors(s));
            transport.arrive({whole.begin() + cut, whole.end()},
                             s.byte() % 8 == 0 ? descriptors(s) : std::vector<unique_fd>{});
            break;
        }
        case 1:
            (void)session.ring(static_cast<peer_id>(s.small()), s.small());
            (void)session.take_interrupt(s.small());
            break;
        case 2:
            transport.arrive(s.bytes(s.small()));
            break;
        default:
            transport.arrive(encoded(number(s)), descriptors(s));
            break;
        }
        session.process(transport, events);
        check(session, events);
    }
    transport.arrive_end();
    for (int i = 0; i < 100 && session.failure().empty(); ++i) {
        session.process(transport, events);
    }
    require(!session.failure().empty());
    check(session, events);
    return 0;
}
