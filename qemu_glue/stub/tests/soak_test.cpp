// SPDX-License-Identifier: GPL-2.0-or-later
// Windows as RAM for a long time: hosts that die by the thousand under one that writes, and
// everything at random for as long as NTBSIM_SOAK_SECONDS says (60 without). The seed is printed;
// NTBSIM_TEST_SEED gives another one.
#define BOOST_TEST_MODULE stub_soak
#include <array>
#include <atomic>
#include <boost/test/included/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "qemu_glue/stub/tests/two_windows.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

using clock_type = std::chrono::steady_clock;

unsigned long from_environment(const char* name, unsigned long otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::strtoul(text, nullptr, 0) : otherwise;
}

/// What a stub has mapped stays so for ever, and a process has room for so much.
constexpr unsigned long most_returns = 3000;

/// A guest in a process of its own at that socket: sets up its windows, says so by a byte in
/// `ready`, and writes through them until it is killed.
[[noreturn]] void be_a_guest(const std::string& socket, int ready) {
    try {
        const host_ram ram(true);
        const std::unique_ptr<host> h = join(socket, window_use::area);
        set_up(*h, ram);
        std::uint64_t value = 0;
        if (!h->stub.write(bar0, barltbase2, 4, 0x200000) ||
            !h->stub.read(window_bar, 0, 8, value) || ::write(ready, "r", 1) != 1)
            ::_exit(1);
        for (std::uint32_t i = 0;; ++i) {
            std::memset(h->window + i % 200 * window_page, static_cast<int>(i), window_page);
            (void)h->stub.write(bar0, ntsdata, 4, i);
        }
    } catch (...) {
        ::_exit(1);
    }
}

bool eventually(bool (*condition)(const unsigned char*), const unsigned char* at) {
    const auto deadline = clock_type::now() + std::chrono::seconds(30);
    while (!condition(at)) {
        if (clock_type::now() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

} // namespace

BOOST_AUTO_TEST_SUITE(windows_for_long)

BOOST_AUTO_TEST_CASE(a_thousand_deaths_of_a_peer_harm_nobody) {
    const unsigned long deaths = from_environment("NTBSIM_SOAK_DEATHS", 1000);
    two_windows t;
    t.lead(0, 0x200000);
    t.simulator.hosts[1].reset();
    std::atomic<bool> enough{false};
    std::thread guest([&] { // writes all the time, whoever is there
        for (std::uint32_t i = 0; !enough; ++i)
            std::memset(t.window(0) + (1 + i % 100) * window_page, static_cast<int>(i), 256);
    });
    std::mt19937 random(9);
    unsigned mapped = 0;
    for (unsigned long death = 0; death < deaths; ++death) {
        int ready[2];
        BOOST_REQUIRE(::pipe(ready) == 0);
        const pid_t peer = ::fork();
        if (peer == 0)
            be_a_guest(t.simulator.socket(1), ready[1]);
        ::close(ready[1]);
        char byte = 0;
        if (random() % 4 != 0) { // else it may die in the middle of its set-up
            BOOST_REQUIRE(::read(ready[0], &byte, 1) == 1);
            (void)t.trapped(0);
            mapped += t.window(0)[0] == 0x200 % 251 ? 1 : 0;
        }
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        ::kill(peer, SIGKILL);
        ::waitpid(peer, nullptr, 0);
        ::close(ready[0]);
        BOOST_REQUIRE(eventually(is_ones, t.window(0)));
        BOOST_REQUIRE(t.simulator.runs());
    }
    enough = true;
    guest.join();
    BOOST_TEST(mapped > deaths / 2);
    t.simulator.rejoin(1); // and everything is as ever
    set_up(t.at(1), t.ram[1]);
    (void)t.trapped(0);
    BOOST_TEST(t.window(0)[0] == 0x200 % 251);
    std::uint64_t value = 0;
    BOOST_REQUIRE(t.at(0).stub.read(bar0, ntctl, 4, value));
    BOOST_TEST(value == id_protection_off);
}

BOOST_AUTO_TEST_CASE(everything_at_random_gives_no_error) {
    const unsigned long seconds = from_environment("NTBSIM_SOAK_SECONDS", 60);
    const unsigned long seed = from_environment("NTBSIM_TEST_SEED", 1);
    std::printf("%lu s, seed %lu\n", seconds, seed);
    two_windows t;
    for (std::size_t i = 0; i < 2; ++i)
        t.open_trapped(i, 0x300000);
    std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
    const auto pick = [&random](std::uint32_t n) {
        return static_cast<std::uint32_t>(random() % n);
    };
    std::array<unsigned long, 8> done{};
    const auto end = clock_type::now() + std::chrono::seconds(seconds);
    while (clock_type::now() < end) {
        const std::uint32_t one = pick(2);
        const std::uint32_t other = 1 - one;
        // What disturbs is seldom.
        std::uint32_t act = pick(100) < 95 ? pick(4) : 4 + pick(4);
        if (act == 7 && done[7] == most_returns)
            act = 4;
        ++done[act];
        const std::uint32_t page = 16 + pick(240);
        const std::uint32_t mark = static_cast<std::uint32_t>(random());
        switch (act) {
        case 0: // a window is led elsewhere and used at once
            t.lead(one, page * 4096);
            (void)t.trapped(one);
            BOOST_REQUIRE(t.window(one)[77] == page % 251);
            std::memcpy(t.window(one) + 128, &mark, sizeof mark);
            BOOST_REQUIRE(word(t.ram[other].data + page * 4096 + 128) == mark);
            break;
        case 1: // data that is trapped, seen at once where windows are mapped
            t.lead(one, page * 4096);
            (void)t.trapped(one);
            BOOST_REQUIRE(t.at(one).stub.write(trapped_bar, 0x40, 4, mark));
            BOOST_REQUIRE(word(t.ram[other].data + 0x300040) == mark);
            break;
        case 2: { // registers
            std::uint64_t value = 0;
            BOOST_REQUIRE(t.at(one).stub.write(bar0, ntsdata, 4, mark));
            BOOST_REQUIRE(t.at(one).stub.read(bar0, ntsdata, 4, value));
            BOOST_REQUIRE(value == mark);
            break;
        }
        case 3: // many writes at once
            for (std::uint32_t i = 0; i < 200; ++i)
                BOOST_REQUIRE(t.at(one).stub.write(bar0, ntsdata, 4, i));
            break;
        case 4: // no bus master
            t.at(other).write_by_socket(config_space, pcicmd, 2, 2);
            BOOST_REQUIRE((t.trapped(one) == ~0ULL));
            t.at(other).write_by_socket(config_space, pcicmd, 2, 6);
            break;
        case 5: // no memory
            host_ram::unmap(t.at(other));
            BOOST_REQUIRE((t.trapped(one) == ~0ULL));
            t.ram[other].map(t.at(other));
            break;
        case 6: // a reset
            t.at(other).connection.round_trip(t.at(other).connection.make(
                ntb::vfio_user::wire::command::device_reset, 0, nullptr, 0));
            host_ram::unmap(t.at(other));
            set_up(t.at(other), t.ram[other]);
            t.open_trapped(other, 0x300000);
            break;
        default: // the other leaves and comes back
            t.simulator.hosts[other].reset();
            t.simulator.rejoin(other);
            set_up(t.at(other), t.ram[other]);
            t.open_trapped(other, 0x300000);
        }
    }
    BOOST_TEST(t.simulator.runs());
    for (std::size_t i = 0; i < done.size(); ++i)
        std::printf("act %zu: %lu times\n", i, done[i]);
}

BOOST_AUTO_TEST_SUITE_END()
