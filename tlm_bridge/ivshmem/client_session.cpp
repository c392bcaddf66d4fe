// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/ivshmem/client_session.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

namespace ntb::ivshmem {
namespace {

std::string vectors_text(std::size_t n) {
    return std::to_string(n) + (n == 1 ? " vector" : " vectors");
}

} // namespace

void client_session::process(bridge::transport& from, peer_events& events) {
    for (unsigned i = 0; i < messages_at_once && failure_.empty(); ++i) {
        message m;
        switch (reader_.next(from, m)) {
        case message_reader::status::message:
            obey(m, events);
            break;
        case message_reader::status::need_more:
            return;
        case message_reader::status::malformed:
            return fail("the server sent several descriptors with one message");
        case message_reader::status::closed:
            return fail(reader_.mid_message() ? "the server went away in the middle of a message"
                                              : "the server has closed the connection");
        }
    }
}

void client_session::obey(message& m, peer_events& events) {
    switch (next_) {
    case awaits::version:
        if (m.number != wire::protocol_version) {
            return fail("the server speaks version " + std::to_string(m.number) +
                        " of the ivshmem protocol, this client version " +
                        std::to_string(wire::protocol_version));
        }
        if (m.descriptor) {
            return fail("the server sent a descriptor with its version");
        }
        next_ = awaits::id;
        return;
    case awaits::id:
        if (m.number < 0 || m.number > wire::max_id) {
            return fail("the server gave this client the ID " + std::to_string(m.number) +
                        ", which is not in 0 to " + std::to_string(wire::max_id));
        }
        if (m.descriptor) {
            return fail("the server sent a descriptor with this client's ID");
        }
        id_ = static_cast<peer_id>(m.number);
        next_ = awaits::memory;
        return;
    case awaits::memory:
        return take_memory(m);
    case awaits::notifications:
        return take_notification(m, events);
    }
}

void client_session::take_memory(message& m) {
    if (m.number != wire::shared_memory) {
        return fail("the server sent " + std::to_string(m.number) +
                    " where the shared memory was due");
    }
    if (!m.descriptor) {
        return fail("the server sent no descriptor for the shared memory");
    }
    struct stat status {};
    const int flags = ::fcntl(m.descriptor.get(), F_GETFL);
    if (::fstat(m.descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode) || flags < 0 ||
        (flags & O_ACCMODE) != O_RDWR) {
        return fail("the descriptor that the server sent for the shared memory is no memory that "
                    "can be read and written");
    }
    if (status.st_size <= 0) {
        return fail("the shared memory that the server sent is empty");
    }
    memory_size_ = static_cast<std::uint64_t>(status.st_size);
    const int seals = ::fcntl(m.descriptor.get(), F_GET_SEALS); // -1: cannot be sealed at all
    sealed_ = seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
    memory_ = std::move(m.descriptor);
    next_ = awaits::notifications;
}

void client_session::take_notification(message& m, peer_events& events) {
    if (m.number < 0 || m.number > wire::max_id) {
        return fail("the server named a peer " + std::to_string(m.number) +
                    ", which is not in 0 to " + std::to_string(wire::max_id));
    }
    const auto number = static_cast<peer_id>(m.number);
    if (m.descriptor && !bridge::is_eventfd(m.descriptor.get())) {
        return fail("a descriptor that the server sent for peer " + std::to_string(number) +
                    " is no eventfd");
    }
    if (number == id_) {
        return take_own_vector(m, events);
    }
    if (m.descriptor) {
        return take_peer_vector(number, m, events);
    }
    const auto gone = peers_.find(number);
    if (gone == peers_.end()) {
        return fail("the server says that peer " + std::to_string(number) +
                    " has left, which was not there");
    }
    const bool told = gone->second.told;
    peers_.erase(gone);
    if (told) {
        events.left(number);
    }
}

void client_session::take_own_vector(message& m, peer_events& events) {
    if (!m.descriptor) {
        return fail("the server sent this client's own ID without a descriptor");
    }
    if (++own_received_ > wire::max_vectors) {
        return fail("the server sent more than " + vectors_text(wire::max_vectors) +
                    " to one client");
    }
    if (ready()) {
        return; // more than this client uses: closed, as ivshmem-spec has it
    }
    own_.push_back(std::move(m.descriptor));
    if (ready()) {
        for (auto& [number, p] : peers_) {
            tell(number, p, events);
        }
    }
}

void client_session::take_peer_vector(peer_id number, message& m, peer_events& events) {
    if (peers_.count(number) == 0 && peers_.size() == max_peers) {
        return fail("the server names more than " + std::to_string(max_peers) + " peers");
    }
    remote& p = peers_[number];
    if (++p.received > wire::max_vectors) {
        return fail("the server sent more than " + vectors_text(wire::max_vectors) + " of peer " +
                    std::to_string(number));
    }
    if (p.eventfds.size() < vectors_) {
        p.eventfds.push_back(std::move(m.descriptor));
        tell(number, p, events);
    }
}

void client_session::tell(peer_id number, remote& p, peer_events& events) {
    if (!p.told && ready() && p.eventfds.size() == vectors_) {
        p.told = true;
        events.joined(number);
    }
}

std::string client_session::missing() const {
    switch (next_) {
    case awaits::version:
        return "its version";
    case awaits::id:
        return "an ID";
    case awaits::memory:
        return "the shared memory";
    case awaits::notifications:
        break;
    }
    return own_.empty() ? "an interrupt vector"
                        : "more than " + vectors_text(own_.size()) + " where " +
                              std::to_string(vectors_) + " are needed";
}

int client_session::interrupt_fd(std::size_t vector) const noexcept {
    return vector < own_.size() ? own_[vector].get() : -1;
}

bool client_session::take_interrupt(std::size_t vector) noexcept {
    return vector < own_.size() && bridge::drain_eventfd(own_[vector].get());
}

bool client_session::has_peer(peer_id peer) const {
    const auto found = peers_.find(peer);
    return found != peers_.end() && found->second.told;
}

std::vector<peer_id> client_session::peers() const {
    std::vector<peer_id> out;
    for (const auto& [number, p] : peers_) {
        if (p.told) {
            out.push_back(number);
        }
    }
    return out;
}

bridge::signal_result client_session::ring(peer_id peer, std::size_t vector) noexcept {
    const auto found = peers_.find(peer);
    if (found == peers_.end() || vector >= found->second.eventfds.size()) {
        return bridge::signal_result::failed;
    }
    return bridge::signal_eventfd(found->second.eventfds[vector].get());
}

} // namespace ntb::ivshmem
