// SPDX-License-Identifier: GPL-2.0-or-later
// The stub's own code against a running simulator: the same session by the socket and by the stub,
// order, and the simulator's death.
#define BOOST_TEST_MODULE stub_session
#include <algorithm>
#include <boost/test/included/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>
#include <unistd.h>

#include "qemu_glue/stub/tests/served_switch.h"
#include "qemu_glue/stub/tests/two_windows.h"

using namespace ntb::stub::test;

namespace {

// Offsets in the NT function's registers (docs/registers.md).
constexpr std::uint32_t scratch = 0x40C; ///< NTSDATA: bits without a side effect
constexpr std::uint32_t indbellsts = 0x428;
constexpr std::uint32_t indbellmsk = 0x42C;
constexpr std::uint32_t outmsg0 = 0x430;
constexpr std::uint32_t msgsts = 0x460;

struct access {
    std::size_t host;
    std::uint8_t region;
    std::uint32_t offset;
    std::uint8_t size;
    bool is_write;
    std::uint64_t value;
};

/// What two guests might do, and much that none would.
std::vector<access> session(unsigned length, std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](std::uint32_t n) {
        return static_cast<std::uint32_t>(random() % n);
    };
    std::vector<access> out;
    for (std::size_t h = 0; h < 2; ++h) // memory space and bus master on
        out.push_back({h, config_space, pcicmd, 2, true, 6});
    const std::uint32_t liked[] = {outdbellset, indbellsts, indbellmsk, outmsg0,
                                   msgsts,      scratch,    pcicmd};
    while (out.size() < length) {
        access a{};
        a.host = pick(2);
        a.is_write = pick(2) == 0;
        a.size = static_cast<std::uint8_t>(1U << pick(4));
        switch (pick(8)) {
        case 0: // configuration space goes by the socket in any case
            a.region = config_space;
            a.offset = pcicmd;
            a.size = 2;
            a.value = a.is_write && pick(4) == 0 ? 0 : 6;
            break;
        case 1: // a window: refused, since nothing is set up
            a.region = 2;
            a.offset = pick(0x1000) & ~7U;
            break;
        case 2: // anything may be read
            a.is_write = false;
            a.offset = pick(0x400) * 4;
            a.size = 4;
            break;
        default:
            a.offset = liked[pick(std::size(liked))];
            a.size = 4;
        }
        if (a.region != config_space)
            a.value = a.offset == pcicmd ? 6 : random();
        out.push_back(a);
    }
    return out;
}

/// Plays it; what the reads gave.
std::vector<std::uint64_t> play(const std::vector<access>& accesses, bool by_stub,
                                const std::string& vcd, served_by by = served_by::one) {
    served_switch s({"--pace", "none", "--vcd", vcd}, window_use::none, by);
    std::vector<std::uint64_t> values;
    std::uint64_t answered = 0;
    for (const access& a : accesses) {
        host& h = *s.hosts[a.host];
        s.settle();
        std::uint64_t value = 0;
        if (a.region == config_space || !by_stub) {
            if (a.is_write)
                h.write_by_socket(a.region, a.offset, a.size, a.value);
            else
                value = h.read_by_socket(a.region, a.offset, a.size);
        } else if (a.is_write) {
            BOOST_REQUIRE(h.stub.write(a.region, a.offset, a.size, a.value));
        } else {
            BOOST_REQUIRE(h.stub.read(a.region, a.offset, a.size, value));
        }
        if (!a.is_write)
            values.push_back(value);
    }
    s.settle();
    for (const auto& h : s.hosts)
        answered += h->stub.answered();
    BOOST_TEST((answered != 0) == by_stub);
    BOOST_TEST(s.stop() == 0);
    return values;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

BOOST_AUTO_TEST_CASE(
    the_same_session_with_and_without_the_stub_gives_the_same_values_and_waveform) {
    const auto accesses = session(1500, 7);
    const std::string name = "/tmp/ntb-stub-session-" + std::to_string(::getpid());
    const std::string by_socket = name + ".socket.vcd";
    const std::string by_stub = name + ".stub.vcd";
    const auto expected = play(accesses, false, by_socket);
    const auto got = play(accesses, true, by_stub);
    BOOST_TEST(got == expected, boost::test_tools::per_element());
    const std::string waveform = text_of(by_socket);
    BOOST_TEST(waveform.size() > 100'000U);
    BOOST_TEST((waveform == text_of(by_stub)));
    if (!boost::unit_test::results_collector
             .results(boost::unit_test::framework::current_test_case().p_id)
             .passed())
        return; // the files stay
    std::filesystem::remove(by_socket);
    std::filesystem::remove(by_stub);
}

BOOST_AUTO_TEST_CASE(what_is_read_by_the_stub_in_two_simulators_is_what_is_read_by_the_socket) {
    // Not their waveforms: nobody outside can tell when both have nothing to do any more.
    const auto accesses = session(800, 8);
    const std::string name = "/tmp/ntb-stub-linked-" + std::to_string(::getpid());
    const auto expected = play(accesses, false, name + ".socket@.vcd", served_by::two);
    const auto got = play(accesses, true, name + ".stub@.vcd", served_by::two);
    BOOST_TEST(got == expected, boost::test_tools::per_element());
    for (const char* const file : {".socket0.vcd", ".socket1.vcd", ".stub0.vcd", ".stub1.vcd"}) {
        BOOST_TEST(text_of(name + file).size() > 20'000U);
        std::filesystem::remove(name + file);
    }
}

BOOST_AUTO_TEST_CASE(a_doorbell_comes_after_the_data_before_it_in_two_simulators) {
    two_windows t(true, {}, window_use::none, served_by::two);
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.at(0).stub.drain());
    std::uint64_t rung = 0;
    for (std::uint32_t i = 1; i < 2000; ++i) {
        BOOST_REQUIRE(t.at(1).stub.write(bar0, indbellsts, 4, 1)); // cleared
        BOOST_REQUIRE(t.at(1).stub.drain());
        BOOST_REQUIRE(t.at(0).stub.write(window_bar, 0x40, 4, i));
        BOOST_REQUIRE(t.at(0).stub.write(bar0, outdbellset, 4, 1));
        for (rung = 0; (rung & 1U) == 0;)
            BOOST_REQUIRE(t.at(1).stub.read(bar0, indbellsts, 4, rung));
        BOOST_REQUIRE(word(t.ram[1].data + 0x200040) == i);
    }
    BOOST_TEST(t.at(1).stub.answered() > 1000U);
}

BOOST_AUTO_TEST_CASE(a_read_sees_every_write_before_it) {
    served_switch s({});
    host& h = *s.hosts[0];
    h.write_by_socket(config_space, pcicmd, 2, 6);
    std::uint64_t value = 0;
    for (std::uint32_t i = 1; i < 3000; ++i) {
        for (std::uint32_t burst = 0; burst < i % 5; ++burst)
            BOOST_REQUIRE(h.stub.write(bar0, scratch, 4, 1000 * i + burst));
        BOOST_REQUIRE(h.stub.write(bar0, scratch, 4, i));
        BOOST_REQUIRE(h.stub.read(bar0, scratch, 4, value));
        BOOST_REQUIRE(value == i);
    }
    BOOST_TEST(h.stub.answered() == 2999U);
}

BOOST_AUTO_TEST_CASE(a_message_by_the_socket_comes_after_the_writes_before_it) {
    served_switch s({});
    host& h = *s.hosts[0];
    h.write_by_socket(config_space, pcicmd, 2, 6);
    for (std::uint32_t i = 1; i < 1000; ++i) {
        BOOST_REQUIRE(h.stub.write(bar0, scratch, 4, i));
        BOOST_REQUIRE(h.read_by_socket(bar0, scratch, 4) == i);
    }
}

BOOST_AUTO_TEST_CASE(more_writes_than_the_ring_holds_all_arrive) {
    served_switch s({});
    host& h = *s.hosts[0];
    h.write_by_socket(config_space, pcicmd, 2, 6);
    std::uint64_t value = 0;
    constexpr std::uint32_t many = 3 * ntb::stub::ring_entries;
    for (std::uint32_t i = 1; i <= many; ++i)
        BOOST_REQUIRE(h.stub.write(bar0, scratch, 4, i));
    BOOST_REQUIRE(h.stub.read(bar0, scratch, 4, value));
    BOOST_TEST(value == many);
}

BOOST_AUTO_TEST_CASE(
    a_write_that_is_refused_and_reported_is_not_much_dearer_than_one_of_a_register) {
    // ntb_perf as shipped makes 2^30 of them.
    served_switch s({});
    host& h = *s.hosts[0];
    h.write_by_socket(config_space, bar2, 4, 0xF0000000); // above the limit, which is 0
    h.write_by_socket(config_space, pcicmd, 2, 6);
    h.write_by_socket(bar0, barlimit2, 4, 0);
    h.write_by_socket(config_space, pciedctl, 2, report_all_errors);
    // The simulator's processor time; the best of many rounds, which noise does not disturb.
    constexpr std::uint32_t many = 4000;
    const auto best = [&](std::uint8_t region, std::uint64_t offset) {
        auto out = std::chrono::nanoseconds::max();
        for (unsigned round = 0; round < 40; ++round) {
            const auto before = s.processor_time();
            for (std::uint32_t i = 0; i < many; ++i)
                BOOST_REQUIRE(h.stub.write(region, offset, 4, i));
            BOOST_REQUIRE(h.stub.drain());
            out = std::min(out, s.processor_time() - before);
        }
        return out;
    };
    const auto of_register = best(bar0, scratch);
    const auto refused = best(2, 0x40);
    BOOST_TEST_MESSAGE("a write of a register " << of_register.count() / many << " ns, refused "
                                                << refused.count() / many << " ns");
    BOOST_TEST((refused < 4 * of_register));
    // Refused they were.
    BOOST_TEST((h.read_by_socket(config_space, pciedctl, 4) >> 16U & 0xFU) == 0xAU);
}

BOOST_AUTO_TEST_CASE(two_guests_whose_writes_end_in_one_instant_do_not_hold_up_each_other) {
    served_switch s({"--pace", "none"});
    for (const auto& h : s.hosts) { // every write is refused, and followed by a message
        h->write_by_socket(config_space, bar2, 4, 0xF0000000);
        h->write_by_socket(config_space, pcicmd, 2, 6);
        h->write_by_socket(bar0, barlimit2, 4, 0);
        h->write_by_socket(config_space, pciedctl, 2, 0xF);
    }
    const auto writes = [](host& h) {
        for (std::uint32_t i = 0; i < 30'000; ++i)
            if (!h.stub.write(2, 0x40, 4, i))
                return false;
        return h.stub.drain();
    };
    bool other_is_done = false;
    std::thread other([&] { other_is_done = writes(*s.hosts[1]); });
    const bool is_done = writes(*s.hosts[0]);
    other.join();
    BOOST_TEST(is_done);
    BOOST_TEST(other_is_done);
    BOOST_TEST(s.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_stub_whose_simulator_dies_says_so_and_does_not_wait_for_ever) {
    served_switch s({});
    host& h = *s.hosts[0];
    BOOST_REQUIRE(h.stub.write(bar0, scratch, 4, 1));
    s.settle();
    s.kill();
    std::uint64_t value = 0;
    BOOST_TEST(!h.stub.read(bar0, msgsts, 8, value)); // needs the simulator
    BOOST_TEST(!h.stub.alive());
    BOOST_TEST(!h.stub.write(bar0, scratch, 4, 1));
}
