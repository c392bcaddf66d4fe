// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/ivshmem/server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "tlm_bridge/setup_error.h"

namespace ntb::ivshmem {
namespace {

using bridge::setup_error;
using bridge::unique_fd;

std::uint64_t power_of_two_from(std::uint64_t size) {
    std::uint64_t out = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    while (out < size) {
        out *= 2;
    }
    return out;
}

server::options checked(const server::options& o) {
    if (o.vectors == 0 || o.vectors > server::max_vectors) {
        throw setup_error("--vectors " + std::to_string(o.vectors),
                          "a client can have 1 to " + std::to_string(server::max_vectors),
                          "2 are enough for most");
    }
    if (o.size == 0 || o.size > server::max_size) {
        throw setup_error("--size " + std::to_string(o.size),
                          "memory of 1 to " + std::to_string(server::max_size) +
                              " bytes can be shared",
                          "4MiB is what QEMU's server gives");
    }
    return o;
}

unique_fd new_memory(std::uint64_t size) {
    unique_fd memory(::memfd_create("ivshmem", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(size)) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        throw setup_error("shared memory of " + std::to_string(size) + " bytes",
                          std::strerror(errno), "give a smaller --size");
    }
    return memory;
}

} // namespace

server::server(const options& o, const std::shared_ptr<spdlog::logger>& logger)
    : vectors_(checked(o).vectors), size_(power_of_two_from(o.size)), comings_(logger, "ivshmem"),
      faults_(logger, "ivshmem"), listener_(o.path),
      memory_(std::make_shared<const unique_fd>(new_memory(size_))) {}

bool server::turn(int wait_ms, int stop_fd) {
    std::vector<pollfd> waits{{stop_fd, POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
    for (const client& c : clients_) {
        // Where the system refuses descriptors, poll would say at once that there is room.
        const bool wants_room = !c.unsent.empty() && !refused_by_system_;
        waits.push_back(
            {c.stream.fd(), static_cast<short>(wants_room ? POLLIN | POLLOUT : POLLIN), 0});
    }
    constexpr int try_again_ms = 10;
    if (refused_by_system_ && (wait_ms < 0 || wait_ms > try_again_ms)) {
        wait_ms = try_again_ms;
    }
    if (::poll(waits.data(), waits.size(), wait_ms) < 0) {
        return true; // EINTR
    }
    refused_by_system_ = false;
    auto at = waits.begin() + 2;
    for (client& c : clients_) {
        if ((at->revents & ~POLLOUT) != 0) {
            listen_to(c);
        }
        flush(c);
        ++at;
    }
    remove_ended(); // before others come, who would hear of them
    if (waits[1].revents != 0) {
        accept_clients();
        remove_ended();
    }
    return waits[0].revents == 0;
}

void server::accept_clients() {
    constexpr int most_at_once = 8; // a flood must not hold up the others
    for (int i = 0; i < most_at_once; ++i) {
        unique_fd socket = listener_.accept();
        if (!socket) {
            return;
        }
        join(std::move(socket));
    }
}

void server::join(unique_fd socket) {
    if (clients_.size() == max_clients) {
        faults_.warn("refused a client: there are {} already", max_clients);
        return;
    }
    std::list<client> newcomer;
    client& c = newcomer.emplace_back(free_id(), std::move(socket));
    if (!make_eventfds(c)) {
        faults_.warn("refused a client: no descriptors left for its {} vector(s) (see ulimit -n)",
                     vectors_);
        return;
    }
    say(c, wire::protocol_version);
    say(c, c.id);
    say(c, wire::shared_memory, memory_);
    for (client& other : clients_) {
        announce(other, c);
        announce(c, other);
    }
    announce(c, c);
    comings_.info("client {} joined", c.id);
    clients_.splice(clients_.end(), newcomer);
    for (client& each : clients_) {
        flush(each);
    }
}

bool server::make_eventfds(client& c) {
    for (std::size_t v = 0; v < vectors_; ++v) {
        unique_fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!fd) {
            return false;
        }
        c.eventfds.push_back(std::make_shared<const unique_fd>(std::move(fd)));
    }
    return true;
}

peer_id server::free_id() {
    // Ascending, so that an ID does not come again as long as somebody may still think of its
    // last owner. There are always free ones: max_clients is less than the IDs.
    for (;;) {
        const auto id = static_cast<peer_id>(next_id_++);
        const auto has_it = [id](const client& c) { return c.id == id; };
        if (std::none_of(clients_.begin(), clients_.end(), has_it)) {
            return id;
        }
    }
}

void server::announce(client& to, const client& who) {
    for (const shared_fd& fd : who.eventfds) {
        say(to, who.id, fd);
    }
}

void server::say(client& to, std::int64_t number, shared_fd descriptor) {
    // A newcomer is told of everybody at once; twice that is more than any reader leaves.
    const std::size_t most_unread = 2 * max_clients * vectors_ + 2 * max_clients;
    if (to.end != ending::none) {
        return;
    }
    if (to.unsent.size() == most_unread) {
        to.end = ending::does_not_read;
        return;
    }
    to.unsent.push_back({number, std::move(descriptor)});
}

void server::flush(client& c) {
    while (!c.unsent.empty() && c.end == ending::none) {
        const outgoing& first = c.unsent.front();
        const wire::encoded bytes = wire::encode(first.number);
        const bool with_descriptor = first.descriptor != nullptr && c.sent_of_first == 0;
        const bridge::io_result r =
            c.stream.send_with({bytes.data() + c.sent_of_first, bytes.size() - c.sent_of_first},
                               with_descriptor ? first.descriptor->get() : -1);
        switch (r.status) {
        case bridge::io_status::ok:
            c.sent_of_first += r.bytes;
            break;
        case bridge::io_status::would_block:
            refused_by_system_ = refused_by_system_ || r.too_many_descriptors;
            return;
        case bridge::io_status::closed:
            c.end = ending::gone;
            return;
        }
        if (c.sent_of_first == bytes.size()) {
            c.sent_of_first = 0;
            c.unsent.pop_front();
        }
    }
}

void server::listen_to(client& c) {
    std::uint8_t byte = 0;
    bridge::fd_batch unwanted;
    const bridge::io_result r = c.stream.receive({&byte, 1}, unwanted);
    if (r.status == bridge::io_status::closed) {
        c.end = ending::gone;
    } else if (r.status == bridge::io_status::ok) {
        c.end = ending::spoke;
    }
}

void server::remove_ended() {
    const auto has_ended = [](const client& c) { return c.end != ending::none; };
    // To tell the others may end one of them.
    for (;;) {
        const auto ended = std::find_if(clients_.begin(), clients_.end(), has_ended);
        if (ended == clients_.end()) {
            return;
        }
        const peer_id id = ended->id;
        switch (ended->end) {
        case ending::spoke:
            faults_.warn("client {} is thrown out: it spoke, and clients have nothing to say", id);
            break;
        case ending::does_not_read:
            faults_.warn("client {} is thrown out: it does not read", id);
            break;
        case ending::gone:
        case ending::none:
            comings_.info("client {} left", id);
            break;
        }
        clients_.erase(ended);
        for (client& other : clients_) {
            say(other, id);
            flush(other);
        }
    }
}

} // namespace ntb::ivshmem
