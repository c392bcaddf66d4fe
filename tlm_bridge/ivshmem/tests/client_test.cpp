// SPDX-License-Identifier: Apache-2.0
// The client at a socket path: servers that are not there, are none, give too little, or go away.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <poll.h>
#include <thread>

#include "tlm_bridge/ivshmem/client.h"
#include "tlm_bridge/ivshmem/tests/scripted_server.h"
#include "tlm_bridge/setup_error.h"
#include "tlm_bridge/tests/directory.h"

using namespace ntb::ivshmem;
using namespace ntb::ivshmem::test;
using ntb::bridge::setup_error;
using ntb::bridge::unix_listener;
using ntb::bridge::unix_stream;
using ntb::bridge::test::directory;
using ntb::bridge::test::new_eventfd;
using namespace std::chrono_literals;

namespace {

/// Accepts one client in a thread of its own and says its words to it.
class server_thread {
public:
    using words = std::function<void(unix_stream&)>;
    server_thread(const std::string& path, words say)
        : listener_(path), thread_([this, say = std::move(say)] {
              pollfd p{listener_.fd(), POLLIN, 0};
              (void)::poll(&p, 1, -1);
              stream_ = std::make_unique<unix_stream>(listener_.accept());
              say(*stream_);
          }) {}
    server_thread(const server_thread&) = delete;
    server_thread& operator=(const server_thread&) = delete;
    ~server_thread() { thread_.join(); }

private:
    unix_listener listener_;
    std::unique_ptr<unix_stream> stream_;
    std::thread thread_;
};

void say(unix_stream& to, std::int64_t number, int fd = -1) {
    const wire::encoded bytes = wire::encode(number);
    (void)to.send_with({bytes.data(), bytes.size()}, fd);
}

/// All that a new client without peers needs, with that many vectors.
void say_setup(unix_stream& to, int vectors) {
    say(to, 0);
    say(to, 6);
    say(to, -1, memory_of(4096).get());
    for (int i = 0; i < vectors; ++i) {
        say(to, 6, new_eventfd().get());
    }
}

struct place : directory {
    std::string path = file("ivshmem");
    client::options with(std::size_t vectors, std::uint64_t memory = 1) const {
        client::options o;
        o.path = path;
        o.vectors = vectors;
        o.smallest_memory = memory;
        o.patience = 50ms;
        return o;
    }
    /// The one-line error of the constructor; empty if there was none.
    std::string error_of(const client::options& o) const {
        try {
            const client c(o);
            return {};
        } catch (const setup_error& e) {
            BOOST_TEST(std::string(e.what()).find('\n') == std::string::npos);
            BOOST_TEST(!e.remedy.empty());
            return e.what();
        }
    }
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(connecting, place)

BOOST_AUTO_TEST_CASE(without_a_server_the_error_says_how_to_start_one) {
    BOOST_TEST(contains(error_of(with(1)), "nothing is there (start the server first: ntbsim "
                                           "ivshmem-server --socket " +
                                               path + ")"));
    { const unix_listener gone(path); }
    BOOST_TEST(contains(error_of(with(1)), "nothing is there"));
    BOOST_TEST(contains(error_of(with(0)), "0 vectors are not possible"));
}

BOOST_AUTO_TEST_CASE(a_server_that_says_all_is_joined) {
    const server_thread s(path, [](unix_stream& to) { say_setup(to, 2); });
    auto o = with(2);
    o.patience = 60s;
    const client c(o);
    BOOST_TEST(c.id() == 6);
    BOOST_TEST(c.memory_size() == 4096U);
    BOOST_TEST(c.interrupt_fd(1) >= 0);
    BOOST_TEST(c.server_fd() >= 0);
}

BOOST_AUTO_TEST_CASE(a_server_that_says_nothing_is_not_waited_for_without_end) {
    const unix_listener silent(path);
    BOOST_TEST(contains(error_of(with(1)), "it did not send its version"));
}

BOOST_AUTO_TEST_CASE(too_few_vectors_are_told) {
    const server_thread s(path, [](unix_stream& to) { say_setup(to, 1); });
    const std::string e = error_of(with(2));
    BOOST_TEST(contains(e, "it did not send")); // what is missing depends on how far it came
    BOOST_TEST(contains(e, "--vectors 2"));
}

BOOST_AUTO_TEST_CASE(too_little_memory_is_told) {
    const server_thread s(path, [](unix_stream& to) { say_setup(to, 1); });
    auto o = with(1, 8192);
    o.patience = 60s;
    BOOST_TEST(contains(error_of(o), "its memory has 4096 bytes, 8192 are needed"));
}

BOOST_AUTO_TEST_CASE(what_is_no_ivshmem_server_is_told) {
    const server_thread s(path, [](unix_stream& to) { say(to, 0x0a6f6c6c6548); });
    auto o = with(1);
    o.patience = 60s;
    BOOST_TEST(contains(error_of(o), "of the ivshmem protocol, this client version 0"));
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_away_is_lost_once_and_the_rest_stays) {
    std::unique_ptr<client> c;
    {
        const server_thread s(path, [](unix_stream& to) { say_setup(to, 1); });
        auto o = with(1);
        o.patience = 60s;
        c = std::make_unique<client>(o);
    }
    noted_events events;
    c->process(events);
    BOOST_TEST(c->server_fd() == -1);
    BOOST_TEST(c->server_failure() == "the server has closed the connection");
    BOOST_TEST(c->memory_fd() >= 0);
    c->process(events);
    BOOST_TEST(events.text.empty());
}

BOOST_AUTO_TEST_SUITE_END()
