// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/tests/served_switch.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace ntb::stub::test {

namespace wire = vfio_user::wire;

namespace {

constexpr auto patience = std::chrono::seconds(60);

struct [[gnu::packed]] write_payload {
    wire::region_access access;
    std::uint64_t value;
};

template <class Condition>
void await(const char* what, Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error(std::string("waited in vain for ") + what);
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
}

vfio_user::client_connection shaken(const std::string& socket) {
    vfio_user::client_connection c(socket);
    c.shake_hands();
    return c;
}

} // namespace

host::host(const std::string& socket, window_use use)
    : connection(shaken(socket)), areas(*new windows), stub(*new channel) {
    if (const char* const problem = stub.open((socket + ".stub").c_str(), use != window_use::none))
        throw vfio_user::client_error(problem);
    if (use != window_use::area)
        return;
    window = static_cast<unsigned char*>(areas.reserve(2, 1U << 20U));
    if (const char* const problem = stub.hear_of(areas, [] {}))
        throw std::runtime_error(problem);
}

host::~host() {
    stub.close();
}

std::uint64_t host::read_by_socket(std::uint8_t region, std::uint64_t offset, std::uint8_t size) {
    const wire::region_access a{offset, region, size};
    const auto reply =
        connection.round_trip(connection.make(wire::command::region_read, 0, &a, sizeof a));
    std::uint64_t value = 0;
    std::memcpy(&value, reply.data() + sizeof(wire::header) + sizeof a, size);
    return value;
}

void host::write_by_socket(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                           std::uint64_t value) {
    const write_payload w{{offset, region, size}, value};
    connection.round_trip(
        connection.make(wire::command::region_write, 0, &w, sizeof w.access + size));
}

served_switch::served_switch(const std::vector<std::string>& more, window_use use, served_by by)
    : more_(more), use_(use), by_(by) {
    char name[] = "/tmp/ntb-stub-test-XXXXXX";
    directory_ = ::mkdtemp(name);
    sockets_ = {directory_ + "/0.sock", directory_ + "/2.sock"};
    if (by == served_by::two_of_three)
        sockets_.push_back(directory_ + "/4.sock");
    start_simulators();
    for (const std::string& s : sockets_) {
        // The stub's socket is made before the function's own.
        await("a socket", [&s] { return ::access(s.c_str(), F_OK) == 0; });
        hosts.push_back(join(s, use));
    }
}

void served_switch::start_simulators() {
    if (by_ == served_by::one) {
        children_ = {start(words_of(0))};
        return;
    }
    const std::string server = directory_ + "/ivshmem";
    server_ = start({"ivshmem-server", "--socket", server});
    await("the ivshmem server", [&server] { return ::access(server.c_str(), F_OK) == 0; });
    children_ = {start(words_of(0))};
    // It has its side of the link before it has sockets.
    await("a socket", [this] { return ::access(sockets_[0].c_str(), F_OK) == 0; });
    children_.push_back(start(words_of(1)));
}

std::vector<std::string> served_switch::words_of(std::size_t simulator) const {
    std::vector<std::string> words{"serve", "--stub", "--spin-us", "0"};
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        if (by_ == served_by::one || i % 2 == simulator)
            words.insert(words.end(), {"--port", std::to_string(2 * i) + "=" + sockets_[i]});
    if (by_ != served_by::one)
        words.insert(words.end(), {"--peer", "ivshmem:" + directory_ + "/ivshmem"});
    if (by_ == served_by::two_of_three)
        words.insert(words.end(), {"--topology", "three-host"});
    for (std::string w : more_) {
        if (w.size() > 3 && w[0] == '@' && w[2] == ':') {
            if (w[1] != static_cast<char>('0' + simulator))
                continue;
            w.erase(0, 3);
        }
        if (const std::size_t at = w.find('@'); at != std::string::npos)
            w.replace(at, 1, std::to_string(simulator));
        words.push_back(std::move(w));
    }
    return words;
}

pid_t served_switch::start(const std::vector<std::string>& more) const {
    std::vector<std::string> words{NTB_STUB_TEST_NTBSIM};
    words.insert(words.end(), more.begin(), more.end());
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<char*> argv;
        for (std::string& w : words)
            argv.push_back(w.data());
        argv.push_back(nullptr);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    return child;
}

std::unique_ptr<host> join(const std::string& socket, window_use use) {
    std::unique_ptr<host> out;
    await("the simulator", [&] {
        try {
            out = std::make_unique<host>(socket, use);
        } catch (const vfio_user::client_error&) {
        }
        return out != nullptr;
    });
    return out;
}

void served_switch::rejoin(std::size_t i) {
    hosts[i] = join(sockets_[i], use_);
}

void served_switch::restart(std::size_t i) {
    hosts[i].reset();
    child_of(i) = start(words_of(i));
    rejoin(i);
}

bool served_switch::runs() const {
    return std::all_of(children_.begin(), children_.end(), [](pid_t child) {
        return child > 0 && ::waitpid(child, nullptr, WNOHANG) == 0;
    });
}

std::chrono::nanoseconds served_switch::processor_time() const {
    clockid_t clock{};
    timespec t{};
    if (::clock_getcpuclockid(children_.front(), &clock) != 0 || ::clock_gettime(clock, &t) != 0)
        throw std::runtime_error("no clock of the simulator's processor time");
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

served_switch::~served_switch() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

int served_switch::stop() {
    int code = 0;
    for (pid_t& child : children_) {
        // With the hosts still there: they leave in the order of their ports.
        ::kill(child, SIGTERM);
        int status = 0;
        ::waitpid(child, &status, 0);
        child = -1;
        if (code == 0)
            code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    kill();
    hosts.clear();
    return code;
}

void served_switch::kill() {
    children_.push_back(server_);
    server_ = -1;
    for (pid_t& child : children_) {
        if (child < 0)
            continue;
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        child = -1;
    }
}

void served_switch::signal(std::size_t i, int number) {
    pid_t& child = child_of(i);
    ::kill(child, number);
    if (number != SIGKILL)
        return;
    ::waitpid(child, nullptr, 0);
    child = -1;
}

void served_switch::settle() const {
    for (const auto& h : hosts)
        await("the simulator's rest", [&h] { return h->stub.simulator_sleeps(); });
}

} // namespace ntb::stub::test
