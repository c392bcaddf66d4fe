// SPDX-License-Identifier: Apache-2.0
// A vfio-user client for measuring, in two shapes:
//   plain  one thread: sends a request, blocks in recv() for the reply
//   queued as QEMU does it: the asking thread sends and waits on a condition variable; a second
//          thread waits in poll(), reads header and body apart, and wakes the first
//
// Threading: one asking thread. Errors: client_error; in the receiving thread it ends the process
// with one line and exit code 2. No figure is better than a wrong one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "testbench/vfio_client/connection.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::bench {

/// Ends the process with one line and exit code 2.
[[noreturn]] void give_up(const std::string& what);

enum class client_shape { plain, queued };

class vfio_client {
public:
    /// Connects. With `handshake`, negotiates the version and turns memory space on (PCICMD).
    vfio_client(const std::string& socket_path, client_shape shape, bool handshake);
    ~vfio_client();
    vfio_client(const vfio_client&) = delete;
    vfio_client& operator=(const vfio_client&) = delete;

    /// A 4-byte read of BAR0; returns when the reply is there.
    std::uint32_t read(std::uint32_t offset);
    /// A 4-byte write of a BAR without reply, as QEMU posts it.
    void post(std::uint32_t offset, std::uint32_t value, std::uint32_t region = 0);
    /// `count` 4-byte writes in one message without reply, of consecutive dwords from `offset` on
    /// with the values first, first + 1...
    void post_many(std::uint32_t offset, std::uint32_t first, std::uint32_t count,
                   std::uint32_t region);
    /// DMA_MAP of a file, readable and writable; returns when the reply is there.
    void map(int file, std::uint64_t address, std::uint64_t size);

private:
    using message = vfio_user::client_connection::message;

    void receive_loop();

    vfio_user::client_connection server_;
    client_shape shape_;
    message read_request_{};
    message write_request_{};
    message multi_request_{};
    message reply_{};

    std::mutex mutex_{};
    std::condition_variable arrived_{};
    bool replied_ = false;
    bridge::unique_fd end_read_{}, end_write_{}; ///< a pipe: its end stops the receiver
    std::thread receiver_{};
};

} // namespace ntb::bench
