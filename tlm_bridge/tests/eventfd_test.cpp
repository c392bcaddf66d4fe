// SPDX-License-Identifier: Apache-2.0
// Eventfds whose other owner is hostile.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdint>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tlm_bridge/eventfd.h"
#include "tlm_bridge/unique_fd.h"

namespace {

using namespace ntb::bridge;

constexpr std::uint64_t fullest = 0xFFFFFFFFFFFFFFFEU;

/// A process that does the same thing to the descriptor for ever; it may well block in it.
class meddler {
public:
    template <class Meddle>
    explicit meddler(Meddle meddle) : pid_(::fork()) {
        if (pid_ == 0)
            for (;;)
                meddle();
    }
    meddler(const meddler&) = delete;
    meddler& operator=(const meddler&) = delete;
    ~meddler() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(eventfds)

BOOST_AUTO_TEST_CASE(a_counter_that_is_filled_under_the_signal_blocks_nobody) {
    const unique_fd fd(::eventfd(0, EFD_CLOEXEC)); // blocking, as the client made it
    std::uint64_t outcomes = 0;
    {
        const meddler filler([&] {
            const std::uint64_t count = fullest;
            (void)!::write(fd.get(), &count, sizeof count);
        });
        // Each emptying lets the filler in, often between a signal's look and its write.
        for (int i = 0; i < 20000; ++i) {
            (void)drain_eventfd(fd.get());
            outcomes += static_cast<std::uint64_t>(signal_eventfd(fd.get())) + 1;
        }
    }
    BOOST_TEST(outcomes >= 20000U);
}

BOOST_AUTO_TEST_CASE(a_signal_that_would_wait_is_given_up) {
    // What the race comes to when it is lost: the counter is full, the write is under way.
    const unique_fd fd(::eventfd(0, EFD_CLOEXEC));
    std::uint64_t count = fullest;
    BOOST_TEST(::write(fd.get(), &count, sizeof count) == 8);
    BOOST_TEST((signal_eventfd(fd.get()) == signal_result::full));
    BOOST_TEST(eventfd_readable(fd.get()));
    BOOST_TEST(drain_eventfd(fd.get()));
    BOOST_TEST(!eventfd_readable(fd.get()));
    BOOST_TEST((signal_eventfd(fd.get()) == signal_result::delivered));
}

BOOST_AUTO_TEST_SUITE_END()
