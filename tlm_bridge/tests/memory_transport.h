// SPDX-License-Identifier: Apache-2.0
// A transport without a socket: what one receive gives is scripted, what is sent is collected.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

#include "tlm_bridge/transport.h"

namespace ntb::bridge::test {

using byte_vector = std::vector<std::uint8_t>;

class memory_transport final : public transport {
public:
    /// One receive gives these bytes (or as many as it has room for) with these descriptors; the
    /// kernel has dropped `lost` more.
    void arrive(byte_vector bytes, std::vector<unique_fd> fds = {}, std::size_t lost = 0) {
        input_.push_back({std::move(bytes), std::move(fds), lost});
    }
    void arrive_end() { ended_ = true; }

    io_result receive(mutable_bytes into, fd_batch& fds) override {
        ++receives;
        if (input_.empty()) {
            return {ended_ ? io_status::closed : io_status::would_block, 0};
        }
        auto& [bytes, descriptors, lost] = input_.front();
        for (auto& fd : descriptors) {
            fds.add(std::move(fd));
        }
        descriptors.clear();
        fds.note_refused(std::exchange(lost, 0));
        const std::size_t n = std::min(bytes.size(), into.size);
        std::copy_n(bytes.begin(), n, into.data);
        bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
        if (bytes.empty()) {
            input_.pop_front();
        }
        return {io_status::ok, n, tells_drained && input_.empty()};
    }
    io_result send(const_bytes bytes) override {
        if (send_closed) {
            return {io_status::closed, 0};
        }
        const std::size_t n = std::min(bytes.size, send_room);
        if (n == 0) {
            return {io_status::would_block, 0};
        }
        if (send_room != unlimited) {
            send_room -= n;
        }
        output.insert(output.end(), bytes.data, bytes.data + n);
        return {io_status::ok, n};
    }

    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
    std::size_t send_room = unlimited; ///< bytes until sending would block
    bool send_closed = false;
    bool tells_drained = false; ///< as a socket does that gave less than there was room for
    byte_vector output;
    unsigned receives = 0;

private:
    struct chunk {
        byte_vector bytes;
        std::vector<unique_fd> fds;
        std::size_t lost = 0;
    };
    std::deque<chunk> input_;
    bool ended_ = false;
};

} // namespace ntb::bridge::test
