// SPDX-License-Identifier: Apache-2.0
// The messages between an ivshmem server and its clients, as QEMU's docs/specs/ivshmem-spec has
// them ("The ivshmem Client-Server Protocol"): the server speaks, the client listens. A message is
// one signed 64-bit number, little endian, with at most one file descriptor.
//
// To a new client, in this order: protocol_version; the client's ID; shared_memory with the
// memory's descriptor; for each other peer its ID once per vector, each with an eventfd; the
// client's own ID once per vector, each with an eventfd. Later: the ID of a peer with an eventfd
// (it has joined; once per vector), or without a descriptor (it has left).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ntb::ivshmem {

/// Number of a client of a server, given by the server.
using peer_id = std::uint16_t;

namespace wire {

inline constexpr std::size_t message_size = 8;
using encoded = std::array<std::uint8_t, message_size>;

inline constexpr std::int64_t protocol_version = 0;
/// Instead of an ID: the descriptor is the shared memory's.
inline constexpr std::int64_t shared_memory = -1;
inline constexpr std::int64_t max_id = 65535;

/// An interrupt vector of a peer is an MSI-X vector in QEMU's device; a function has no more.
inline constexpr std::size_t max_vectors = 2048;

[[nodiscard]] constexpr encoded encode(std::int64_t number) noexcept {
    encoded out{};
    for (std::size_t i = 0; i < message_size; ++i) {
        out[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i));
    }
    return out;
}

[[nodiscard]] constexpr std::int64_t decode(const encoded& bytes) noexcept {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < message_size; ++i) {
        number |= std::uint64_t{bytes[i]} << (8 * i);
    }
    return static_cast<std::int64_t>(number);
}

} // namespace wire
} // namespace ntb::ivshmem
