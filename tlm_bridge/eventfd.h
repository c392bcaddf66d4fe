// SPDX-License-Identifier: Apache-2.0
// Signalling through eventfds that a client owns too.
//
// Threading: any. Errors: told by the return value; nothing here blocks for longer than some
// milliseconds, whatever a client does with its end meanwhile (SIGRTMIN is used for that).
#pragma once

namespace ntb::bridge {

/// Whether the descriptor is an eventfd (false also if the system does not tell).
[[nodiscard]] bool is_eventfd(int fd) noexcept;

/// Whether the counter is not 0.
[[nodiscard]] bool eventfd_readable(int fd) noexcept;

enum class signal_result : unsigned char {
    delivered,
    full,   ///< the counter has no room: the client has that many signals waiting already
    failed, ///< the descriptor cannot be written
};

/// Adds 1 to the eventfd's counter.
[[nodiscard]] signal_result signal_eventfd(int fd) noexcept;

/// Takes the eventfd's count; false if it was 0.
[[nodiscard]] bool drain_eventfd(int fd) noexcept;

} // namespace ntb::bridge
