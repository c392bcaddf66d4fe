// SPDX-License-Identifier: Apache-2.0
// One client's side of the vfio-user protocol, without sockets: takes one complete message, calls
// the device, hands the reply to a sink.
//
// Threading: the SystemC thread. A device call may suspend the calling SC_THREAD; meanwhile
// other sessions run, but this one must not be entered again (its caller is in handle()), and the
// message's bytes must stay (they are the connection's own). Errors: what a client does wrong is
// answered with an errno or ends the session, and is logged at a limited rate; nothing throws but
// what the device call lets through (the SystemC kernel's unwinding).
// Source: QEMU's "vfio-user Protocol Specification"; linux/vfio.h.
#pragma once

#include <cstdint>
#include <vector>

#include "tlm_bridge/device.h"
#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/vfio_user/message_stream.h"
#include "tlm_bridge/vfio_user/wire.h"

namespace ntb::vfio_user {

/// Takes replies. The bytes are valid during the call only.
class reply_sink {
public:
    reply_sink() = default;
    reply_sink(const reply_sink&) = delete;
    reply_sink& operator=(const reply_sink&) = delete;
    virtual ~reply_sink() = default;
    virtual void send(bridge::const_bytes message) = 0;
};

class session {
public:
    enum class verdict : unsigned char { keep, close };

    /// Device, sink and log outlive the session. The log is the port's, not this client's: its
    /// limit must hold for clients that come and go, too.
    session(bridge::device& device, reply_sink& replies, bridge::guest_log& log);

    /// Obeys one message. After `close` the connection must be ended, after what was replied.
    [[nodiscard]] verdict handle(message& m);

    /// How much the last message was in accesses, at least 1: one can hold thousands.
    [[nodiscard]] unsigned work() const { return work_; }

    /// Tells the device that the client is gone, if it ever was there. Once, before destruction;
    /// not in the destructor, because the device may wait().
    void end();

    /// Whether the client has agreed on the protocol.
    [[nodiscard]] bool ready() const { return state_ == state::ready; }

private:
    enum class state : unsigned char { awaiting_version, ready, ended };

    [[nodiscard]] verdict handle_version(const message& m);
    void dispatch(message& m);

    void dma_map(message& m);
    void dma_unmap(const message& m);
    void get_info(const message& m);
    void get_region_info(const message& m);
    void get_irq_info(const message& m);
    void set_irqs(message& m);
    void region_read(const message& m);
    void region_write(const message& m);
    void region_write_multi(const message& m);
    void device_reset(const message& m);

    [[nodiscard]] int do_dma_map(message& m);
    [[nodiscard]] int do_set_irqs(message& m);
    [[nodiscard]] int write_one(std::uint32_t region, std::uint64_t offset,
                                bridge::const_bytes data);
    [[nodiscard]] bool is_multi_write_of_old_clients(const message& m) const;

    /// Errno for an access outside the device's regions, or 0.
    [[nodiscard]] int check_access(std::uint32_t region, std::uint64_t offset, std::uint64_t count,
                                   bool write) const;
    void close_unwanted(message& m);
    /// Replies with error or with the header alone, as `error` says.
    void reply_status(const wire::header& request, int error);
    void reply_error(const wire::header& request, int error);
    /// Sends the first `payload_size` bytes behind the header in reply_ as reply.
    void send_reply(const wire::header& request, std::size_t payload_size);
    [[nodiscard]] std::uint8_t* reply_payload() { return reply_.data() + sizeof(wire::header); }
    template <class T>
    void reply_with(const wire::header& request, const T& payload);

    bridge::device& device_;
    reply_sink& replies_;
    bridge::guest_log& log_;
    state state_ = state::awaiting_version;
    unsigned work_ = 1;
    std::vector<std::uint8_t> reply_; ///< room for the longest reply, this session's own
};

} // namespace ntb::vfio_user
