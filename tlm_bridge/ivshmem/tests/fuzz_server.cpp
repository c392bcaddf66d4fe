// SPDX-License-Identifier: Apache-2.0
// Everything that clients can do to a server, from arbitrary bytes (see fuzz_client.cpp): they
// come, read much, little or nothing, speak, send descriptors, and go.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <spdlog/sinks/null_sink.h>
#include <sys/socket.h>
#include <vector>

#include "tlm_bridge/ivshmem/message_reader.h"
#include "tlm_bridge/ivshmem/server.h"
#include "tlm_bridge/tests/directory.h"
#include "tlm_bridge/tests/fuzz_script.h"
#include "tlm_bridge/tests/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace ntb::ivshmem;
using ntb::bridge::unix_stream;
using ntb::bridge::test::byte_vector;
using ntb::bridge::test::directory;
using ntb::bridge::test::new_eventfd;
using ntb::bridge::test::script;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

struct any_client {
    explicit any_client(const std::string& path) : stream(ntb::bridge::connect_to(path, "")) {}
    /// What is heard must be as ivshmem-spec has it, as far as a single message tells.
    void hear(unsigned messages) {
        message m;
        for (unsigned i = 0;
             i < messages && reader.next(stream, m) == message_reader::status::message; ++i) {
            require(m.number >= wire::shared_memory && m.number <= wire::max_id);
            require(m.number != wire::shared_memory || m.descriptor);
            require(heard != 0 || m.number == wire::protocol_version);
            require(heard > 1 || !m.descriptor);
            ++heard;
        }
    }
    unix_stream stream;
    message_reader reader;
    unsigned heard = 0;
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto logger =
        std::make_shared<spdlog::logger>("fuzz", std::make_shared<spdlog::sinks::null_sink_st>());
    static const directory place;
    script s(data, size);
    server::options o;
    o.path = place.file("ivshmem");
    o.size = 4096;
    o.vectors = 1 + s.byte() % 8U;
    server the_server(o, logger);
    std::vector<std::unique_ptr<any_client>> clients;
    while (s.more()) {
        const std::uint8_t operation = s.byte();
        const std::size_t which = clients.empty() ? 0 : s.byte() % clients.size();
        if (clients.empty() || (operation % 8 == 0 && clients.size() < 24)) {
            clients.push_back(std::make_unique<any_client>(o.path));
            require(the_server.turn(0)); // or the queue of those not accepted is full
            continue;
        }
        any_client& c = *clients[which];
        switch (operation % 8) {
        case 1:
            clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(which));
            break;
        case 2: {
            const byte_vector bytes = s.bytes(1 + s.small());
            const auto event = new_eventfd();
            (void)c.stream.send_with({bytes.data(), bytes.size()},
                                     operation < 128 ? event.get() : -1);
            break;
        }
        case 3:
            ::shutdown(c.stream.fd(), operation < 128 ? SHUT_RD : SHUT_WR);
            break;
        case 4:
            break;
        default:
            c.hear(s.byte());
            break;
        }
        require(the_server.turn(0));
        require(the_server.clients() <= clients.size() + 1);
    }
    clients.clear();
    for (int i = 0; i < 4; ++i) {
        require(the_server.turn(0));
    }
    require(the_server.clients() == 0);
    return 0;
}
