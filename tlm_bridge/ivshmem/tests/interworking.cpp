// SPDX-License-Identifier: Apache-2.0
// ivshmem_interworking SERVER [WORD...]: starts an ivshmem server with these words and the options
// that QEMU's and ours have in common, and lets two of our clients meet there: IDs, memory,
// ringing, joining and leaving, life without the server. Exit code 0 iff all of it works.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tlm_bridge/ivshmem/client.h"
#include "tlm_bridge/setup_error.h"
#include "tlm_bridge/tests/directory.h"

using namespace ntb::ivshmem;
using ntb::bridge::signal_result;
using namespace std::chrono_literals;

namespace {

void require(bool holds, const char* what) {
    std::printf("%s: %s\n", what, holds ? "yes" : "NO");
    if (!holds) {
        std::exit(1);
    }
}

struct noted final : peer_events {
    void joined(peer_id peer) override { text += "+" + std::to_string(peer); }
    void left(peer_id peer) override { text += "-" + std::to_string(peer); }
    std::string text;
};

/// Obeys the server until these comings and goings have been told, for a minute at most.
bool hears(client& c, const std::string& expected) {
    noted events;
    for (int i = 0; i < 600 && events.text != expected && c.server_fd() >= 0; ++i) {
        pollfd p{c.server_fd(), POLLIN, 0};
        (void)::poll(&p, 1, 100);
        c.process(events);
    }
    return events.text == expected;
}

class server_process {
public:
    server_process(std::vector<std::string> words, const std::string& path) {
        words.insert(words.end(), {"-F", "-S", path, "-n", "2", "-l", "1M"});
        std::vector<char*> argv;
        for (std::string& w : words) {
            argv.push_back(w.data());
        }
        argv.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
    }
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    ~server_process() { kill(); }
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }
    [[nodiscard]] bool ended() {
        if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
            pid_ = -1;
        }
        return pid_ < 0;
    }

private:
    pid_t pid_ = -1;
};

/// Connects as soon as the server listens.
std::unique_ptr<client> connect(const std::string& path, server_process& server) {
    client::options o;
    o.path = path;
    o.vectors = 2;
    o.smallest_memory = std::uint64_t{1} << 20U;
    for (int i = 0;; ++i) {
        try {
            return std::make_unique<client>(o);
        } catch (const ntb::bridge::setup_error& e) {
            if (i == 600 || server.ended()) {
                std::printf("%s\n", e.what());
                return nullptr;
            }
            std::this_thread::sleep_for(100ms);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    const ntb::bridge::test::directory place;
    const std::string path = place.file("ivshmem");
    server_process server({argv + 1, argv + argc}, path);
    const auto first = connect(path, server);
    require(first != nullptr, "the first client joins");
    require(first->id() == 0 && first->peers().empty(), "it is the first");
    auto second = connect(path, server);
    require(second != nullptr, "the second client joins");
    require(second->peers() == std::vector<peer_id>{0}, "it finds the first there");
    require(hears(*first, "+1"), "the first hears of it");

    const char word = 'x';
    char seen = 0;
    require(::pwrite(first->memory_fd(), &word, 1, 100) == 1 &&
                ::pread(second->memory_fd(), &seen, 1, 100) == 1 && seen == word,
            "they share memory");
    require(first->ring(1, 1) == signal_result::delivered && !second->take_interrupt(0) &&
                second->take_interrupt(1),
            "the first rings the second");
    require(second->ring(0, 0) == signal_result::delivered && first->take_interrupt(0) &&
                !first->take_interrupt(1),
            "the second rings the first");

    second.reset();
    require(hears(*first, "-1"), "the first hears that the second has left");
    const auto third = connect(path, server);
    require(third != nullptr && hears(*first, "+" + std::to_string(third->id())),
            "a third joins, and the first hears of it");

    server.kill();
    require(!hears(*first, "nothing more") && first->server_fd() < 0,
            "the first notices that the server is gone");
    require(first->ring(third->id(), 1) == signal_result::delivered && third->take_interrupt(1),
            "the first rings the third without a server");
    return 0;
}
