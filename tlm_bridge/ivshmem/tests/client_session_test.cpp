// SPDX-License-Identifier: Apache-2.0
// What a client makes of what a server says: as ivshmem-spec has it, and otherwise.
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/eventfd.h>

#include "tlm_bridge/ivshmem/tests/scripted_server.h"

using namespace ntb::ivshmem;
using namespace ntb::ivshmem::test;
using ntb::bridge::signal_result;
using ntb::bridge::test::new_eventfd;
using ntb::bridge::test::new_memory;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(messages)

BOOST_AUTO_TEST_CASE(a_number_is_eight_bytes_little_endian) {
    const wire::encoded expected = {0x02, 0x01, 0, 0, 0, 0, 0, 0};
    BOOST_TEST((wire::encode(0x0102) == expected));
    for (const std::int64_t n : {std::int64_t{0}, wire::shared_memory, wire::max_id, INT64_MIN}) {
        BOOST_TEST(wire::decode(wire::encode(n)) == n);
    }
}

BOOST_FIXTURE_TEST_CASE(a_message_that_comes_byte_by_byte_is_one_message, told_session) {
    for (const std::uint8_t b : bytes_of(0)) {
        transport.arrive({b});
        run();
    }
    says(7);
    BOOST_TEST(failure().empty());
    BOOST_TEST(session.id() == 7);
}

BOOST_FIXTURE_TEST_CASE(a_descriptor_belongs_to_the_message_that_it_came_with, told_session) {
    says_opening(0);
    const unique_fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const byte_vector b = bytes_of(4);
    transport.arrive({b.begin(), b.begin() + 3});
    std::vector<unique_fd> fds;
    fds.push_back(unique_fd(::dup(event.get())));
    transport.arrive({b.begin() + 3, b.end()}, std::move(fds));
    says_vector(4);
    says_both_vectors(0);
    run();
    BOOST_TEST((session.ring(4, 0) == signal_result::delivered));
    BOOST_TEST(ntb::bridge::drain_eventfd(event.get()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(client, told_session)

BOOST_AUTO_TEST_CASE(is_ready_when_it_has_its_id_the_memory_and_all_its_vectors) {
    says_opening(3);
    says_vector(3);
    run();
    BOOST_TEST(!session.ready());
    BOOST_TEST(session.missing() == "more than 1 vector where 2 are needed");
    says_vector(3);
    run();
    BOOST_TEST(session.ready());
    BOOST_TEST(session.id() == 3);
    BOOST_TEST(session.memory_size() == 4096U);
    BOOST_TEST(session.interrupt_fd(1) >= 0);
    BOOST_TEST(session.interrupt_fd(2) == -1);
}

BOOST_AUTO_TEST_CASE(says_what_is_still_missing) {
    BOOST_TEST(session.missing() == "its version");
    says(0);
    run();
    BOOST_TEST(session.missing() == "an ID");
    says(0);
    run();
    BOOST_TEST(session.missing() == "the shared memory");
    says(-1, memory_of(1));
    run();
    BOOST_TEST(session.missing() == "an interrupt vector");
}

BOOST_AUTO_TEST_CASE(tells_of_peers_that_were_there_before_it_and_of_those_that_come_and_go) {
    says_opening(3);
    says_both_vectors(1);
    says_both_vectors(2);
    run();
    BOOST_TEST(events.text.empty()); // not before it can be rung itself
    says_both_vectors(3);
    run();
    BOOST_TEST(events.text == "+1 +2");
    says_both_vectors(9);
    says(1);
    run();
    BOOST_TEST(events.text == "+1 +2 +9 -1");
    BOOST_TEST(!session.has_peer(1));
    BOOST_TEST((session.peers() == std::vector<peer_id>{2, 9}));
}

BOOST_AUTO_TEST_CASE(tells_of_a_peer_when_all_its_vectors_are_there) {
    says_opening(0);
    says_both_vectors(0);
    says_vector(1);
    run();
    BOOST_TEST(events.text.empty());
    BOOST_TEST(!session.has_peer(1));
    says(1); // and gone before that
    says_both_vectors(2);
    run();
    BOOST_TEST(events.text == "+2");
}

BOOST_AUTO_TEST_CASE(closes_vectors_beyond_those_it_uses) {
    says_opening(0);
    const unique_fd extra(::eventfd(0, EFD_CLOEXEC));
    says_both_vectors(1);
    says_vector(1);
    says_both_vectors(0);
    says_vector(0);
    BOOST_TEST(failure().empty());
    BOOST_TEST((session.ring(1, 2) == signal_result::failed));
    BOOST_TEST(events.text == "+1");
}

BOOST_AUTO_TEST_CASE(takes_each_interrupt_once) {
    says_opening(0);
    const unique_fd own(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    says(0, unique_fd(::dup(own.get())));
    says_vector(0);
    run();
    BOOST_TEST(!session.take_interrupt(0));
    BOOST_TEST((ntb::bridge::signal_eventfd(own.get()) == signal_result::delivered));
    BOOST_TEST(session.take_interrupt(0));
    BOOST_TEST(!session.take_interrupt(0));
    BOOST_TEST(!session.take_interrupt(7));
}

BOOST_AUTO_TEST_CASE(knows_whether_the_memory_can_be_cut_off) {
    says(0);
    says(0);
    says(-1, memory_of(4096, F_SEAL_SHRINK));
    run();
    BOOST_TEST(session.memory_is_sealed());
    told_session other;
    other.says_opening(0);
    other.run();
    BOOST_TEST(!other.session.memory_is_sealed());
}

BOOST_AUTO_TEST_CASE(keeps_memory_peers_and_interrupts_when_the_server_is_gone) {
    says_opening(0);
    says_both_vectors(1);
    says_both_vectors(0);
    transport.arrive_end();
    BOOST_TEST(failure() == "the server has closed the connection");
    BOOST_TEST(session.memory_fd() >= 0);
    BOOST_TEST((session.ring(1, 1) == signal_result::delivered));
    BOOST_TEST((session.peers() == std::vector<peer_id>{1}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(hostile_server, told_session)

BOOST_AUTO_TEST_CASE(another_version_is_refused) {
    says(1);
    BOOST_TEST(contains(failure(), "version 1"));
}

BOOST_AUTO_TEST_CASE(ids_out_of_range_are_refused) {
    for (const std::int64_t id : {std::int64_t{-1}, wire::max_id + 1, INT64_MIN, INT64_MAX}) {
        told_session own;
        own.says(0);
        own.says(id);
        BOOST_TEST(contains(own.failure(), "the ID " + std::to_string(id)));
        told_session peer;
        peer.says_opening(0);
        peer.says_vector(id);
        BOOST_TEST(contains(peer.failure(), "peer " + std::to_string(id)));
    }
    told_session highest;
    highest.says_opening(wire::max_id);
    BOOST_TEST(highest.failure().empty());
}

BOOST_AUTO_TEST_CASE(memory_without_a_descriptor_is_refused) {
    says(0);
    says(0);
    says(-1);
    BOOST_TEST(contains(failure(), "no descriptor for the shared memory"));
}

BOOST_AUTO_TEST_CASE(something_else_where_memory_is_due_is_refused) {
    says(0);
    says(0);
    says_vector(0);
    BOOST_TEST(contains(failure(), "sent 0 where the shared memory was due"));
}

BOOST_AUTO_TEST_CASE(memory_that_is_none_is_refused) {
    std::vector<unique_fd> wrong;
    wrong.push_back(new_eventfd());
    wrong.push_back(unique_fd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
    wrong.push_back(unique_fd(::open("/", O_RDONLY | O_CLOEXEC)));
    wrong.push_back(unique_fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)));
    for (auto& fd : wrong) {
        told_session s;
        s.says(0);
        s.says(0);
        s.says(-1, std::move(fd));
        BOOST_TEST(contains(s.failure(), "no memory that can be read and written"));
    }
}

BOOST_AUTO_TEST_CASE(empty_memory_is_refused) {
    says(0);
    says(0);
    says(-1, memory_of(0));
    BOOST_TEST(contains(failure(), "empty"));
}

BOOST_AUTO_TEST_CASE(descriptors_where_none_belongs_are_refused) {
    says(0, new_eventfd());
    BOOST_TEST(contains(failure(), "with its version"));
    told_session id;
    id.says(0);
    id.says_vector(0);
    BOOST_TEST(contains(id.failure(), "with this client's ID"));
}

BOOST_AUTO_TEST_CASE(several_descriptors_with_one_message_are_refused) {
    says_opening(0);
    std::vector<unique_fd> two;
    two.push_back(new_eventfd());
    two.push_back(new_eventfd());
    transport.arrive(bytes_of(1), std::move(two));
    BOOST_TEST(contains(failure(), "several descriptors"));
}

BOOST_AUTO_TEST_CASE(a_vector_that_is_no_eventfd_is_refused) {
    says_opening(0);
    says(1, new_memory(4096));
    BOOST_TEST(contains(failure(), "no eventfd"));
}

BOOST_AUTO_TEST_CASE(a_departure_of_somebody_who_was_not_there_is_refused) {
    says_opening(0);
    says(5);
    BOOST_TEST(contains(failure(), "peer 5 has left, which was not there"));
}

BOOST_AUTO_TEST_CASE(the_own_id_without_a_descriptor_is_refused) {
    says_opening(0);
    says(0);
    BOOST_TEST(contains(failure(), "own ID without a descriptor"));
}

BOOST_AUTO_TEST_CASE(more_peers_than_a_client_can_hold_are_refused) {
    says_opening(0);
    for (std::size_t i = 1; i <= client_session::max_peers; ++i) {
        says_vector(static_cast<std::int64_t>(i));
    }
    run();
    BOOST_TEST(failure().empty());
    says_vector(1000);
    BOOST_TEST(contains(failure(), "more than 255 peers"));
}

BOOST_AUTO_TEST_CASE(vectors_without_end_are_refused) {
    for (const int whose : {0, 1}) {
        told_session s;
        s.says_opening(0);
        for (std::size_t i = 0; i <= wire::max_vectors && s.session.failure().empty(); ++i) {
            s.says_vector(whose);
            s.run();
        }
        BOOST_TEST(contains(s.failure(), "more than 2048 vectors"));
    }
}

BOOST_AUTO_TEST_CASE(messages_without_end_do_not_hold_up_the_client) {
    says_opening(0);
    says_both_vectors(0);
    run();
    for (int i = 0; i < 1000; ++i) {
        says_vector(1);
        says(1);
    }
    const unsigned before = transport.receives;
    run();
    BOOST_TEST(transport.receives - before == client_session::messages_at_once);
    BOOST_TEST(failure().empty());
}

BOOST_AUTO_TEST_CASE(half_a_message_at_the_end_is_told) {
    transport.arrive({0, 0, 0});
    transport.arrive_end();
    BOOST_TEST(contains(failure(), "in the middle of a message"));
}

BOOST_AUTO_TEST_CASE(nothing_is_obeyed_after_a_failure) {
    says(1);
    run();
    says(0);
    says(5);
    run();
    BOOST_TEST(session.id() == 0);
    BOOST_TEST(contains(session.failure(), "version 1"));
}

BOOST_AUTO_TEST_SUITE_END()
