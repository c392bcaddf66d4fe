// SPDX-License-Identifier: Apache-2.0
// One client: a transport, the messages on it, the session that obeys them, and the replies that
// the client has not taken yet.
//
// Threading: the SystemC thread; pump() may suspend the calling SC_THREAD in a device call and
// must not be entered again until it returns. Errors: whatever is wrong with the client ends in
// `closed`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/transport.h"
#include "tlm_bridge/vfio_user/message_stream.h"
#include "tlm_bridge/vfio_user/session.h"

namespace ntb::vfio_user {

enum class progress : unsigned char {
    idle,   ///< what was received is done: poll (level-triggered) before the next pump
    more,   ///< the budget is used up: pump again, after the others have had their turn
    closed, ///< the client is gone or was thrown out: call end(), then destroy
};

class connection final : private reply_sink {
public:
    /// Replies that a client may leave unread (the socket's own buffer comes on top) before it is
    /// thrown out: room for several reads of the longest kind.
    static constexpr std::size_t max_unread_replies = std::size_t{1024} * 1024;

    /// Stream, device and log outlive the connection; the log is the one of all connections of
    /// the port.
    connection(bridge::transport& stream, bridge::device& device, bridge::guest_log& log);

    /// Sends what is waiting, then receives and obeys messages until they are `budget` accesses; a
    /// message is at least one, and obeyed whole.
    [[nodiscard]] progress pump(unsigned budget);
    /// Whether to poll for output, too.
    [[nodiscard]] bool wants_write() const { return sent_ != unsent_.size(); }
    /// Tells the device that the client is gone (may suspend). Once, before destruction.
    void end() { session_.end(); }
    /// Whether the client has agreed on the protocol.
    [[nodiscard]] bool ready() const { return session_.ready(); }

private:
    void send(bridge::const_bytes message) override;
    void flush();

    bridge::transport& stream_;
    bridge::guest_log& log_;
    message_stream messages_;
    std::vector<std::uint8_t> unsent_; ///< empty unless the client is slow
    std::size_t sent_ = 0;             ///< of unsent_
    bool broken_ = false;              ///< output failed or overflowed
    session session_;
};

} // namespace ntb::vfio_user
