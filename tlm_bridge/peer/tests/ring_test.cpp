// SPDX-License-Identifier: Apache-2.0
// Rings of the peer link: order, records of several slots, room, and a sender or receiver that
// writes what it likes.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <memory>
#include <random>

#include "tlm_bridge/peer/ring.h"

using namespace ntb;
using namespace ntb::peer;

namespace {

/// Memory of a link in which side 0 sends.
struct two_ends {
    struct alignas(64) block {
        std::array<std::uint8_t, layout::memory_bytes> bytes{};
    };
    std::unique_ptr<block> memory = std::make_unique<block>();
    ring_memory where = ring_of(memory->bytes.data(), 0);
    ring_sender sender{where};
    ring_receiver receiver{where};

    static record write_of(std::size_t bytes, std::uint32_t tag = 0) {
        record r{};
        r.head.kind = static_cast<std::uint16_t>(record_kind::memory_write);
        r.head.tag = tag;
        r.data.resize(bytes);
        for (std::size_t i = 0; i < bytes; ++i)
            r.data[i] = static_cast<std::uint8_t>(i * 7 + tag);
        return r;
    }
    static record crossing_of(std::uint32_t value) {
        crossing c{};
        c.kind = crossing::what::doorbells;
        c.port = port_number(2);
        c.value = value;
        record r{};
        r.head = encode(c);
        return r;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rings, two_ends)

BOOST_AUTO_TEST_CASE(records_arrive_in_the_order_in_which_they_were_sent) {
    record got{};
    std::uint32_t expected = 0;
    for (std::uint32_t sent = 0; sent < 3000;) {
        for (unsigned burst = 0; burst < 200; ++burst)
            sender.send(crossing_of(sent++));
        while (receiver.receive(got))
            BOOST_REQUIRE_EQUAL(decode_crossing(got.head).value, expected++);
    }
    BOOST_CHECK_EQUAL(expected, 3000);
}

BOOST_AUTO_TEST_CASE(a_record_with_more_data_than_a_slot_holds_arrives_whole) {
    record got{};
    for (const std::size_t bytes : {std::size_t{1}, layout::slot_data_bytes,
                                    layout::slot_data_bytes + 1, std::size_t{max_request_bytes}}) {
        const record r = write_of(bytes, static_cast<std::uint32_t>(bytes));
        BOOST_REQUIRE_GE(sender.room(), ring_sender::slots_of(r));
        sender.send(r);
        BOOST_REQUIRE(receiver.receive(got));
        BOOST_CHECK(got.data == r.data);
        BOOST_CHECK_EQUAL(got.head.tag, r.head.tag);
        BOOST_CHECK_EQUAL(sender.room(), layout::slots_per_ring);
    }
}

BOOST_AUTO_TEST_CASE(a_crossing_is_the_same_on_the_other_side) {
    crossing c{};
    c.kind = crossing::what::message;
    c.port = port_number(20);
    c.from_port = port_number(4);
    c.partition = partition_number(7);
    c.index = 3;
    c.from_index = 2;
    c.flag = true;
    c.value = 0xDEADBEEF;
    c.tag = 0x12345678;
    record r{};
    r.head = encode(c);
    sender.send(r);
    record got{};
    BOOST_REQUIRE(receiver.receive(got));
    const crossing d = decode_crossing(got.head);
    BOOST_CHECK(d.kind == c.kind && d.port == c.port && d.from_port == c.from_port &&
                d.partition == c.partition && d.index == c.index && d.from_index == c.from_index &&
                d.flag == c.flag && d.value == c.value && d.tag == c.tag);
}

BOOST_AUTO_TEST_CASE(a_full_ring_has_no_room_until_the_receiver_takes_something) {
    for (std::size_t i = 0; i < layout::slots_per_ring; ++i)
        sender.send(crossing_of(0));
    BOOST_CHECK_EQUAL(sender.room(), 0);
    sender.want_room();
    BOOST_CHECK(!receiver.sender_waits()); // for what is not there
    record got{};
    BOOST_CHECK(receiver.receive(got));
    BOOST_CHECK_EQUAL(sender.room(), 1);
    BOOST_CHECK(receiver.sender_waits());
    BOOST_CHECK(!receiver.sender_waits()); // told once
}

BOOST_AUTO_TEST_CASE(the_bell_is_rung_once_until_it_is_heard) {
    BOOST_CHECK(sender.must_ring());
    BOOST_CHECK(!sender.must_ring());
    receiver.heard();
    BOOST_CHECK(sender.must_ring());
}

BOOST_AUTO_TEST_CASE(who_comes_anew_does_not_see_what_was_sent_to_the_one_before) {
    sender.send(crossing_of(1));
    ring_receiver comer{where};
    record got{};
    BOOST_CHECK(!comer.receive(got));
    ring_sender successor{where};
    successor.send(crossing_of(2));
    BOOST_REQUIRE(comer.receive(got));
    BOOST_CHECK_EQUAL(decode_crossing(got.head).value, 2);
}

BOOST_AUTO_TEST_CASE(positions_that_cannot_be_break_the_connection) {
    where.positions->head.store(layout::slots_per_ring + 1);
    record got{};
    BOOST_CHECK(!receiver.receive(got));
    BOOST_CHECK(receiver.broken());
    where.positions->tail.store(5); // of what was never sent
    BOOST_CHECK_EQUAL(sender.room(), 0);
    BOOST_CHECK(sender.broken());
}

BOOST_AUTO_TEST_CASE(after_one_who_broke_the_rules_both_ends_begin_anew) {
    record got{};
    where.positions->head.store(layout::slots_per_ring + 1);
    BOOST_CHECK(!receiver.receive(got));
    where.positions->head.store(3);
    receiver.begin_anew(3);
    BOOST_CHECK(!receiver.broken());
    ring_sender comer{where};
    comer.send(crossing_of(7));
    BOOST_REQUIRE(receiver.receive(got));
    BOOST_CHECK_EQUAL(decode_crossing(got.head).value, 7);

    where.positions->tail.store(100);
    BOOST_CHECK_EQUAL(comer.room(), 0);
    ring_receiver next{where, 100};
    comer.begin_anew();
    BOOST_CHECK_EQUAL(comer.room(), layout::slots_per_ring);
    comer.send(crossing_of(8));
    BOOST_REQUIRE(next.receive(got));
    BOOST_CHECK_EQUAL(decode_crossing(got.head).value, 8);
}

BOOST_AUTO_TEST_CASE(whoever_comes_in_order_loses_nothing_of_the_one_before) {
    sender.send(crossing_of(1));
    ring_sender comer{where};
    comer.send(crossing_of(2));
    record got{};
    BOOST_REQUIRE(receiver.receive(got));
    receiver.begin_anew(1);
    BOOST_REQUIRE(receiver.receive(got));
    BOOST_CHECK_EQUAL(decode_crossing(got.head).value, 2);
}

BOOST_AUTO_TEST_CASE(a_slot_that_is_no_record_breaks_the_connection) {
    const auto broken_by = [this](auto change) {
        ring_sender s{where};
        ring_receiver r{where};
        s.send(write_of(100));
        layout::slot_header h{};
        std::uint8_t* const slot = where.slots + (where.positions->head.load() - 1) %
                                                     layout::slots_per_ring * layout::slot_bytes;
        std::memcpy(&h, slot, sizeof h);
        change(h);
        std::memcpy(slot, &h, sizeof h);
        record got{};
        return !r.receive(got) && r.broken();
    };
    using head = layout::slot_header;
    BOOST_CHECK(!broken_by([](head&) {}));
    BOOST_CHECK(broken_by([](head& h) { h.kind = 0; }));
    BOOST_CHECK(broken_by([](head& h) { h.kind = last_record_kind + 1; }));
    BOOST_CHECK(broken_by([](head& h) { // continues nothing
        h.kind = static_cast<std::uint16_t>(record_kind::continued);
    }));
    BOOST_CHECK(broken_by([](head& h) { // has no data
        h.kind = static_cast<std::uint16_t>(record_kind::word);
    }));
    BOOST_CHECK(broken_by([](head& h) { h.bytes = layout::slot_data_bytes + 1; }));
    BOOST_CHECK(broken_by([](head& h) { h.bytes = 101; })); // more than the record has
    BOOST_CHECK(broken_by([](head& h) { h.total = 0xFFFFFFFF; }));
    BOOST_CHECK(broken_by([](head& h) { h.port = max_ports; }));
    BOOST_CHECK(broken_by([](head& h) { h.partition = max_partitions; }));
}

BOOST_AUTO_TEST_CASE(no_bytes_in_memory_make_a_receiver_give_what_is_not_well_formed) {
    std::mt19937_64 random(42);
    for (unsigned round = 0; round < 3000; ++round) {
        ring_sender s{where};
        ring_receiver r{where};
        for (unsigned i = 0; i < 4; ++i)
            s.send(i % 2 == 0 ? write_of(random() % 9000) : crossing_of(i));
        for (unsigned i = 0; i < 3; ++i) {
            const std::uint64_t spot = random();
            const std::size_t at = spot % 4 == 0
                                       ? (spot >> 8U) % sizeof(layout::ring)
                                       : (s.room() + (spot >> 8U)) % 8 * layout::slot_bytes +
                                             (spot >> 16U) % sizeof(layout::slot_header);
            std::uint8_t* const target =
                spot % 4 == 0 ? reinterpret_cast<std::uint8_t*>(where.positions) : where.slots;
            target[at] = static_cast<std::uint8_t>(random());
        }
        record got{};
        for (unsigned i = 0; i < 600 && r.receive(got); ++i) {
            BOOST_REQUIRE(well_formed(got.head, true));
            BOOST_REQUIRE_LE(got.data.size(), 2 * max_request_bytes);
        }
        where.positions->head.store(0);
        where.positions->tail.store(0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
