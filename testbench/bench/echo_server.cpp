// SPDX-License-Identifier: Apache-2.0
// The floor of a region read: a server that waits in ppoll(), takes a request and sends a reply of
// the same sizes as those of a region read, and does nothing in between. Posted writes it takes in
// and drops: the floor of those. With SPIN_US it polls that long before it sleeps, as the
// simulator may.
//
// Usage: bench_echo_server SOCKET [SPIN_US]      One client at a time; ends with its first client.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/vfio_user/wire.h"

namespace {

namespace wire = ntb::vfio_user::wire;
using ntb::bridge::unique_fd;
using clock_type = std::chrono::steady_clock;

/// False if nothing came in time.
bool input_comes(int fd, const timespec* timeout) {
    pollfd p{fd, POLLIN, 0};
    return ::ppoll(&p, 1, timeout, nullptr) > 0;
}

/// Answers each whole message in `bytes`; how many bytes those were, or -1 at the end.
ssize_t answer(int fd, const std::uint8_t* bytes, std::size_t size) {
    constexpr std::size_t request_bytes = sizeof(wire::header) + sizeof(wire::region_access);
    std::array<std::uint8_t, request_bytes + 4> reply{};
    std::size_t done = 0;
    wire::header h{};
    while (size - done >= sizeof h) {
        std::memcpy(&h, bytes + done, sizeof h);
        if (h.message_size < request_bytes)
            return -1;
        if (h.message_size > size - done)
            break;
        if ((h.flags & wire::flag_no_reply) == 0) {
            std::memcpy(reply.data(), bytes + done, request_bytes);
            h.message_size = static_cast<std::uint32_t>(reply.size());
            h.flags = wire::type_reply;
            std::memcpy(reply.data(), &h, sizeof h);
            if (::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0)
                return -1;
            std::memcpy(&h, bytes + done, sizeof h);
        }
        done += h.message_size;
    }
    return static_cast<ssize_t>(done);
}

void serve(int fd, std::chrono::microseconds spin) {
    std::array<std::uint8_t, 65536> received{};
    std::size_t held = 0;
    const timespec none{};
    auto last = clock_type::now();
    for (;;) {
        const bool spinning = spin.count() != 0 && clock_type::now() - last < spin;
        if (!input_comes(fd, spinning ? &none : nullptr))
            continue;
        const ssize_t n = ::recv(fd, received.data() + held, received.size() - held, 0);
        if (n <= 0)
            return;
        held += static_cast<std::size_t>(n);
        const ssize_t done = answer(fd, received.data(), held);
        if (done < 0)
            return;
        held -= static_cast<std::size_t>(done);
        std::memmove(received.data(), received.data() + done, held);
        if (spin.count() != 0)
            last = clock_type::now();
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::fputs("usage: bench_echo_server SOCKET [SPIN_US]\n", stderr);
        return 2;
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
    const unique_fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!listener ||
        ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
        ::listen(listener.get(), 1) < 0) {
        std::perror("bench_echo_server");
        return 2;
    }
    std::puts("ready");
    std::fflush(stdout);
    const unique_fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client)
        serve(client.get(), std::chrono::microseconds(argc > 2 ? std::atol(argv[2]) : 0));
    return 0;
}
