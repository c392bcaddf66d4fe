// SPDX-License-Identifier: Apache-2.0
// The server at a socket path: paths that cannot be used, clients that come and go.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <linux/vfio.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tlm_bridge/setup_error.h"
#include "tlm_bridge/tests/directory.h"
#include "tlm_bridge/tests/messages.h"
#include "tlm_bridge/tests/plain_device.h"
#include "tlm_bridge/vfio_user/server.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;
using ntb::vfio_user::progress;
using ntb::vfio_user::server;
using wire::command;
namespace fs = std::filesystem;

namespace {

sockaddr_un address_of(const std::string& path) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    return a;
}

/// Leaves a socket at the path; listening as long as the result lives.
unique_fd foreign_listener(const std::string& path) {
    unique_fd s(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un a = address_of(path);
    BOOST_REQUIRE(::bind(s.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
    BOOST_REQUIRE(::listen(s.get(), 1) == 0);
    return s;
}

struct socket_client {
    explicit socket_client(const std::string& path)
        : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_un a = address_of(path);
        connected = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
    }
    void send(const byte_vector& bytes, const std::vector<int>& fds = {}) const {
        iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 64)] = {};
        msghdr m{};
        m.msg_iov = &part;
        m.msg_iovlen = 1;
        if (!fds.empty()) {
            m.msg_control = control;
            m.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
            cmsghdr* c = CMSG_FIRSTHDR(&m);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
            std::memcpy(CMSG_DATA(c), fds.data(), sizeof(int) * fds.size());
        }
        BOOST_REQUIRE(::sendmsg(fd.get(), &m, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    }
    /// All replies that are there now.
    [[nodiscard]] std::vector<reply> receive() const {
        byte_vector all;
        byte_vector buffer(1 << 16);
        ssize_t n = 0;
        while ((n = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
            all.insert(all.end(), buffer.begin(), buffer.begin() + n);
        }
        return replies_in(all);
    }
    /// Whether the server has closed the connection.
    [[nodiscard]] bool refused() const {
        char c = 0;
        return ::recv(fd.get(), &c, 1, MSG_DONTWAIT) == 0;
    }
    unique_fd fd;
    bool connected = false;
};

struct served {
    directory dir;
    captured_log log;
    plain_device device{log.logger()};
    std::string path = dir.file("port2.sock");
    std::unique_ptr<server> the_server = make();

    std::unique_ptr<server> make() {
        return std::make_unique<server>(path, device, log.logger(), "port2");
    }
    void run() const {
        the_server->accept_clients();
        do { // as the owner does: on `more` at once, on `idle` when there is input
            while (the_server->serve(16) == progress::more) {
            }
        } while (has_input(the_server->client_fd()));
    }
    static bool has_input(int fd) {
        pollfd p{fd, POLLIN, 0};
        return fd >= 0 && ::poll(&p, 1, 0) == 1;
    }
    void say_version(const socket_client& c) const {
        c.send(version_message());
        run();
        BOOST_TEST(c.receive().size() == 1U);
    }
};

/// The part of the error that tells why; empty if there was none.
std::string why_not(const std::string& path) {
    try {
        const unix_listener l(path);
        return {};
    } catch (const setup_error& e) {
        BOOST_TEST(std::string(e.what()).find('\n') == std::string::npos);
        BOOST_TEST(!e.remedy.empty());
        return e.why;
    }
}
bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(socket_path, directory)

BOOST_AUTO_TEST_CASE(a_missing_directory_is_told) {
    BOOST_TEST(contains(why_not(file("no/sock")), "does not exist"));
}

BOOST_AUTO_TEST_CASE(a_path_that_is_too_long_is_told) {
    BOOST_TEST(contains(why_not(file(std::string(200, 'x'))), "may have 107"));
    BOOST_TEST(contains(why_not(""), "empty"));
}

BOOST_AUTO_TEST_CASE(a_file_in_the_way_is_left_alone) {
    std::ofstream(file("sock")) << "precious";
    BOOST_TEST(contains(why_not(file("sock")), "not a socket"));
    BOOST_TEST(fs::file_size(file("sock")) == 8U);
    BOOST_TEST(contains(why_not(file("sock/below")), "not a directory"));
}

BOOST_AUTO_TEST_CASE(a_socket_of_a_live_process_is_left_alone) {
    const unique_fd other = foreign_listener(file("sock"));
    BOOST_TEST(contains(why_not(file("sock")), "another process listens"));
    BOOST_TEST(socket_client(file("sock")).connected);
}

BOOST_AUTO_TEST_CASE(a_live_process_that_does_not_accept_is_left_alone_and_not_waited_for) {
    const unique_fd other = foreign_listener(file("sock"));
    const socket_client first(file("sock")); // with these two its queue is full
    const socket_client second(file("sock"));
    BOOST_TEST((first.connected && second.connected));
    BOOST_TEST(contains(why_not(file("sock")), "another process listens"));
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_not_ours_to_judge_is_left_alone) {
    const unique_fd datagrams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_un a = address_of(file("sock"));
    BOOST_REQUIRE(::bind(datagrams.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
    BOOST_TEST(contains(why_not(file("sock")), "somebody else's socket"));
    BOOST_TEST(fs::exists(file("sock")));
}

BOOST_AUTO_TEST_CASE(a_stale_socket_is_replaced) {
    foreign_listener(file("sock")).reset();
    BOOST_REQUIRE(fs::exists(file("sock")));
    const unix_listener l(file("sock"));
    BOOST_TEST(socket_client(file("sock")).connected);
}

BOOST_AUTO_TEST_CASE(the_socket_is_for_its_owner_only) {
    const mode_t before = ::umask(0);
    const unix_listener l(file("sock"));
    ::umask(before);
    struct stat status {};
    BOOST_REQUIRE(::stat(file("sock").c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0600U);
}

BOOST_AUTO_TEST_CASE(the_socket_is_removed_at_the_end) {
    { const unix_listener l(file("sock")); }
    BOOST_TEST(!fs::exists(file("sock")));
}

BOOST_AUTO_TEST_CASE(what_somebody_else_put_there_meanwhile_is_not_removed) {
    unique_fd other;
    {
        const unix_listener l(file("sock"));
        fs::remove(file("sock"));
        other = foreign_listener(file("sock"));
    }
    BOOST_TEST(fs::exists(file("sock")));
    {
        const unix_listener l(file("b"));
        fs::remove(file("b"));
        std::ofstream(file("b")) << "x";
    }
    BOOST_TEST(fs::exists(file("b")));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(clients, served)

BOOST_AUTO_TEST_CASE(a_client_is_served_over_the_socket) {
    const socket_client c(path);
    say_version(c);
    BOOST_TEST(the_server->connected());
    const unique_fd event = new_eventfd();
    c.send(message(command::device_set_irqs,
                   bytes_of(wire::irq_set{
                       20, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1, 0, 1})),
           {event.get()});
    c.send(write_message(0, plain_device::reg_msi, {1}, wire::flag_no_reply));
    c.send(read_message(0, plain_device::reg_msi, 1));
    run();
    BOOST_TEST(c.receive().size() == 2U);
    BOOST_TEST(take_count(event) == 1U);
}

BOOST_AUTO_TEST_CASE(a_second_client_is_refused_and_the_first_goes_on) {
    const socket_client first(path);
    say_version(first);
    const socket_client second(path);
    run();
    BOOST_TEST(second.refused());
    BOOST_TEST(log.has("refused a second client"));
    first.send(read_message(0, 0, 4));
    run();
    BOOST_TEST(first.receive().size() == 1U);
    BOOST_TEST(device.connects == 1U);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_makes_room_for_the_next) {
    {
        const socket_client first(path);
        say_version(first);
    }
    run();
    BOOST_TEST(device.disconnects == 1U);
    BOOST_TEST(!the_server->connected());
    const socket_client second(path);
    say_version(second);
    BOOST_TEST(device.connects == 2U);
}

BOOST_AUTO_TEST_CASE(a_client_that_comes_before_the_last_one_is_cleared_away_is_not_refused) {
    auto first = std::make_unique<socket_client>(path);
    say_version(*first);
    first.reset();
    const socket_client second(path);
    the_server->accept_clients(); // has not noticed the end of the first yet
    const socket_client third(path);
    run();
    BOOST_TEST(third.refused());
    say_version(second);
    BOOST_TEST(device.connects == 2U);
    BOOST_TEST(device.disconnects == 1U);
}

BOOST_AUTO_TEST_CASE(a_client_that_closes_half_way_is_cleared_away) {
    const socket_client c(path);
    say_version(c);
    c.send({1, 0, 9});
    BOOST_REQUIRE(::shutdown(c.fd.get(), SHUT_WR) == 0);
    run();
    BOOST_TEST(c.refused());
    BOOST_TEST(device.disconnects == 1U);
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_client_that_is_gone_raises_no_signal) {
    ::signal(SIGPIPE, SIG_DFL);
    auto c = std::make_unique<socket_client>(path);
    say_version(*c);
    c->send(read_message(0, 0, 4));
    c.reset();
    run();
    BOOST_TEST(device.reads == 1U);
    BOOST_TEST(device.disconnects == 1U);
}

BOOST_AUTO_TEST_CASE(a_client_that_only_stops_sending_gets_its_answers_first) {
    const socket_client c(path);
    c.send(version_message());
    c.send(read_message(0, 0, 4));
    BOOST_REQUIRE(::shutdown(c.fd.get(), SHUT_WR) == 0);
    run();
    BOOST_TEST(c.receive().size() == 2U);
}

BOOST_AUTO_TEST_CASE(descriptors_arrive_with_their_message_among_others) {
    const socket_client c(path);
    say_version(c);
    const unique_fd ram = new_memory(0x4000);
    // Posted before, between and after, as one burst in the socket.
    c.send(write_message(0, 0x20, {1}, wire::flag_no_reply));
    c.send(message(command::dma_map, bytes_of(wire::dma_map{32, 3, 0, 0, 0x4000}), 0, 7),
           {ram.get()});
    c.send(write_message(0, 0x20, {2}, wire::flag_no_reply));
    run();
    const auto r = c.receive();
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(r[0].error() == 0);
    const std::uint8_t byte = 0x5a;
    BOOST_TEST((device.memory.write(0x123, {&byte, 1}) == memory_status::ok));
    BOOST_TEST(!log.has("unwanted"));
}

BOOST_AUTO_TEST_CASE(a_receive_that_stopped_at_descriptors_does_not_claim_that_nothing_is_left) {
    unix_listener other(dir.file("other"));
    const socket_client peer(dir.file("other"));
    ntb::bridge::unix_stream stream(other.accept());
    const unique_fd event = new_eventfd();
    peer.send({1, 2}, {event.get()});
    peer.send({3, 4, 5});
    byte_vector room(100);
    fd_batch fds;
    const auto first = stream.receive({room.data(), room.size()}, fds);
    BOOST_TEST(first.bytes == 2U);
    BOOST_TEST(!first.drained);
    const auto second = stream.receive({room.data(), room.size()}, fds);
    BOOST_TEST(second.bytes == 3U);
    BOOST_TEST(second.drained);
}

BOOST_AUTO_TEST_CASE(more_descriptors_than_there_is_room_for_are_lost_and_logged) {
    const socket_client c(path);
    say_version(c);
    const unique_fd event = new_eventfd();
    c.send(read_message(0, 0, 4), std::vector<int>(64, event.get()));
    run();
    BOOST_TEST(c.receive().size() == 1U);
    BOOST_TEST(log.has("unwanted file descriptor(s) that came with REGION_READ"));
}

BOOST_AUTO_TEST_CASE(a_client_that_never_reads_is_thrown_out_without_waiting) {
    const socket_client c(path);
    say_version(c);
    for (int i = 0; i < 1000 && the_server->connected(); ++i) {
        c.send(read_message(0, 0, 4096));
        run();
    }
    BOOST_TEST(!the_server->connected());
    BOOST_TEST(device.disconnects == 1U);
    BOOST_TEST(log.has("does not read"));
}

BOOST_AUTO_TEST_CASE(a_reader_that_wakes_up_gets_the_rest) {
    const socket_client c(path);
    say_version(c);
    unsigned asked = 0;
    while ((the_server->client_events() & POLLOUT) == 0) {
        c.send(read_message(0, 0, 4096));
        ++asked;
        run();
    }
    byte_vector all;
    byte_vector buffer(1 << 16);
    ssize_t n = 0;
    while ((n = ::recv(c.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
        all.insert(all.end(), buffer.begin(), buffer.begin() + n);
        run();
    }
    BOOST_TEST(replies_in(all).size() == asked);
    BOOST_TEST((the_server->client_events() & POLLOUT) == 0);
}

BOOST_AUTO_TEST_CASE(a_flood_of_clients_does_not_hold_up_the_one_that_is_there) {
    const socket_client first(path);
    say_version(first);
    for (int i = 0; i < 50; ++i) {
        const socket_client other(path);
        the_server->accept_clients();
    }
    first.send(read_message(0, 0, 4));
    run();
    BOOST_TEST(first.receive().size() == 1U);
}

BOOST_AUTO_TEST_CASE(throwing_a_client_out_tells_the_device) {
    const socket_client c(path);
    say_version(c);
    the_server->disconnect();
    BOOST_TEST(device.disconnects == 1U);
    BOOST_TEST(c.refused());
    the_server->disconnect();
    BOOST_TEST(device.disconnects == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
