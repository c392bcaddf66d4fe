// SPDX-License-Identifier: Apache-2.0
// Framing, descriptors of messages that arrive together or in pieces, and slow readers.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <linux/vfio.h>

#include "tlm_bridge/tests/client_fixture.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;
using ntb::vfio_user::connection;
using ntb::vfio_user::message_stream;
using ntb::vfio_user::progress;

namespace {

byte_vector sized(std::uint32_t size) {
    return bytes_of(wire::header{1, 9, size, 0, 0});
}

/// A stream whose messages the test takes one by one.
struct framing {
    memory_transport transport;
    message_stream stream;
    ntb::vfio_user::message m;

    /// Receives until a message is complete or nothing is left.
    message_stream::next_status next() {
        auto status = stream.next(m);
        while (status == message_stream::next_status::need_more &&
               stream.fill(transport).status == io_status::ok) {
            status = stream.next(m);
        }
        return status;
    }
    /// Descriptors of the next message; -1 if there is no next message.
    int fds_of_next() {
        return next() == message_stream::next_status::message ? static_cast<int>(m.fds->size())
                                                              : -1;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(framing_of_messages)

BOOST_AUTO_TEST_CASE(a_size_that_cannot_be_ends_the_connection) {
    for (const std::uint32_t size :
         {0U, 1U, 15U, static_cast<std::uint32_t>(wire::max_message_size) + 1, 0x80000000U,
          0xffffffffU}) {
        client c;
        BOOST_TEST(c.ask(sized(size)).empty());
        BOOST_TEST(c.closed());
        BOOST_TEST(c.log.has("which no message is"));
    }
}

BOOST_FIXTURE_TEST_CASE(a_message_may_arrive_byte_by_byte, client) {
    transport.output.clear();
    for (const std::uint8_t b : read_message(0, 0, 4)) {
        BOOST_TEST(transport.output.empty());
        transport.arrive({b});
        BOOST_TEST((link.pump(plenty) == progress::idle));
    }
    BOOST_TEST(replies_in(transport.output).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(many_messages_of_one_receive_are_delivered_without_another, framing) {
    byte_vector burst;
    for (std::uint16_t i = 0; i < 200; ++i) {
        append_all(burst, write_message(0, 0, {1, 2, 3, 4}, wire::flag_no_reply, i));
    }
    transport.arrive(burst);
    for (std::uint16_t i = 0; i < 200; ++i) {
        BOOST_REQUIRE((next() == message_stream::next_status::message));
        BOOST_TEST(+m.header.message_id == i);
    }
    BOOST_TEST(transport.receives == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_longest_message_fits_behind_others, framing) {
    byte_vector bytes = read_message(0, 0, 4);
    append_all(bytes, write_message(0, 0, byte_vector(wire::max_data_xfer_size)));
    append_all(bytes, read_message(0, 0, 4));
    transport.arrive(bytes);
    BOOST_TEST(fds_of_next() == 0);
    BOOST_TEST(fds_of_next() == 0);
    BOOST_TEST(+m.header.message_size == wire::max_message_size);
    BOOST_TEST(fds_of_next() == 0);
    BOOST_TEST(fds_of_next() == -1);
}

BOOST_FIXTURE_TEST_CASE(descriptors_belong_to_the_last_message_that_began, framing) {
    byte_vector bytes = read_message(0, 0, 4);
    append_all(bytes, read_message(0, 4, 4));
    transport.arrive(bytes, fd_list(new_eventfd()));
    transport.arrive(read_message(0, 8, 4));
    BOOST_TEST(fds_of_next() == 0);
    BOOST_TEST(fds_of_next() == 1);
    BOOST_TEST(fds_of_next() == 0);
}

BOOST_FIXTURE_TEST_CASE(descriptors_wait_for_the_rest_of_their_message, framing) {
    byte_vector first = read_message(0, 0, 4);
    const byte_vector second = read_message(0, 4, 4);
    first.insert(first.end(), second.begin(), second.begin() + 5);
    transport.arrive(first, fd_list(new_eventfd(), new_eventfd()));
    byte_vector rest(second.begin() + 5, second.end());
    append_all(rest, read_message(0, 8, 4));
    transport.arrive(rest, fd_list(new_eventfd()));
    BOOST_TEST(fds_of_next() == 0);
    BOOST_TEST(fds_of_next() == 2);
    BOOST_TEST(fds_of_next() == 1);
}

BOOST_FIXTURE_TEST_CASE(descriptors_of_several_pieces_of_one_message_add_up, framing) {
    const byte_vector whole = read_message(0, 0, 4);
    transport.arrive({whole.begin(), whole.begin() + 8}, fd_list(new_eventfd()));
    transport.arrive({whole.begin() + 8, whole.begin() + 20}, fd_list(new_eventfd()));
    transport.arrive({whole.begin() + 20, whole.end()}, fd_list(new_eventfd()));
    BOOST_TEST(fds_of_next() == 3);
}

BOOST_FIXTURE_TEST_CASE(descriptors_that_nobody_took_are_closed_before_the_next_message, framing) {
    unique_fd fd = new_eventfd();
    const int number = fd.get();
    transport.arrive(read_message(0, 0, 4), fd_list(std::move(fd)));
    BOOST_TEST(fds_of_next() == 1);
    BOOST_TEST(is_open(number));
    BOOST_TEST(fds_of_next() == -1);
    BOOST_TEST(!is_open(number));
}

BOOST_FIXTURE_TEST_CASE(nothing_is_received_while_a_message_is_waiting, framing) {
    transport.arrive(read_message(0, 0, 4), fd_list(new_eventfd()));
    transport.arrive(read_message(0, 0, 4));
    BOOST_TEST((stream.fill(transport).bytes == 32U));
    BOOST_TEST((stream.fill(transport).bytes == 0U));
    BOOST_TEST(transport.receives == 1U);
    BOOST_TEST(fds_of_next() == 1);
    BOOST_TEST(fds_of_next() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(life_of_a_connection)

BOOST_FIXTURE_TEST_CASE(a_client_that_closes_half_way_ends_its_connection, client) {
    byte_vector half = read_message(0, 0, 4);
    half.resize(20);
    transport.arrive(half);
    transport.arrive_end();
    BOOST_TEST((link.pump(plenty) == progress::closed));
    BOOST_TEST(log.has("left in the middle of a message"));
}

BOOST_FIXTURE_TEST_CASE(a_client_that_stops_sending_still_gets_its_answers, client) {
    transport.arrive(read_message(0, 0, 4));
    transport.arrive_end();
    BOOST_TEST((link.pump(plenty) == progress::closed));
    BOOST_TEST(replies_in(transport.output).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_slow_reader_gets_every_reply_whole_and_in_order, client) {
    transport.send_room = 5;
    byte_vector reads;
    for (std::uint16_t i = 0; i < 50; ++i) {
        append_all(reads, read_message(0, 0, 64, i));
    }
    transport.arrive(reads);
    BOOST_TEST((link.pump(plenty) == progress::idle));
    BOOST_TEST(transport.output.size() == 5U);
    for (int i = 0; i < 2000 && link.wants_write(); ++i) {
        transport.send_room = 7;
        BOOST_TEST((link.pump(plenty) == progress::idle));
    }
    const auto r = replies_in(transport.output);
    BOOST_REQUIRE_EQUAL(r.size(), 50U);
    for (std::uint16_t i = 0; i < 50; ++i) {
        BOOST_TEST(+r[i].header.message_id == i);
    }
}

BOOST_FIXTURE_TEST_CASE(a_client_that_never_reads_is_thrown_out, client) {
    transport.send_room = 0;
    unsigned asked = 0;
    progress p = progress::idle;
    while (p != progress::closed && asked < 10000) {
        transport.arrive(read_message(0, 0, 4096));
        p = link.pump(plenty);
        ++asked;
    }
    BOOST_TEST((p == progress::closed));
    BOOST_TEST(asked <= connection::max_unread_replies / 4096 + 1);
    BOOST_TEST(asked > 100U);
    BOOST_TEST(log.has("does not read its replies"));
}

BOOST_FIXTURE_TEST_CASE(a_client_that_cannot_be_written_to_is_gone, client) {
    transport.send_closed = true;
    transport.arrive(read_message(0, 0, 4));
    BOOST_TEST((link.pump(plenty) == progress::closed));
}

BOOST_FIXTURE_TEST_CASE(a_drained_stream_is_not_received_from_again, client) {
    for (const bool tells : {false, true}) {
        transport.tells_drained = tells;
        transport.receives = 0;
        transport.arrive(read_message(0, 0, 4));
        BOOST_TEST((link.pump(plenty) == progress::idle));
        BOOST_TEST(transport.receives == (tells ? 1U : 2U));
    }
}

BOOST_FIXTURE_TEST_CASE(a_busy_client_leaves_the_others_their_turn, client) {
    byte_vector burst;
    for (int i = 0; i < 100; ++i) {
        append_all(burst, write_message(0, 0x20, {1}, wire::flag_no_reply));
    }
    transport.arrive(burst);
    BOOST_TEST((link.pump(30) == progress::more));
    BOOST_TEST(device.writes == 30U);
    BOOST_TEST((link.pump(30) == progress::more));
    BOOST_TEST((link.pump(100) == progress::idle));
    BOOST_TEST(device.writes == 100U);
}

BOOST_FIXTURE_TEST_CASE(a_message_of_many_writes_counts_as_many_of_its_client_s_turn, client) {
    byte_vector burst;
    for (int i = 0; i < 5; ++i) {
        byte_vector p = bytes_of(wire::write_multi{20});
        for (std::uint64_t n = 0; n < 20; ++n) {
            append(p, wire::single_write{0x20 + n, 0, 1, {1}});
        }
        append_all(burst, message(wire::command::region_write_multi, p, wire::flag_no_reply));
    }
    transport.arrive(burst);
    BOOST_TEST((link.pump(30) == progress::more));
    BOOST_TEST(device.writes == 40U); // a message is obeyed whole
    BOOST_TEST((link.pump(100) == progress::idle));
    BOOST_TEST(device.writes == 100U);
}

BOOST_AUTO_TEST_SUITE_END()
