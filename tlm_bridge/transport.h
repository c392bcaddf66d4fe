// SPDX-License-Identifier: Apache-2.0
// A byte stream with descriptors, as a session needs it. The UNIX socket is one; tests and
// fuzzers bring another, without a socket.
//
// Threading: one thread. Errors: a broken stream is `closed`; there is nothing else to know.
#pragma once

#include <cstddef>

#include "tlm_bridge/bytes.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::bridge {

enum class io_status : unsigned char {
    ok,          ///< `bytes` (at least 1) were moved
    would_block, ///< nothing now
    closed,      ///< end of stream, or broken: nothing ever again
};

struct io_result {
    io_status status = io_status::would_block;
    std::size_t bytes = 0;
    /// Of a receive: no bytes were left when it returned (the end of the stream may be), so poll
    /// before the next one. A transport that does not know says false.
    bool drained = false;
    /// Of a send with a descriptor that would block: the system holds too many for readers that do
    /// not read, and poll does not tell when that ends.
    bool too_many_descriptors = false;
};

class transport {
public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    /// Takes what is there, never waits. Descriptors that came with these bytes are added to
    /// `fds`; as a UNIX stream socket delivers them, they belong to the last message of which
    /// these bytes are a part.
    virtual io_result receive(mutable_bytes into, fd_batch& fds) = 0;
    /// Sends what fits, never waits.
    virtual io_result send(const_bytes bytes) = 0;
};

} // namespace ntb::bridge
