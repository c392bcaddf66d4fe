// SPDX-License-Identifier: Apache-2.0
// What a server says to its clients, and what it does with those that do not behave. The clients
// here are bare sockets.
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tlm_bridge/eventfd.h"
#include "tlm_bridge/ivshmem/message_reader.h"
#include "tlm_bridge/ivshmem/server.h"
#include "tlm_bridge/setup_error.h"
#include "tlm_bridge/tests/directory.h"
#include "tlm_bridge/tests/messages.h"

using namespace ntb::ivshmem;
using ntb::bridge::setup_error;
using ntb::bridge::signal_eventfd;
using ntb::bridge::signal_result;
using ntb::bridge::unique_fd;
using ntb::bridge::unix_stream;
using ntb::bridge::test::captured_log;
using ntb::bridge::test::directory;
using ntb::bridge::test::new_eventfd;

namespace {

/// A client that only listens.
struct listener {
    explicit listener(const std::string& path) : stream(ntb::bridge::connect_to(path, "")) {}
    /// All that has been said since the last call: "0 7 -1+ 7+ 7+", + with a descriptor.
    std::string heard() {
        std::string text;
        message m;
        while (reader.next(stream, m) == message_reader::status::message) {
            text.append(text.empty() ? "" : " ").append(std::to_string(m.number));
            if (m.descriptor) {
                text.append("+");
                descriptors.push_back(std::move(m.descriptor));
            }
        }
        return text;
    }
    /// Whether the server has closed the connection, after everything was heard.
    bool thrown_out() {
        (void)heard();
        message m;
        return reader.next(stream, m) == message_reader::status::closed;
    }
    unix_stream stream;
    message_reader reader;
    std::vector<unique_fd> descriptors; ///< in order of arrival
};

struct served {
    directory place;
    captured_log log;
    std::string path = place.file("ivshmem");
    std::unique_ptr<server> the_server;

    void start(std::size_t vectors = 2, std::uint64_t size = 4096) {
        server::options o;
        o.path = path;
        o.size = size;
        o.vectors = vectors;
        the_server = std::make_unique<server>(o, log.logger());
    }
    /// Until nothing happens any more.
    void run() const {
        for (int i = 0; i < 20; ++i) {
            BOOST_TEST(the_server->turn(0));
        }
    }
    /// A new client that has heard its opening.
    std::unique_ptr<listener> joined() const {
        auto c = std::make_unique<listener>(path);
        run();
        opening = c->heard();
        return c;
    }
    mutable std::string opening; ///< of the last one that joined
};

/// The one-line error of a server with these options.
std::string error_of(const server::options& o) {
    captured_log log;
    try {
        const server s(o, log.logger());
        return {};
    } catch (const setup_error& e) {
        BOOST_TEST(!e.remedy.empty());
        return e.what();
    }
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(server_words, served)

BOOST_AUTO_TEST_CASE(the_first_client_hears_version_id_memory_and_its_vectors) {
    start();
    const auto first = joined();
    BOOST_TEST(opening == "0 0 -1+ 0+ 0+");
}

BOOST_AUTO_TEST_CASE(who_joins_and_who_was_there_hear_of_each_other) {
    start();
    const auto first = joined();
    const auto second = joined();
    BOOST_TEST(opening == "0 1 -1+ 0+ 0+ 1+ 1+");
    BOOST_TEST(first->heard() == "1+ 1+");
}

BOOST_AUTO_TEST_CASE(the_others_hear_of_a_departure) {
    start(1);
    auto first = joined();
    const auto second = joined();
    const auto third = joined();
    (void)second->heard();
    first.reset();
    run();
    BOOST_TEST(second->heard() == "0");
    BOOST_TEST(third->heard() == "0");
    BOOST_TEST(the_server->clients() == 2U);
}

BOOST_AUTO_TEST_CASE(an_id_does_not_come_again_at_once) {
    start(1);
    const auto first = joined();
    (void)joined(); // gone at once
    run();
    (void)joined();
    BOOST_TEST(opening.substr(0, 3) == "0 2");
}

BOOST_AUTO_TEST_CASE(an_id_in_use_is_not_given_again_when_all_have_been_given) {
    start(1);
    const auto first = joined(); // has 0
    for (int i = 1; i <= 65535; ++i) {
        const listener passing(path);
        (void)the_server->turn(0);
        if (i % 100 == 0) {
            (void)first->heard();
            first->descriptors.clear();
        }
    }
    (void)joined();
    BOOST_TEST(opening == "0 1 -1+ 0+ 1+");
}

BOOST_AUTO_TEST_CASE(everybody_gets_the_same_memory) {
    start();
    const auto first = joined();
    const auto second = joined();
    const std::uint8_t byte = 0x5a;
    BOOST_TEST(::pwrite(first->descriptors[0].get(), &byte, 1, 4095) == 1);
    std::uint8_t seen = 0;
    BOOST_TEST(::pread(second->descriptors[0].get(), &seen, 1, 4095) == 1);
    BOOST_TEST(int{seen} == 0x5a);
}

BOOST_AUTO_TEST_CASE(nobody_can_change_the_size_of_the_memory) {
    start();
    const auto first = joined();
    BOOST_TEST(::ftruncate(first->descriptors[0].get(), 0) == -1);
    BOOST_TEST(::ftruncate(first->descriptors[0].get(), 8192) == -1);
    struct stat status {};
    BOOST_TEST(::fstat(first->descriptors[0].get(), &status) == 0);
    BOOST_TEST(status.st_size == 4096);
}

BOOST_AUTO_TEST_CASE(a_vector_rings_whom_it_belongs_to) {
    start();
    const auto first = joined();
    const auto second = joined();
    (void)first->heard();
    // Memory, own two vectors, then the other's, for the first; the second hears its own last.
    BOOST_REQUIRE(first->descriptors.size() == 5U);
    BOOST_REQUIRE(second->descriptors.size() == 5U);
    BOOST_TEST((signal_eventfd(first->descriptors[4].get()) == signal_result::delivered));
    BOOST_TEST(!ntb::bridge::eventfd_readable(second->descriptors[3].get()));
    BOOST_TEST(ntb::bridge::drain_eventfd(second->descriptors[4].get()));
    BOOST_TEST((signal_eventfd(second->descriptors[1].get()) == signal_result::delivered));
    BOOST_TEST(ntb::bridge::drain_eventfd(first->descriptors[1].get()));
}

BOOST_AUTO_TEST_CASE(memory_and_vectors_work_on_without_the_server) {
    start();
    const auto first = joined();
    const auto second = joined();
    (void)first->heard();
    the_server.reset();
    BOOST_TEST(first->thrown_out());
    BOOST_TEST((signal_eventfd(first->descriptors[4].get()) == signal_result::delivered));
    BOOST_TEST(ntb::bridge::drain_eventfd(second->descriptors[4].get()));
}

BOOST_AUTO_TEST_CASE(the_size_becomes_a_power_of_two_of_at_least_a_page) {
    start(1, 1);
    BOOST_TEST(the_server->memory_size() == 4096U);
    the_server.reset();
    start(1, 4097);
    BOOST_TEST(the_server->memory_size() == 8192U);
    the_server.reset();
    start(1, 8192);
    BOOST_TEST(the_server->memory_size() == 8192U);
}

BOOST_AUTO_TEST_CASE(vectors_and_sizes_that_cannot_be_are_told) {
    server::options o;
    o.path = path;
    o.vectors = 0;
    BOOST_TEST(contains(error_of(o), "1 to 64"));
    o.vectors = 65;
    BOOST_TEST(contains(error_of(o), "--vectors 65"));
    o.vectors = 1;
    o.size = 0;
    BOOST_TEST(contains(error_of(o), "--size 0"));
    o.size = server::max_size + 1;
    BOOST_TEST(contains(error_of(o), "--size"));
}

BOOST_AUTO_TEST_CASE(a_stop_descriptor_ends_the_waiting) {
    start();
    const unique_fd stop = new_eventfd(1);
    BOOST_TEST(!the_server->turn(-1, stop.get()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(hostile_clients, served)

BOOST_AUTO_TEST_CASE(a_client_that_speaks_is_thrown_out) {
    start();
    const auto first = joined();
    const auto second = joined();
    const std::uint8_t byte = 0;
    (void)second->stream.send({&byte, 1});
    run();
    BOOST_TEST(second->thrown_out());
    BOOST_TEST(first->heard() == "1+ 1+ 1");
    BOOST_TEST(log.has("it spoke"));
}

BOOST_AUTO_TEST_CASE(descriptors_from_a_client_are_closed) {
    start();
    const auto first = joined();
    const unique_fd event = new_eventfd();
    const std::uint8_t byte = 0;
    (void)first->stream.send_with({&byte, 1}, event.get());
    run();
    BOOST_TEST(first->thrown_out());
    BOOST_TEST(the_server->clients() == 0U);
}

BOOST_AUTO_TEST_CASE(a_client_that_closes_half_way_is_forgotten) {
    start();
    const auto first = joined();
    ::shutdown(first->stream.fd(), SHUT_WR);
    run();
    BOOST_TEST(the_server->clients() == 0U);
}

BOOST_AUTO_TEST_CASE(a_client_that_is_gone_before_it_was_heard_leaves_nothing) {
    start();
    for (int i = 0; i < 3; ++i) {
        const listener gone(path);
    }
    run();
    BOOST_TEST(the_server->clients() == 0U);
    const auto next = joined();
    BOOST_TEST(opening == "0 3 -1+ 3+ 3+");
}

BOOST_AUTO_TEST_CASE(a_client_that_never_reads_holds_up_nobody_and_is_thrown_out) {
    start(1);
    const listener silent(path);
    run();
    const auto witness = joined();
    for (int i = 0; i < 3000 && !log.has("it does not read"); ++i) {
        const listener passing(path);
        (void)the_server->turn(0);
        (void)the_server->turn(0);
        (void)witness->heard();
        witness->descriptors.clear();
    }
    run();
    BOOST_TEST(the_server->clients() == 1U);
    BOOST_TEST(log.has("it does not read"));
    (void)joined();
    BOOST_TEST(contains(witness->heard(), "+"));
}

BOOST_AUTO_TEST_CASE(a_reader_that_wakes_up_hears_everything) {
    start(64); // a newcomer is told more than a socket holds
    std::vector<std::unique_ptr<listener>> all;
    for (int i = 0; i < 12; ++i) {
        all.push_back(joined());
    }
    listener late(path);
    run();
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += late.heard() + " ";
        run();
    }
    BOOST_TEST(late.descriptors.size() == 1U + 64U * 13U);
    text.erase(text.find_last_not_of(' ') + 1);
    BOOST_TEST(text.substr(text.size() - 4) == " 12+");
}

BOOST_AUTO_TEST_CASE(more_clients_than_there_is_room_for_are_refused) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    start(1);
    std::vector<std::unique_ptr<listener>> all;
    for (std::size_t i = 0; i <= server::max_clients; ++i) {
        all.push_back(std::make_unique<listener>(path));
        run();
    }
    BOOST_TEST(all.back()->thrown_out());
    BOOST_TEST(the_server->clients() == server::max_clients);
    BOOST_TEST(log.has("there are 256 already"));
    all.front().reset();
    run();
    (void)joined();
    BOOST_TEST(opening.substr(0, 5) == "0 256");
}

BOOST_AUTO_TEST_CASE(without_descriptors_a_client_is_refused_and_the_others_stay) {
    start(8);
    const auto first = joined();
    const listener second(path);
    std::vector<unique_fd> hoard;
    for (;;) {
        unique_fd fd(::dup(0));
        if (!fd) {
            break;
        }
        hoard.push_back(std::move(fd));
    }
    hoard.pop_back();
    hoard.pop_back();
    run();
    hoard.clear();
    BOOST_TEST(the_server->clients() == 1U);
    BOOST_TEST(log.has("no descriptors left"));
    (void)joined();
    BOOST_TEST(the_server->clients() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
