// SPDX-License-Identifier: Apache-2.0
// What a register access through a socket of `ntbsim serve` costs, beside its floor: the same
// client and the same bytes against a process that only answers. Both are measured in turns of
// one run, because two runs on a shared machine do not compare.
//
// Usage: ntbsim_bridge_bench SOCKET [ROUNDS]   (SOCKET: a port without a client)
// Prints one JSON object; times in microseconds. Threading: one thread, and one child process as
// the floor. Errors: one line on stderr, exit code 1.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/vfio_user/wire.h"

namespace {

using clock_type = std::chrono::steady_clock;
using ntb::bridge::unique_fd;
namespace wire = ntb::vfio_user::wire;

constexpr std::uint32_t bar0 = 0;
constexpr std::uint32_t config_space = 7;
constexpr std::uint64_t scratch = 0x40C; ///< NTSDATA: plain storage
constexpr std::uint64_t command_register = 0x004;
constexpr std::uint32_t decode_memory = 0x2;
constexpr std::size_t request_size = sizeof(wire::header) + sizeof(wire::region_access);
constexpr std::size_t value_size = 4;
constexpr int reads_per_turn = 2000;
constexpr int writes_per_turn = 20000;

[[noreturn]] void fail(const std::string& what, const std::string& why) {
    std::fprintf(stderr, "ntbsim_bridge_bench: %s: %s (is ntbsim serve running?)\n", what.c_str(),
                 why.c_str());
    std::exit(1);
}

void send_all(int fd, const std::uint8_t* data, std::size_t size) {
    while (size != 0) {
        const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL);
        if (n < 0)
            fail("send", std::strerror(errno));
        data += n;
        size -= static_cast<std::size_t>(n);
    }
}

void receive_all(int fd, std::uint8_t* data, std::size_t size) {
    while (size != 0) {
        const ssize_t n = ::recv(fd, data, size, 0);
        if (n <= 0)
            fail("receive", n == 0 ? "the other end has closed" : std::strerror(errno));
        data += n;
        size -= static_cast<std::size_t>(n);
    }
}

using region_message = std::array<std::uint8_t, request_size + value_size>;

region_message message(wire::command c, std::uint32_t flags, std::uint32_t value,
                       std::uint64_t offset = scratch, std::uint32_t region = bar0) {
    region_message m{};
    const bool write = c == wire::command::region_write;
    wire::header h{};
    h.command = static_cast<std::uint16_t>(c);
    h.message_size = static_cast<std::uint32_t>(write ? m.size() : request_size);
    h.flags = flags;
    const wire::region_access access{offset, region, value_size};
    std::memcpy(m.data(), &h, sizeof h);
    std::memcpy(m.data() + sizeof h, &access, sizeof access);
    std::memcpy(m.data() + request_size, &value, sizeof value);
    return m;
}

/// One register read as the client sees it, in microseconds; `value` gets what was read.
double read_once(int fd, std::uint32_t& value) {
    static const auto request = message(wire::command::region_read, wire::type_command, 0);
    region_message reply{};
    const auto begin = clock_type::now();
    send_all(fd, request.data(), request_size);
    receive_all(fd, reply.data(), reply.size());
    const auto end = clock_type::now();
    std::memcpy(&value, reply.data() + request_size, sizeof value);
    return std::chrono::duration<double, std::micro>(end - begin).count();
}

/// Posted writes until the last of them has acted, in microseconds each.
double write_many(int fd) {
    const auto begin = clock_type::now();
    for (std::uint32_t i = 1; i <= writes_per_turn; ++i) {
        const auto request =
            message(wire::command::region_write, wire::type_command | wire::flag_no_reply, i);
        send_all(fd, request.data(), request.size());
    }
    std::uint32_t last = 0;
    (void)read_once(fd, last);
    const auto end = clock_type::now();
    if (last != writes_per_turn)
        fail("posted writes", "the read behind them gave " + std::to_string(last));
    return std::chrono::duration<double, std::micro>(end - begin).count() / writes_per_turn;
}

unique_fd connect_to(const char* path) {
    unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail(path, std::strerror(errno));
    wire::header h{};
    h.command = static_cast<std::uint16_t>(wire::command::version);
    h.message_size = sizeof(wire::header) + sizeof(wire::version);
    std::array<std::uint8_t, sizeof(wire::header) + sizeof(wire::version)> hello{};
    std::memcpy(hello.data(), &h, sizeof h);
    send_all(fd.get(), hello.data(), hello.size());
    receive_all(fd.get(), reinterpret_cast<std::uint8_t*>(&h), sizeof h);
    std::vector<std::uint8_t> rest(h.message_size - sizeof h);
    receive_all(fd.get(), rest.data(), rest.size());
    const auto enable =
        message(wire::command::region_write, wire::type_command | wire::flag_no_reply,
                decode_memory, command_register, config_space);
    send_all(fd.get(), enable.data(), enable.size());
    return fd;
}

/// A process that answers each request with a reply of the right length and does nothing else.
class answering_process {
public:
    answering_process() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
            fail("socketpair", std::strerror(errno));
        ours_.reset(ends[0]);
        unique_fd theirs(ends[1]);
        child_ = ::fork();
        if (child_ < 0)
            fail("fork", std::strerror(errno));
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ours_.reset();
            region_message buffer{};
            for (;;) {
                if (::recv(theirs.get(), buffer.data(), request_size, 0) <= 0)
                    ::_exit(0);
                (void)::send(theirs.get(), buffer.data(), buffer.size(), MSG_NOSIGNAL);
            }
        }
    }
    answering_process(const answering_process&) = delete;
    answering_process& operator=(const answering_process&) = delete;
    ~answering_process() {
        ours_.reset();
        ::waitpid(child_, nullptr, 0);
    }
    [[nodiscard]] int fd() const { return ours_.get(); }

private:
    unique_fd ours_;
    pid_t child_ = -1;
};

double quantile(std::vector<double>& sorted, double q) {
    return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

} // namespace

int main(int argc, char* argv[]) {
    if (argc < 2)
        fail("command line", "no socket given");
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 10;
    const unique_fd port = connect_to(argv[1]);
    const answering_process floor;
    std::vector<double> bare;
    std::vector<double> read;
    std::vector<double> write;
    std::uint32_t value = 0;
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < reads_per_turn; ++i)
            bare.push_back(read_once(floor.fd(), value));
        for (int i = 0; i < reads_per_turn; ++i)
            read.push_back(read_once(port.get(), value));
        write.push_back(write_many(port.get()));
    }
    for (auto* samples : {&bare, &read, &write})
        std::sort(samples->begin(), samples->end());
    const double bare_us = quantile(bare, 0.5);
    const double read_us = quantile(read, 0.5);
    std::printf("{\"bare_round_trip_us\": %.2f, \"bare_p99_us\": %.2f, \"read_round_trip_us\": "
                "%.2f, \"read_p99_us\": %.2f, \"read_over_bare\": %.2f, \"goal_us\": %.2f, "
                "\"posted_write_us\": %.3f, \"posted_write_worst_us\": %.3f}\n",
                bare_us, quantile(bare, 0.99), read_us, quantile(read, 0.99), read_us / bare_us,
                1.1 * bare_us + 1.0, quantile(write, 0.5), write.back());
    return 0;
}
