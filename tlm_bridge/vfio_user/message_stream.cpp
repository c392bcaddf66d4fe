// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/vfio_user/message_stream.h"

#include <algorithm>
#include <cstring>

namespace ntb::vfio_user {

message_stream::message_stream() : buffer_(wire::max_message_size + receive_room) {}

message_stream::next_status message_stream::front() const {
    const std::size_t available = written_ - read_;
    if (available < sizeof(wire::header)) {
        return next_status::need_more;
    }
    const std::uint32_t size = wire::load<wire::header>(buffer_.data() + read_).message_size;
    if (size < sizeof(wire::header) || size > wire::max_message_size) {
        return next_status::malformed;
    }
    return available < size ? next_status::need_more : next_status::message;
}

bridge::io_result message_stream::fill(bridge::transport& from) {
    if (front() != next_status::need_more) {
        return {bridge::io_status::ok, 0};
    }
    if (read_ != 0) {
        // What is left is less than a message, mostly nothing at all.
        std::memmove(buffer_.data(), buffer_.data() + read_, written_ - read_);
        written_ -= read_;
        read_ = 0;
    }
    // Earlier descriptors without an owner belong to the message that is still incomplete.
    carried_.take(arrived_);
    const bridge::io_result result =
        from.receive({buffer_.data() + written_, buffer_.size() - written_}, arrived_);
    if (result.status == bridge::io_status::ok) {
        written_ += result.bytes;
    }
    return result;
}

wire::header message_stream::front_header() const {
    wire::header h{};
    std::memcpy(&h, buffer_.data() + read_, std::min(sizeof h, written_ - read_));
    return h;
}

message_stream::next_status message_stream::next(message& out) {
    if (!delivered_.empty()) {
        delivered_.clear();
    }
    const next_status status = front();
    if (status != next_status::message) {
        return status;
    }
    const auto head = wire::load<wire::header>(buffer_.data() + read_);
    out.header = head;
    out.payload = {buffer_.data() + read_ + sizeof(wire::header),
                   head.message_size - sizeof(wire::header)};
    out.fds = &delivered_;
    read_ += head.message_size;
    if (!carried_.empty()) {
        delivered_.take(carried_);
    }
    if (!arrived_.empty() && read_ == written_) {
        delivered_.take(arrived_);
    }
    return next_status::message;
}

} // namespace ntb::vfio_user
