// SPDX-License-Identifier: Apache-2.0
// After elaboration the model allocates nothing: every operator new of the process is counted
// while a million transactions of all kinds run, untraced and traced. An executable of its own,
// because the operators are global.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "model/config.h"
#include "model/trace_sink.h"
#include "testbench/fixture/simulated_test.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/root_complex/platform.h"
#include "testbench/tests/several_hosts.h"

namespace {
std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t bytes) {
    ++allocations;
    if (void* p = std::malloc(bytes != 0 ? bytes : 1))
        return p;
    throw std::bad_alloc();
}
void* counted_aligned(std::size_t bytes, std::align_val_t alignment) {
    ++allocations;
    const auto a = static_cast<std::size_t>(alignment);
    if (void* p = std::aligned_alloc(a, (bytes + a - 1) / a * a))
        return p;
    throw std::bad_alloc();
}
} // namespace

void* operator new(std::size_t bytes) {
    return counted(bytes);
}
void* operator new[](std::size_t bytes) {
    return counted(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t a) {
    return counted_aligned(bytes, a);
}
void* operator new[](std::size_t bytes, std::align_val_t a) {
    return counted_aligned(bytes, a);
}
// The library's stable_sort() takes its buffer by this one.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(bytes != 0 ? bytes : 1);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(bytes != 0 ? bytes : 1);
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete[](void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}

using namespace ntb;
using namespace ntb::test;

namespace {

/// Takes every signal, keeps nothing.
class counting_sink final : public trace_sink {
public:
    signal_id declare_bits(std::string_view, unsigned, std::uint64_t) override { return next(); }
    signal_id declare_text(std::string_view) override { return next(); }
    void set(signal_id, std::uint64_t, std::uint64_t) noexcept override { ++changes; }
    void pulse(signal_id, std::uint64_t, std::uint64_t, std::uint64_t) noexcept override {
        ++changes;
    }
    void text(signal_id, std::uint64_t, std::uint64_t, std::string_view) noexcept override {
        ++changes;
    }
    std::uint64_t changes = 0;

private:
    signal_id next() { return signal_id(declared_++); }
    std::uint32_t declared_ = 0;
};

class mixed_load {
public:
    mixed_load(const timing_config& timing, trace_sink* sink)
        : bench_("bench", four_partitions(), timing, sink) {}

    void set_up() {
        bench_.power_on();
        for (unsigned port = 0; port < 8; port += 2) {
            root_complex& host = bench_.host(port_number(port));
            BOOST_TEST_REQUIRE(enumerate(host).present);
            put(host, 0x42C, 0); // INDBELLMSK
            put(host, 0x464, 0); // MSGSTSMSK
            put(host, 0x408, 0); // NTINTMSK
            for (const std::uint32_t mask : {0x3EC04U, 0x3EC08U, 0x3EC34U}) {
                put(host, 0xFF8, mask); // SEMSK SEPMSK SEGSIGMSK
                put(host, 0xFFC, 0);
            }
            put(host, 0xFF8, 0x3EE00 + port * 2); // SWPxMSGCTL0
            put(host, 0xFFC, ((port / 2 + 1) % 4) << 4);
        }
    }

    /// `rounds` times 40 transactions; returns how many there were.
    std::uint64_t run(unsigned rounds) {
        std::uint64_t n = 0;
        for (unsigned i = 0; i < rounds; ++i)
            for (unsigned port = 0; port < 8; port += 2) {
                root_complex& host = bench_.host(port_number(port));
                put(host, 0x420, 1U << i % 32); // doorbell
                put(host, 0x430, i);            // message
                get(host, 0x460);               // its outcome
                put(host, 0x460, 0x000F000F);
                get(host, 0x428);
                put(host, 0x428, 0xFFFFFFFF);
                put(host, 0x410, 1); // global signal
                get(host, 0x404);
                put(host, 0x404, 8);
                (void)host.config_read(0x004);
                n += 10;
                if (i % 64 == 0) {
                    (void)host.config_write(0x0D0, i % 128 == 0 ? 0 : 0x10000); // MSI, INTx
                    put(host, 0xFF8, 0x3EC30);
                    put(host, 0xFFC, 0xFF); // SEGSIGSTS
                    get(host, 0xFFC);
                    get(host, 0x1000); // refused
                    put(host, 0x4D0, 3);
                    put(host, 0x4D8, i);
                    get(host, 0x4D8);
                    (void)host.bar_read(bar_number(0), 0x4D8, 2);
                    n += 9;
                }
                if (i % 4096 == 0)
                    bench_.set_temperature(i / 4096 % 256);
            }
        return n;
    }

private:
    static void put(root_complex& host, std::uint32_t offset, std::uint32_t value) {
        (void)host.bar_write(bar_number(0), offset, value);
    }
    static void get(root_complex& host, std::uint32_t offset) {
        (void)host.bar_read(bar_number(0), offset);
    }

    platform bench_;
};

/// Allocations during at least `wanted` transactions.
std::uint64_t allocations_of(mixed_load& load, std::uint64_t wanted) {
    load.set_up();
    (void)load.run(300); // SystemC's own pools grow to what is needed
    const std::uint64_t before = allocations;
    std::uint64_t done = 0;
    while (done < wanted)
        done += load.run(1000);
    return allocations - before;
}

} // namespace

BOOST_AUTO_TEST_SUITE(no_allocation)

BOOST_AUTO_TEST_CASE(the_counter_counts) {
    const std::uint64_t before = allocations;
    ::operator delete(::operator new(1));
    BOOST_TEST(allocations == before + 1);
}

BOOST_AUTO_TEST_CASE(a_million_transactions_allocate_nothing) {
    simulated_test test;
    mixed_load load(timing_config{}, nullptr);
    test.run([&load] { BOOST_TEST(allocations_of(load, 1'000'000) == 0U); },
             sc_core::sc_time(10, sc_core::SC_SEC));
}

BOOST_AUTO_TEST_CASE(a_million_transactions_without_delays_allocate_nothing) {
    simulated_test test;
    mixed_load load(ideal_timing(), nullptr);
    test.run([&load] { BOOST_TEST(allocations_of(load, 1'000'000) == 0U); },
             sc_core::sc_time(10, sc_core::SC_SEC));
}

BOOST_AUTO_TEST_CASE(watching_a_million_transactions_allocates_nothing_either) {
    simulated_test test;
    counting_sink sink;
    mixed_load load(timing_config{}, &sink);
    test.run([&load] { BOOST_TEST(allocations_of(load, 1'000'000) == 0U); },
             sc_core::sc_time(10, sc_core::SC_SEC));
    BOOST_TEST(sink.changes > 1'000'000U);
}

BOOST_AUTO_TEST_SUITE_END()
