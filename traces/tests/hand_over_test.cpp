// SPDX-License-Identifier: Apache-2.0
// What goes from the thread of the model to the writer of a waveform: all of it, in order, however
// slow the writer is, and whoever ends first.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "traces/batch_queue.h"
#include "traces/tests/ping_pong.h"
#include "traces/tests/support.h"
#include "traces/vcd_recorder.h"

namespace ntb::traces::test {
namespace {

using namespace std::chrono_literals;

/// Takes 64-bit numbers that count, and may be held up.
class counting final : public batch_queue::consumer {
public:
    void take(const std::byte* begin, const std::byte* end) noexcept override {
        const std::lock_guard held(gate);
        for (; begin != end; begin += sizeof(std::uint64_t)) {
            std::uint64_t number = 0;
            std::memcpy(&number, begin, sizeof number);
            in_order = in_order && number == taken;
            ++taken;
        }
    }
    void flush_written() noexcept override {
        const std::lock_guard held(gate);
        flushed = taken.load();
    }

    std::mutex gate{};
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> flushed{0};
    std::atomic<bool> in_order{true};
};

class counter {
public:
    explicit counter(batch_queue& to) : to_(to) {}
    /// `n` numbers, in pieces of one to seven.
    void put(std::uint64_t n) {
        for (std::uint64_t piece = 1; n != 0; piece = piece % 7 + 1) {
            const std::uint64_t size = std::min(piece, n);
            std::byte* at = to_.room(size * sizeof(std::uint64_t));
            for (std::uint64_t i = 0; i < size; ++i, at += sizeof(std::uint64_t)) {
                const std::uint64_t number = next_++;
                std::memcpy(at, &number, sizeof number);
            }
            to_.commit(at);
            n -= size;
        }
    }
    [[nodiscard]] std::uint64_t count() const { return next_; }

private:
    batch_queue& to_;
    std::atomic<std::uint64_t> next_{0};
};

constexpr std::uint64_t in_a_batch = batch_queue::batch_bytes / sizeof(std::uint64_t);

struct fixture {
    temporary_directory directory;
    std::string path = directory.file("t.vcd");

    /// What a recording of so many rounds is, written without hindrance.
    [[nodiscard]] std::string expected(unsigned rounds) const {
        const std::string file = directory.file("expected.vcd");
        {
            vcd_recorder r({file});
            play(r, rounds);
        }
        return read_file(file);
    }
    static void play(vcd_recorder& r, unsigned rounds) {
        ping_pong model(r);
        for (unsigned i = 0; i < rounds; ++i)
            model.ring(i & 1U);
        r.close(model.now());
    }
};

/// Reads a pipe at its leisure.
class slow_reader {
public:
    slow_reader(const std::string& path, std::size_t most)
        : thread_([this, path, most] {
              const unique_fd pipe(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
              std::vector<char> some(32768);
              while (got_.size() < most) {
                  std::this_thread::sleep_for(500us);
                  const ssize_t n = ::read(pipe.get(), some.data(), some.size());
                  if (n <= 0)
                      return;
                  got_.append(some.data(), static_cast<std::size_t>(n));
              }
          }) {}
    const std::string& all() {
        thread_.join();
        return got_;
    }

private:
    std::string got_;
    std::thread thread_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(hand_over, fixture)

BOOST_AUTO_TEST_CASE(everything_arrives_in_order_however_it_is_handed_over) {
    counting to;
    batch_queue queue(to);
    queue.start();
    counter from(queue);
    for (unsigned i = 0; i < 3000; ++i) {
        from.put(i % 701);
        if (i % 13 == 0)
            queue.flush_soon();
        if (i % 101 == 0)
            queue.flush();
    }
    queue.stop();
    BOOST_TEST(to.taken == from.count());
    BOOST_TEST(to.in_order);
}

BOOST_AUTO_TEST_CASE(a_flush_returns_when_all_has_been_taken_and_flushed) {
    counting to;
    batch_queue queue(to);
    queue.start();
    counter from(queue);
    for (unsigned i = 1; i < 300; ++i) {
        from.put(i);
        queue.flush();
        BOOST_REQUIRE(to.taken == from.count());
        BOOST_REQUIRE(to.flushed == from.count());
    }
}

BOOST_AUTO_TEST_CASE(to_flush_soon_waits_for_nobody) {
    counting to;
    batch_queue queue(to);
    queue.start();
    counter from(queue);
    {
        const std::lock_guard held(to.gate);
        from.put(100);
        queue.flush_soon();
        from.put(100);
        queue.flush_soon();
        BOOST_TEST(to.taken == 0U);
    }
    while (to.flushed != 200U) // without a further call
        std::this_thread::sleep_for(1ms);
}

BOOST_AUTO_TEST_CASE(a_producer_that_is_too_fast_waits_so_memory_is_bounded) {
    counting to;
    batch_queue queue(to);
    queue.start();
    counter from(queue);
    const std::uint64_t all = 10 * batch_queue::batches * in_a_batch;
    std::thread producer;
    {
        const std::lock_guard held(to.gate);
        producer = std::thread([&] { from.put(all); });
        while (from.count() < (batch_queue::batches - 1) * in_a_batch)
            std::this_thread::sleep_for(1ms);
        std::this_thread::sleep_for(50ms);
        BOOST_TEST(from.count() <= batch_queue::batches * in_a_batch);
    }
    producer.join();
    queue.stop();
    BOOST_TEST(to.taken == all);
    BOOST_TEST(to.in_order);
}

BOOST_AUTO_TEST_CASE(the_writer_takes_no_signals) {
    sigset_t mine;
    ::sigemptyset(&mine);
    ::sigaddset(&mine, SIGUSR2); // its default would end the process
    counting to;
    batch_queue queue(to);
    queue.start();
    ::pthread_sigmask(SIG_BLOCK, &mine, nullptr);
    ::kill(::getpid(), SIGUSR2);
    const timespec at_most{5, 0};
    BOOST_TEST(::sigtimedwait(&mine, nullptr, &at_most) == SIGUSR2);
    ::pthread_sigmask(SIG_UNBLOCK, &mine, nullptr);
}

BOOST_AUTO_TEST_CASE(without_a_thread_the_producer_does_the_work) {
    const std::string whole = expected(3000);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        vcd_recorder r({path});
        const rlimit none{0, 0};
        if (::geteuid() == 0 && ::setuid(65534) != 0) // root has no limit
            ::_exit(2);
        ::setrlimit(RLIMIT_NPROC, &none);
        try {
            std::thread([] {}).join();
            ::_exit(3); // there are threads
        } catch (const std::system_error&) {
        }
        play(r, 3000);
        ::_exit(r.failed() ? 1 : 0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 0);
    const bool same = read_file(path) == whole;
    BOOST_TEST(same);
}

BOOST_AUTO_TEST_CASE(a_slow_disk_gets_every_byte) {
    const std::string whole = expected(12000); // some megabytes
    BOOST_TEST(whole.size() > 6 * batch_queue::batches * batch_queue::batch_bytes);
    BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    slow_reader reader(path, whole.size() + 1);
    {
        vcd_recorder r({path});
        play(r, 12000);
        BOOST_TEST(!r.failed());
    }
    const bool same = reader.all() == whole;
    BOOST_TEST(same);
}

BOOST_AUTO_TEST_CASE(a_reader_that_goes_away_is_told_once_and_stops_only_the_recording) {
    const captured_stderr err;
    BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    slow_reader reader(path, 100000);
    {
        vcd_recorder r({path});
        ping_pong model(r);
        while (r.recording())
            model.ring(0);
        reader.all();
        r.close(model.now());
        BOOST_TEST(r.failed());
    }
    BOOST_TEST(lines(err.text()) == 1U);
    BOOST_TEST(err.text().find("Broken pipe (") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_file_is_current_soon_after_it_was_asked_for) {
    vcd_recorder r({path});
    const signal_id a = r.declare_bits("a", 8, 0);
    r.set(a, 10, 1);
    r.flush_soon();
    const auto late = std::chrono::steady_clock::now() + 30s;
    while (read_file(path).find("#10\nb1 !\n") == std::string::npos &&
           std::chrono::steady_clock::now() < late)
        std::this_thread::sleep_for(1ms);
    BOOST_TEST(read_file(path).find("#10\nb1 !\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_recorder_that_is_not_closed_leaves_everything_that_it_was_told) {
    {
        vcd_recorder r({path});
        const signal_id a = r.declare_bits("a", 8, 0);
        r.set(a, 10, 1);
    }
    const std::string text = read_file(path);
    BOOST_TEST(text.substr(text.size() - 9) == "#10\nb1 !\n");
}

BOOST_AUTO_TEST_CASE(calls_on_a_signal_of_another_kind_are_ignored) {
    {
        vcd_recorder r({path});
        const signal_id bits = r.declare_bits("a", 8, 0);
        const signal_id text = r.declare_text("b");
        r.text(bits, 10, 10, 20, "x");
        r.tlp(bits, 10, 10, 20, tlp_appearance{});
        r.clear_text(bits, 10);
        r.set(text, 10, 1);
        r.pulse(text, 10, 20, 1);
        r.set(signal_id(2), 10, 1); // never declared
        r.close(30);
        BOOST_TEST(r.changes() == 0U);
    }
    const std::string text = read_file(path);
    BOOST_TEST(text.substr(text.size() - 9) == "$end\n#30\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
