// SPDX-License-Identifier: Apache-2.0
// Cuts what an ivshmem server sends into messages, each with the descriptor that came with it.
//
// A receive asks for the rest of one message only: the kernel ends it at descriptors, but also
// joins what was sent before them, so that a longer receive could not tell whose they are.
//
// Threading: one thread; nothing waits. Errors: `malformed` when a message comes with more
// descriptors than one; the stream is of no use then.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tlm_bridge/ivshmem/wire.h"
#include "tlm_bridge/transport.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::ivshmem {

/// One message. A descriptor that nobody takes is closed.
struct message {
    std::int64_t number = 0;
    bridge::unique_fd descriptor;
};

class message_reader {
public:
    enum class status : unsigned char {
        message,   ///< one was delivered
        need_more, ///< nothing complete now: poll
        malformed, ///< a message with several descriptors
        closed,    ///< end of the stream
    };

    /// The next message of `from` into `out`.
    [[nodiscard]] status next(bridge::transport& from, message& out);
    /// Whether a message has begun and not ended.
    [[nodiscard]] bool mid_message() const noexcept { return filled_ != 0; }

private:
    wire::encoded bytes_{};
    std::size_t filled_ = 0;
    bridge::fd_batch descriptors_;
};

} // namespace ntb::ivshmem
