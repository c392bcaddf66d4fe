// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/tests/served_switch.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

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

served_switch::served_switch(const std::vector<std::string>& more, window_use use) : use_(use) {
    char name[] = "/tmp/ntb-stub-test-XXXXXX";
    directory_ = ::mkdtemp(name);
    sockets_ = {directory_ + "/0.sock", directory_ + "/2.sock"};
    std::vector<std::string> words{NTB_STUB_TEST_NTBSIM, "serve",  "--stub",
                                   "--spin-us",          "0",      "--port",
                                   "0=" + sockets_[0],   "--port", "2=" + sockets_[1]};
    words.insert(words.end(), more.begin(), more.end());
    child_ = ::fork();
    if (child_ == 0) {
        std::vector<char*> argv;
        for (std::string& w : words)
            argv.push_back(w.data());
        argv.push_back(nullptr);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    for (const std::string& s : sockets_) {
        // The stub's socket is made before the function's own.
        await("a socket", [&s] { return ::access(s.c_str(), F_OK) == 0; });
        hosts.push_back(join(s, use));
    }
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

bool served_switch::runs() const {
    return child_ > 0 && ::waitpid(child_, nullptr, WNOHANG) == 0;
}

served_switch::~served_switch() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

int served_switch::stop() {
    ::kill(child_, SIGTERM); // with the hosts still there: they leave in the order of their ports
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    hosts.clear();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void served_switch::kill() {
    if (child_ < 0)
        return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
}

void served_switch::settle() const {
    for (const auto& h : hosts)
        await("the simulator's rest", [&h] { return h->stub.simulator_sleeps(); });
}

} // namespace ntb::stub::test
