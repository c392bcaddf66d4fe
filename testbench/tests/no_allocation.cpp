// SPDX-License-Identifier: Apache-2.0
// After elaboration the model allocates nothing: every operator new of the process is counted
// while a million transactions of all kinds run, windows and resets among them, untraced and
// traced. An executable of its own, because the operators are global.
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "model/config.h"
#include "model/regs/nt_refs.h"
#include "model/regs/sw_refs.h"
#include "model/trace_sink.h"
#include "testbench/fixture/simulated_test.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/root_complex/platform.h"
#include "testbench/tests/bits.h"
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
    void text(signal_id, std::uint64_t, std::uint64_t, std::uint64_t,
              std::string_view) noexcept override {
        ++changes;
    }
    void tlp(signal_id, std::uint64_t, std::uint64_t, std::uint64_t,
             const tlp_appearance&) noexcept override {
        ++changes;
    }
    void clear_text(signal_id, std::uint64_t) noexcept override { ++changes; }
    std::uint64_t changes = 0;

private:
    signal_id next() { return signal_id(declared_++); }
    std::uint32_t declared_ = 0;
};

constexpr unsigned hosts = 4; ///< at ports 0, 2, 4, 6 in partitions 0, 1, 2, 3
constexpr bar_number direct_window(2);
constexpr bar_number table_window(4);
constexpr std::uint64_t target = 0x100000; ///< in the next partition's RAM

unsigned next_partition(unsigned partition) {
    return (partition + 1) % hosts;
}

/// Four hosts, each with two windows into the next one's RAM.
topology_config ring_of_windows() {
    topology_config t = four_partitions();
    for (unsigned k = 0; k < hosts; ++k) {
        auto& bars = t.ports.at(std::size_t{2} * k).bars;
        bar_config& direct = bars.at(direct_window.value());
        direct.enabled = true;
        direct.size_log2 = 20;
        direct.target_partition = partition_number(next_partition(k));
        bar_config& table = bars.at(table_window.value());
        table.enabled = true;
        table.is_64bit = true;
        table.prefetchable = true;
        table.size_log2 = 24;
        table.translation = bar_translation::lut12;
    }
    return t;
}

class mixed_load {
public:
    mixed_load(const timing_config& timing, trace_sink* sink)
        : bench_("bench", ring_of_windows(), timing, sink) {}

    void set_up() {
        bench_.power_on();
        for (unsigned partition = 0; partition < hosts; ++partition) {
            BOOST_TEST_REQUIRE(enumerate(host(partition)).present);
            open(partition);
        }
        expect_windows();
    }

    /// The windows lead somewhere: else their share of the traffic would be refusals.
    void expect_windows() {
        for (unsigned partition = 0; partition < hosts; ++partition) {
            const std::uint32_t value = 0x600DF000 | partition;
            (void)host(partition).bar_write(direct_window, 0, value);
            BOOST_TEST(host(partition).bar_read(table_window, 0).data == value);
        }
    }

    /// `rounds` times about 48 transactions; returns how many there were.
    std::uint64_t run(unsigned rounds) {
        std::uint64_t n = 0;
        for (unsigned i = 0; i < rounds; ++i) {
            for (unsigned partition = 0; partition < hosts; ++partition) {
                n += ring_and_send(partition, i);
                if (i % 64 == 0)
                    n += seldom(partition, i);
            }
            if (i % 256 == 0)
                n += reset(i / 256);
            if (i % 4096 == 0)
                bench_.set_temperature(i / 4096 % 256);
        }
        return n;
    }

    std::uint64_t resets = 0; ///< of every kind

private:
    /// Everything that a reset closes, and where the windows lead.
    void open(unsigned partition) {
        root_complex& h = host(partition);
        (void)h.config_write(nt::PCICMD.at(), nt::PCICMD_MAE.mask | nt::PCICMD_BME.mask, 2);
        put(h, nt::INDBELLMSK, 0);
        put(h, nt::MSGSTSMSK, 0);
        put(h, nt::NTINTMSK, 0);
        for (const regs::reg_ref& mask : {sw::SEMSK, sw::SEPMSK, sw::SEGSIGMSK})
            put_global(h, mask.at(), 0);
        put_global(h, sw::SWPMSGCTL.at(partition, 0),
                   sw::SWPMSGCTL_PART.put(0, next_partition(partition)));
        put(h, nt::NTCTL, nt::NTCTL_CPEN.mask);
        put(h, nt::NTMTBLADDR, partition);
        put(h, nt::NTMTBLDATA, mapping(0, partition));
        (void)h.bar_write(bar_number(0), nt::BARLTBASE.at(direct_window.value()), target);
        put(h, nt::LUTOFFSET, nt::LUTOFFSET_BAR.put(0, table_window.value()));
        put(h, nt::LUTLDATA, target);
        put(h, nt::LUTMDATA, 0);
        put(h, nt::LUTUDATA,
            nt::LUTUDATA_VALID.mask | nt::LUTUDATA_PART.put(0, next_partition(partition)));
    }

    std::uint64_t ring_and_send(unsigned partition, unsigned i) {
        root_complex& h = host(partition);
        const std::uint64_t spot = std::uint64_t{8} * (i % 1024);
        put(h, nt::OUTDBELLSET, 1U << i % 32);
        put(h, nt::OUTMSG, i);
        get(h, nt::MSGSTS); // its outcome
        put(h, nt::MSGSTS, 0x000F000F);
        get(h, nt::INDBELLSTS);
        put(h, nt::INDBELLSTS, 0xFFFFFFFF);
        put(h, nt::NTGSIGNAL, nt::NTGSIGNAL_GSIGNAL.mask);
        get(h, nt::NTINTSTS);
        put(h, nt::NTINTSTS, nt::NTINTSTS_SEVENT.mask);
        (void)h.config_read(nt::PCICMD.at());
        (void)h.bar_write(direct_window, spot, i, 8);
        (void)h.bar_read(table_window, spot);
        return 12;
    }

    std::uint64_t seldom(unsigned partition, unsigned i) {
        root_complex& h = host(partition);
        // MSI, then INTx
        (void)h.config_write(nt::MSICAP.at(), i % 128 == 0 ? 0 : nt::MSICAP_EN.mask);
        put_global(h, sw::SEGSIGSTS.at(), 0xFF);
        get(h, nt::GASADATA);
        (void)h.bar_read(bar_number(0), 0x1000); // refused
        put(h, nt::NTMTBLADDR, hosts);
        put(h, nt::NTMTBLDATA, i & ~1U); // an entry that is not valid
        get(h, nt::NTMTBLDATA);
        (void)h.bar_read(bar_number(0), nt::NTMTBLDATA.at(), 2);
        (void)h.bar_transfer(direct_window, tlm::TLM_WRITE_COMMAND, 0, burst_.data(),
                             static_cast<unsigned>(burst_.size()));
        (void)h.bar_transfer(table_window, tlm::TLM_READ_COMMAND, 0, burst_.data(),
                             static_cast<unsigned>(burst_.size()));
        (void)h.bar_read(table_window, 1U << 23); // no such table entry: refused
        return 12;
    }

    /// One partition after the other, in each way; while it is down the one before it is refused.
    std::uint64_t reset(unsigned turn) {
        const unsigned partition = turn % hosts;
        const port_number port(2 * partition);
        root_complex& h = host(partition);
        switch (turn / hosts % 3) {
        case 0:
            bench_.hot_reset(port);
            break;
        case 1:
            bench_.fundamental_reset(partition_number(partition));
            break;
        default:
            bench_.set_link(port, false);
            (void)h.bar_write(direct_window, 0, 0); // lost
            (void)host((partition + hosts - 1) % hosts).bar_read(direct_window, 0);
            bench_.set_link(port, true);
        }
        ++resets;
        std::uint64_t n = 2;
        for (; !h.config_read(nt::DID.at(), 2).ok() && n < 1000; ++n)
            sc_core::wait(1, sc_core::SC_US);
        open(partition);
        return n + 19;
    }

    [[nodiscard]] root_complex& host(unsigned partition) {
        return bench_.host(port_number(2 * partition));
    }
    static void put(root_complex& h, const regs::reg_ref& r, std::uint64_t value) {
        (void)h.bar_write(bar_number(0), r.at(), value);
    }
    static void get(root_complex& h, const regs::reg_ref& r) {
        (void)h.bar_read(bar_number(0), r.at());
    }
    static void put_global(root_complex& h, std::uint32_t address, std::uint32_t value) {
        put(h, nt::GASAADDR, address);
        put(h, nt::GASADATA, value);
    }

    platform bench_;
    std::array<unsigned char, 256> burst_{};
};

/// Allocations during at least `wanted` transactions.
std::uint64_t allocations_of(mixed_load& load, std::uint64_t wanted) {
    load.set_up();
    (void)load.run(12 * 256); // SystemC's own pools grow to what is needed, also by every reset
    const std::uint64_t before = allocations;
    std::uint64_t done = 0;
    while (done < wanted)
        done += load.run(12 * 256);
    const std::uint64_t allocated = allocations - before;
    load.expect_windows();
    BOOST_TEST(load.resets > 24U);
    return allocated;
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
