// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/ivshmem/message_reader.h"

#include <utility>

namespace ntb::ivshmem {

message_reader::status message_reader::next(bridge::transport& from, message& out) {
    while (filled_ != wire::message_size) {
        const bridge::io_result r =
            from.receive({bytes_.data() + filled_, wire::message_size - filled_}, descriptors_);
        if (descriptors_.size() + descriptors_.refused() > 1) {
            descriptors_.clear();
            return status::malformed;
        }
        switch (r.status) {
        case bridge::io_status::ok:
            filled_ += r.bytes;
            break;
        case bridge::io_status::would_block:
            return status::need_more;
        case bridge::io_status::closed:
            return status::closed;
        }
    }
    filled_ = 0;
    out.number = wire::decode(bytes_);
    out.descriptor.reset();
    if (descriptors_.size() == 1) {
        out.descriptor = std::move(descriptors_[0]);
    }
    descriptors_.clear();
    return status::message;
}

} // namespace ntb::ivshmem
