// SPDX-License-Identifier: GPL-2.0-or-later
// The socket over which two simulators tell each other of windows (tlm_bridge/peer/window_line.h),
// where the other simulator says what it likes: here it is the test.
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "qemu_glue/stub/tests/linked_windows.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

struct window_word {
    enum : std::uint32_t { hello = 1, want, map, withdraw, follow, followed };
    std::uint32_t kind = 0;
    std::uint32_t serial = 0;
    std::uint32_t port = 0;
    std::uint32_t ports = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
};

/// Says that it is the simulator of port 2, which has no such socket.
class impostor {
public:
    explicit impostor(const shared_memory& memory)
        : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        std::set<std::string> names;
        BOOST_REQUIRE(eventually([&] {
            names = window_sockets(memory);
            return names.size() == 1U;
        }));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        names.begin()->copy(address.sun_path + 1, sizeof address.sun_path - 2);
        BOOST_REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address),
                                static_cast<socklen_t>(sizeof(sa_family_t) + 1 +
                                                       names.begin()->size())) == 0);
        window_word w;
        w.kind = window_word::hello;
        w.port = 1;
        w.serial = memory.words[(128 + 256) / 4]; // layout.h: incarnation of side 1
        BOOST_REQUIRE(say(w));
        BOOST_REQUIRE(hear(w));
        BOOST_REQUIRE(w.kind == window_word::hello);
    }
    impostor(const impostor&) = delete;
    impostor& operator=(const impostor&) = delete;
    ~impostor() { ::close(socket_); }

    /// With two descriptors of that file, or as many. False: it has hung up, or takes nothing.
    bool say(const window_word& w, int file = -1, unsigned files = 1) const {
        const std::array<int, 2> both{file, file};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof both)> control{};
        iovec part{const_cast<window_word*>(&w), sizeof w};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (file >= 0) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(files * sizeof file);
            cmsghdr* const c = CMSG_FIRSTHDR(&message);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(files * sizeof file);
            std::memcpy(CMSG_DATA(c), both.data(), files * sizeof file);
        }
        return ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
               static_cast<ssize_t>(sizeof w);
    }
    /// The next word; false: there is none for ten seconds, or it has hung up.
    bool hear(window_word& w) const {
        pollfd p{socket_, POLLIN, 0};
        return ::poll(&p, 1, 10'000) > 0 &&
               ::recv(socket_, &w, sizeof w, MSG_DONTWAIT) == static_cast<ssize_t>(sizeof w);
    }
    /// The same word, again and again, until it has hung up.
    void flood(const window_word& w) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(8);
        while (std::chrono::steady_clock::now() < end)
            if (!say(w) && errno != EAGAIN)
                return;
    }

private:
    int socket_;
};

/// That cannot shrink, with further seals.
int sealed_file(std::uint64_t size, int seals) {
    const int file = ::memfd_create("any", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    BOOST_REQUIRE(::ftruncate(file, static_cast<off_t>(size)) == 0);
    BOOST_REQUIRE(::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | seals) == 0);
    return file;
}

/// The simulator of port 0 waits for another one, that of port 2 has no such socket.
struct beside_an_impostor : linked_windows {
    beside_an_impostor() : linked_windows(true, {"@1:--trace-windows"}) {}
    [[nodiscard]] std::ptrdiff_t descriptors() {
        const std::filesystem::directory_iterator all("/proc/" +
                                                      std::to_string(simulator.process(0)) + "/fd");
        return std::distance(begin(all), end(all));
    }
    /// Whether the guest's registers answer.
    [[nodiscard]] bool answers() {
        std::uint64_t value = 0;
        return at(0).stub.read(bar0, gasadata, 4, value);
    }
    shared_memory memory{simulator.server()};
    impostor other{memory};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(mad_window_lines, beside_an_impostor)

BOOST_AUTO_TEST_CASE(descriptors_that_nobody_asked_for_are_not_kept) {
    const std::ptrdiff_t before = descriptors();
    const int file = ::memfd_create("any", MFD_CLOEXEC);
    window_word w;
    w.kind = window_word::follow;
    for (w.serial = 1; w.serial < 100; ++w.serial) {
        window_word answer;
        if (!other.say(w, file, 2) || !other.hear(answer))
            break; // hung up on, as one may
    }
    ::close(file);
    BOOST_TEST(answers());
    BOOST_TEST(descriptors() <= before + 1);
}

BOOST_AUTO_TEST_CASE(who_asks_all_the_time_and_hears_nothing_is_given_up) {
    window_word follow;
    follow.kind = window_word::follow;
    std::thread floods([&] { other.flood(follow); });
    for (unsigned i = 0; i < 30; ++i) {
        BOOST_TEST(answers());
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    floods.join();
    BOOST_TEST(simulator.runs());
    BOOST_TEST(answers());
}

BOOST_AUTO_TEST_CASE(who_talks_all_the_time_and_does_not_answer_is_given_up) {
    window_word want;
    want.kind = window_word::want;
    std::vector<std::thread> floods;
    for (unsigned i = 0; i < 6; ++i) // more than can be heard meanwhile
        floods.emplace_back([&] { other.flood(want); });
    for (unsigned i = 0; i < 30; ++i) {
        BOOST_TEST(answers());
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    for (std::thread& f : floods)
        f.join();
    BOOST_TEST(answers());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_mapped_does_not_end_windows) {
    constexpr int future_write = 0x10; // F_SEAL_FUTURE_WRITE: nobody may map it for writing now
    const int file = sealed_file(4096, future_write);
    window_word w;
    w.kind = window_word::map;
    w.port = 2;
    w.size = 4096;
    BOOST_REQUIRE(other.say(w, file));
    ::close(file);
    w = {};
    w.kind = window_word::follow;
    w.serial = 7;
    BOOST_REQUIRE(other.say(w));
    BOOST_REQUIRE(other.hear(w));
    BOOST_TEST(w.kind == window_word::followed);
    BOOST_TEST(w.serial == 7U);
}

BOOST_AUTO_TEST_SUITE_END()
