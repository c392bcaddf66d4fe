// SPDX-License-Identifier: Apache-2.0
// What a client knows of its ivshmem server: its own ID, the shared memory, the peers that are
// there and how to interrupt them. Works on any transport; the socket is client.h's.
//
// Nothing that the server sends is trusted: what is not as ivshmem-spec has it (another version,
// descriptors that are missing, unwanted or of another kind, IDs out of range, too many peers)
// ends the session with a sentence that says what it was. The memory and the eventfds
// received until then stay, and so does everything that goes over them.
//
// Threading: one thread; nothing waits. Errors: failure(); nothing throws but for want of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tlm_bridge/eventfd.h"
#include "tlm_bridge/ivshmem/message_reader.h"
#include "tlm_bridge/ivshmem/wire.h"
#include "tlm_bridge/transport.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::ivshmem {

/// Is told who comes and goes. A call may ring and look up peers; it must not call process(), which
/// it comes from.
class peer_events {
public:
    peer_events() = default;
    peer_events(const peer_events&) = delete;
    peer_events& operator=(const peer_events&) = delete;
    virtual ~peer_events() = default;

    /// The peer is there and can be rung on every vector. Not before this client's own set-up is
    /// complete, and then also for each peer that was there before.
    virtual void joined(peer_id peer) = 0;
    /// A peer of which joined() told is gone; its ID may come again.
    virtual void left(peer_id peer) = 0;
};

class client_session {
public:
    /// Peers besides this client; each costs a descriptor per vector.
    static constexpr std::size_t max_peers = 255;
    /// Messages that one process() obeys at most: a server that never stops must not hold up its
    /// client.
    static constexpr unsigned messages_at_once = 256;

    /// `vectors` (1 to wire::max_vectors): how many this client uses, of its own and of each peer.
    explicit client_session(std::size_t vectors) : vectors_(vectors) {}

    /// Obeys what has arrived on `from`; afterwards poll (level-triggered) for more.
    void process(bridge::transport& from, peer_events& events);
    /// Whether ID, memory and all own vectors have come.
    [[nodiscard]] bool ready() const noexcept { return own_.size() == vectors_; }
    /// Why the session has ended; empty as long as it lives.
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
    /// What is still missing, while not ready(): part of a sentence.
    [[nodiscard]] std::string missing() const;

    [[nodiscard]] peer_id id() const noexcept { return id_; }
    /// The shared memory: readable, writable, its size not 0. -1 before it has come. Its size may
    /// change at any moment unless memory_is_sealed().
    [[nodiscard]] int memory_fd() const noexcept { return memory_.get(); }
    /// Bytes, when it came.
    [[nodiscard]] std::uint64_t memory_size() const noexcept { return memory_size_; }
    /// Whether the system lets nobody make it shorter.
    [[nodiscard]] bool memory_is_sealed() const noexcept { return sealed_; }

    [[nodiscard]] std::size_t vectors() const noexcept { return vectors_; }
    /// The eventfd to poll for an interrupt of this client; -1 if it has not come.
    [[nodiscard]] int interrupt_fd(std::size_t vector) const noexcept;
    /// Takes a pending interrupt; false if there was none.
    [[nodiscard]] bool take_interrupt(std::size_t vector) noexcept;

    /// Whether joined() has told of the peer, and left() has not.
    [[nodiscard]] bool has_peer(peer_id peer) const;
    /// All of them, ascending.
    [[nodiscard]] std::vector<peer_id> peers() const;
    /// Interrupts a peer; `failed` if there is no such peer or vector.
    [[nodiscard]] bridge::signal_result ring(peer_id peer, std::size_t vector) noexcept;

private:
    enum class awaits : unsigned char { version, id, memory, notifications };

    struct remote {
        std::vector<bridge::unique_fd> eventfds; ///< at most vectors_
        std::size_t received = 0;                ///< with those beyond vectors_
        bool told = false;
    };

    void obey(message& m, peer_events& events);
    void take_memory(message& m);
    void take_notification(message& m, peer_events& events);
    void take_own_vector(message& m, peer_events& events);
    void take_peer_vector(peer_id number, message& m, peer_events& events);
    void tell(peer_id number, remote& p, peer_events& events);
    void fail(std::string why) { failure_ = std::move(why); }

    std::size_t vectors_;
    message_reader reader_;
    awaits next_ = awaits::version;
    std::string failure_;
    peer_id id_ = 0;
    bridge::unique_fd memory_;
    std::uint64_t memory_size_ = 0;
    bool sealed_ = false;
    std::vector<bridge::unique_fd> own_;
    std::size_t own_received_ = 0;
    std::map<peer_id, remote> peers_;
};

} // namespace ntb::ivshmem
