// SPDX-License-Identifier: GPL-2.0-or-later
// `ntbsim serve --stub` as a child, or two of them (`--peer`), and two hosts or three, each with a
// vfio-user connection and with the stub's channel beside it: what a QEMU with the stub is to the
// simulator.
//
// Threading: none. Errors: exceptions, which fail the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "qemu_glue/stub/channel.h"
#include "testbench/vfio_client/connection.h"

namespace ntb::stub::test {

inline constexpr std::uint8_t bar0 = 0;
inline constexpr std::uint8_t config_space = 7;

/// Whether a host's windows may be mapped.
enum class window_use : std::uint8_t {
    none,
    area, ///< its BAR2 of 1 MiB is in `window` as a QEMU would show it to its guest
    later ///< hear_of() of its stub is left to the test
};

/// Who serves the hosts.
enum class served_by : std::uint8_t {
    one,          ///< one simulator
    two,          ///< a simulator each, joined at an ivshmem server: that of port 0 comes first
    two_of_three, ///< the same, and a third host, at port 4, at the simulator of port 0
};

/// A host: a client and its stub.
class host {
public:
    host(const std::string& socket, window_use use);

    host(const host&) = delete;
    host& operator=(const host&) = delete;
    ~host();

    [[nodiscard]] std::uint64_t read_by_socket(std::uint8_t region, std::uint64_t offset,
                                               std::uint8_t size);
    void write_by_socket(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                         std::uint64_t value);

    vfio_user::client_connection connection;
    windows& areas; ///< never freed: a thread of the channel's uses it to the end
    channel& stub;  ///< the same
    unsigned char* window = nullptr;
};

class served_switch {
public:
    /// Starts it; `more` are further words of the command line, in which "@" is the number of the
    /// simulator; those that begin with "@1:" are for that simulator only.
    explicit served_switch(const std::vector<std::string>& more, window_use use = window_use::none,
                           served_by by = served_by::one);
    served_switch(const served_switch&) = delete;
    served_switch& operator=(const served_switch&) = delete;
    ~served_switch();

    /// Ends it in order; its exit code, of several the first that is not 0.
    int stop();
    /// Kills it, all of it.
    void kill();
    /// Sends a signal to the simulator of a host; waits for its end if it is SIGKILL.
    void signal(std::size_t i, int number);
    /// The simulator of a host is started again, and the host is back.
    void restart(std::size_t i);
    /// A host comes back after hosts[i].reset().
    void rejoin(std::size_t i);
    /// The function's socket of a host.
    [[nodiscard]] const std::string& socket(std::size_t i) const { return sockets_[i]; }
    [[nodiscard]] bool runs() const;
    /// Process ID of a host's simulator.
    [[nodiscard]] pid_t process(std::size_t i) { return child_of(i); }
    /// Process ID of the ivshmem server.
    [[nodiscard]] pid_t server() const { return server_; }
    /// Of the simulator (the first of two), so far.
    [[nodiscard]] std::chrono::nanoseconds processor_time() const;
    /// Returns when the simulator has nothing to do any more.
    void settle() const;

    std::vector<std::unique_ptr<host>> hosts;

private:
    void start_simulators();
    [[nodiscard]] pid_t start(const std::vector<std::string>& more) const;
    [[nodiscard]] std::vector<std::string> words_of(std::size_t simulator) const;
    /// The simulator of a host.
    [[nodiscard]] pid_t& child_of(std::size_t i) {
        return children_[by_ == served_by::one ? 0 : i % 2];
    }

    std::vector<std::string> more_;
    window_use use_;
    served_by by_;
    std::string directory_;
    std::vector<std::string> sockets_{};
    pid_t server_ = -1; ///< of ivshmem
    std::vector<pid_t> children_{};
};

/// A host at that socket, as soon as the simulator takes one.
[[nodiscard]] std::unique_ptr<host> join(const std::string& socket, window_use use);

} // namespace ntb::stub::test
