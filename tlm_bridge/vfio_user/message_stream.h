// SPDX-License-Identifier: Apache-2.0
// Cuts a byte stream into messages and gives each the descriptors that came with it. One receive
// fetches as many messages as have arrived; nothing is allocated per message.
//
// Threading: one thread. Errors: a message size that cannot be (shorter than a header, longer
// than any message) leaves the stream unusable, since the next header cannot be found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tlm_bridge/bytes.h"
#include "tlm_bridge/transport.h"
#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/vfio_user/wire.h"

namespace ntb::vfio_user {

/// One message; payload and descriptors are valid until the stream is used again.
struct message {
    wire::header header{};
    bridge::const_bytes payload{};
    bridge::fd_batch* fds = nullptr; ///< never null; what is not taken gets closed
};

class message_stream {
public:
    enum class next_status : unsigned char {
        message,   ///< one was delivered
        need_more, ///< nothing complete is buffered
        malformed, ///< the size in the header lies
    };

    message_stream();

    /// Receives once. Only when next() has said need_more: descriptors could not be told apart
    /// otherwise (then it does nothing and returns ok with 0 bytes).
    bridge::io_result fill(bridge::transport& from);
    [[nodiscard]] next_status next(message& out);
    /// Whether a message has begun and not ended (a client that closes now has left half-way).
    [[nodiscard]] bool mid_message() const { return read_ != written_; }
    /// Header of the malformed message.
    [[nodiscard]] wire::header front_header() const;

private:
    [[nodiscard]] next_status front() const;

    /// Room to receive dozens of small messages at once behind an incomplete longest one.
    static constexpr std::size_t receive_room = std::size_t{32} * 1024;

    std::vector<std::uint8_t> buffer_;
    std::size_t read_ = 0;    ///< start of the first message not yet delivered
    std::size_t written_ = 0; ///< end of what was received
    /// Descriptors are owned by the message that holds the last byte received with them.
    bridge::fd_batch carried_;   ///< for the message at read_, from earlier receives
    bridge::fd_batch arrived_;   ///< of the last receive, not yet given to their message
    bridge::fd_batch delivered_; ///< of the message last delivered
};

} // namespace ntb::vfio_user
