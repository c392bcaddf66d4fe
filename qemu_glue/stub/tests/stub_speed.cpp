// SPDX-License-Identifier: GPL-2.0-or-later
// How long a write takes that comes by the stub's ring: many in a row, so that the ring is full and
// the simulator's own speed counts. The stub's code in a process that is no QEMU; by hand, since a
// busy machine says nothing: NTBSIM_SPEED_WRITES in a round, NTBSIM_SPEED_ROUNDS of which the best
// counts, NTBSIM_SPEED_ONLY a part of the names of what is measured, NTBSIM_SPEED_WORDS more words
// for `ntbsim serve`.
//
// Output: a line for each kind of write: nanoseconds by the clock, and of the simulator's processor
// time.
#define BOOST_TEST_MODULE stub_speed
#include <algorithm>
#include <boost/test/included/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "qemu_glue/stub/tests/two_windows.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

unsigned long from_environment(const char* name, unsigned long otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::strtoul(text, nullptr, 0) : otherwise;
}

void measure(const char* what, const two_windows& t,
             const std::function<void(std::uint32_t)>& write, const std::function<void()>& end,
             unsigned long share = 1) {
    using clock = std::chrono::steady_clock;
    if (const char* const only = std::getenv("NTBSIM_SPEED_ONLY");
        only != nullptr && std::strstr(what, only) == nullptr)
        return;
    const unsigned long writes = from_environment("NTBSIM_SPEED_WRITES", 200'000) / share;
    double wall = std::numeric_limits<double>::max();
    double processor = wall;
    for (unsigned long n = from_environment("NTBSIM_SPEED_ROUNDS", 5); n != 0; --n) {
        const auto begin = clock::now();
        const auto used = t.simulator.processor_time();
        for (std::uint32_t i = 0; i < writes; ++i)
            write(i);
        end();
        const auto per_write = [writes](std::chrono::nanoseconds d) {
            return static_cast<double>(d.count()) / static_cast<double>(writes);
        };
        wall = std::min(wall, per_write(clock::now() - begin));
        processor = std::min(processor, per_write(t.simulator.processor_time() - used));
    }
    std::printf("%-52s %7.0f %7.0f\n", what, wall, processor);
    std::fflush(stdout);
}

/// Words of NTBSIM_SPEED_WORDS, and `more`.
std::vector<std::string> words(std::vector<std::string> more = {}) {
    const char* const text = std::getenv("NTBSIM_SPEED_WORDS");
    std::istringstream in(text != nullptr ? text : "");
    for (std::string word; in >> word;)
        more.push_back(word);
    return more;
}

/// Through the stub.
void measure(const char* what, two_windows& t, std::uint8_t region, std::uint32_t offset) {
    measure(
        what, t, [&](std::uint32_t i) { BOOST_REQUIRE(t.at(0).stub.write(region, offset, 4, i)); },
        [&] { BOOST_REQUIRE(t.at(0).stub.drain()); });
}

/// Posted messages.
void measure_by_socket(const char* what, two_windows& t, std::uint8_t region,
                       std::uint32_t offset) {
    namespace wire = ntb::vfio_user::wire;
    const auto message = [&](std::uint32_t i) {
        struct [[gnu::packed]] {
            wire::region_access access;
            std::uint32_t value;
        } w{{offset, region, 4}, i};
        return t.at(0).connection.make(wire::command::region_write, wire::flag_no_reply, &w,
                                       sizeof w);
    };
    measure(
        what, t, [&](std::uint32_t i) { t.at(0).connection.send(message(i)); },
        [&] { (void)t.at(0).read_by_socket(bar0, ntsdata, 4); }, 4);
}

/// Puts the BAR where limit 0 lets nothing through: bits 9:0 of a limit count as ones (B9.5).
void close(two_windows& t) {
    t.at(0).write_by_socket(config_space, bar3, 4, 0xE0000000);
    BOOST_REQUIRE(t.at(0).stub.write(bar0, barlimit3, 4, 0));
    BOOST_REQUIRE(t.at(0).stub.drain());
}

} // namespace

BOOST_AUTO_TEST_CASE(writes_by_the_ring) {
    two_windows t(true, words());
    BOOST_REQUIRE(t.at(0).areas.reserve(trapped_bar, window_size) != nullptr);
    measure("register", t, bar0, ntsdata);
    measure("doorbell", t, bar0, outdbellset);
    BOOST_REQUIRE(t.at(0).stub.write(bar0, barlimit2, 4, 0)); // of address 0xF0000000
    close(t);
    measure("window that leads nowhere", t, trapped_bar, 0x40);
    BOOST_REQUIRE(t.at(0).stub.write(bar0, pciedctl, 2, report_all_errors));
    measure("  and the error is reported", t, trapped_bar, 0x40);
    BOOST_REQUIRE(t.at(0).stub.write(bar0, pciedctl, 2, 0));
    t.open_trapped(0, 0x40000000);
    measure("window to where the peer has no memory", t, trapped_bar, 0x40);
    close(t);

    BOOST_REQUIRE(t.at(0).stub.write(bar0, barlimit2, 4, 0xFFFFFFFF));
    t.lead(0, 0x200000);
    (void)t.trapped(0);
    BOOST_REQUIRE(t.at(0).areas.any());
    measure("register, another window mapped", t, bar0, ntsdata);
    measure("window that leads nowhere, another mapped", t, trapped_bar, 0x40);
    BOOST_REQUIRE(t.at(0).stub.write(bar0, pciedctl, 2, report_all_errors));
    measure("  and the error is reported", t, trapped_bar, 0x40);
    BOOST_REQUIRE(t.at(0).stub.write(bar0, pciedctl, 2, 0));
    t.open_trapped(0, 0x40000000);
    measure("window to where is no memory, another mapped", t, trapped_bar, 0x40);
    t.open_trapped(0, 0x300100);
    measure("window to memory, pages do not fit, waited for", t, trapped_bar, 0x40);
    BOOST_TEST(t.simulator.stop() == 0);
}

BOOST_AUTO_TEST_CASE(writes_by_the_ring_of_windows_that_are_traced) {
    two_windows t(true, words({"--trace-windows"}));
    t.lead(0, 0x200000);
    (void)t.trapped(0);
    measure("window to memory, kept trapped", t, window_bar, 0x40);
    BOOST_TEST(t.simulator.stop() == 0);
}

BOOST_AUTO_TEST_CASE(writes_by_the_socket) {
    two_windows t(true, words());
    measure_by_socket("by the socket: register", t, bar0, ntsdata);
    close(t);
    measure_by_socket("  window that leads nowhere", t, trapped_bar, 0x40);
    t.open_trapped(0, 0x300000);
    measure_by_socket("  window to memory", t, trapped_bar, 0x40);
    BOOST_TEST(t.simulator.stop() == 0);
}
