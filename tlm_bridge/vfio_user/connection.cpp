// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/vfio_user/connection.h"

namespace ntb::vfio_user {

connection::connection(bridge::transport& stream, bridge::device& device, bridge::guest_log& log)
    : stream_(stream), log_(log), session_(device, *this, log) {}

progress connection::pump(unsigned budget) {
    flush();
    bool drained = false; // saves the receive that would only say so: a system call per request
    while (!broken_) {
        message m;
        switch (messages_.next(m)) {
        case message_stream::next_status::message:
            if (session_.handle(m) == session::verdict::close) {
                return progress::closed;
            }
            if (session_.work() >= budget) {
                return broken_ ? progress::closed : progress::more;
            }
            budget -= session_.work();
            break;
        case message_stream::next_status::malformed: {
            const auto h = messages_.front_header();
            const std::uint32_t size = h.message_size;
            log_.warn("{} says it is {} bytes long, which no message is; closing the connection",
                      wire::name_of(h.command), size);
            return progress::closed;
        }
        case message_stream::next_status::need_more: {
            if (drained) {
                return progress::idle;
            }
            const bridge::io_result received = messages_.fill(stream_);
            drained = received.drained;
            switch (received.status) {
            case bridge::io_status::ok:
                break;
            case bridge::io_status::would_block:
                return progress::idle;
            case bridge::io_status::closed:
                if (messages_.mid_message()) {
                    log_.warn("the client left in the middle of a message");
                }
                return progress::closed;
            }
            break;
        }
        }
    }
    return progress::closed;
}

void connection::flush() {
    while (wants_write() && !broken_) {
        const bridge::io_result r = stream_.send({unsent_.data() + sent_, unsent_.size() - sent_});
        if (r.status == bridge::io_status::would_block) {
            return;
        }
        broken_ = r.status == bridge::io_status::closed;
        sent_ += r.bytes;
    }
    unsent_.clear();
    sent_ = 0;
}

void connection::send(bridge::const_bytes message) {
    while (!wants_write() && !broken_ && message.size != 0) {
        const bridge::io_result r = stream_.send(message);
        if (r.status == bridge::io_status::would_block) {
            break;
        }
        broken_ = r.status == bridge::io_status::closed;
        message.data += r.bytes;
        message.size -= r.bytes;
    }
    if (broken_ || message.size == 0) {
        return;
    }
    if (unsent_.size() + message.size > max_unread_replies) {
        log_.warn("the client does not read its replies ({} bytes waiting); closing the connection",
                  unsent_.size() - sent_);
        broken_ = true;
        return;
    }
    unsent_.insert(unsent_.end(), message.data, message.data + message.size);
}

} // namespace ntb::vfio_user
