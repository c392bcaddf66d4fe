// SPDX-License-Identifier: Apache-2.0
// Memory windows as ranges: the list says where requests would go, and nothing that it says changes
// without a word.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>

#include "testbench/fixture/two_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::uint64_t mib = 1U << 20U;

class counting_observer final : public window_observer {
public:
    void windows_change() noexcept override { ++changes; }
    unsigned changes = 0;
};

class observed_hosts : public two_hosts {
public:
    counting_observer observer{};

    void observe() { bench.device().set_window_observer(&observer); }
    window_list windows(port_number port) {
        window_list out;
        bench.device().list_windows(port, out);
        return out;
    }
    void open_windows() {
        enumerate_both();
        enable_ntb_link(host0);
        enable_ntb_link(host2);
    }
};

bool same(const window_list& a, const window_list& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const window_range& x, const window_range& y) {
                          return x.bar == y.bar && x.offset == y.offset && x.size == y.size &&
                                 x.target == y.target && x.address == y.address;
                      });
}

/// The part of that BAR at that offset, or a range of size 0.
window_range at(const window_list& list, unsigned bar, std::uint64_t offset) {
    for (const window_range& r : list)
        if (r.bar == bar && r.offset <= offset && offset - r.offset < r.size)
            return r;
    return {};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(windows_as_ranges, observed_hosts)

BOOST_AUTO_TEST_CASE(a_direct_window_is_one_range_to_its_base) {
    run([this] {
        BOOST_TEST(windows(port0).size() == 0U);
        open_windows();
        write(host0, "BARLTBASE2", 0x00300000);
        write(host0, "BARUTBASE2", 1);
        settle();
        const window_range r = at(windows(port0), 2, 0);
        BOOST_TEST(r.offset == 0U);
        BOOST_TEST(r.size == mib);
        BOOST_TEST(r.target.value() == 2U);
        BOOST_TEST(r.address == 0x1'0030'0000U);
    });
}

BOOST_AUTO_TEST_CASE(a_limit_shortens_a_range) {
    run([this] {
        open_windows();
        const std::uint32_t bar = read(host0, "BAR2") & ~0xFU;
        write(host0, "BARLIMIT2", bar + 0x7FFFF);
        settle();
        BOOST_TEST(at(windows(port0), 2, 0).size == mib / 2);
        write(host0, "BARLIMIT2", bar - 1);
        settle();
        BOOST_TEST(at(windows(port0), 2, 0).size == 0U);
    });
}

BOOST_AUTO_TEST_CASE(each_valid_table_entry_is_a_range) {
    run([this] {
        open_windows();
        BOOST_TEST(at(windows(port0), 4, 0).size == 0U);
        write(host0, "LUTOFFSET", 3U | 4U << 8U); // entry 3 of BAR4
        write(host0, "LUTLDATA", 0x00500000);
        write(host0, "LUTMDATA", 0);
        write(host0, "LUTUDATA", 0x80000000U | 1U << 0U);
        settle();
        unsigned of_table = 0;
        for (const window_range& r : windows(port0))
            of_table += r.bar == 4 ? 1 : 0;
        BOOST_TEST(of_table == 1U);
        const window_range r = at(windows(port0), 4, 3 * mib);
        BOOST_TEST(r.offset == 3 * mib);
        BOOST_TEST(r.size == mib);
        BOOST_TEST(r.address == 0x00500000U);
    });
}

BOOST_AUTO_TEST_CASE(whatever_forbids_requests_empties_the_list) {
    run([this] {
        open_windows();
        observe();
        const auto empties = [this](auto take_away, auto give_back) {
            BOOST_REQUIRE(windows(port0).size() != 0U);
            const unsigned before = observer.changes;
            take_away();
            settle();
            BOOST_TEST(windows(port0).size() == 0U);
            BOOST_TEST(observer.changes > before);
            give_back();
            settle();
        };
        for (root_complex* const host : {&host0, &host2}) // bus master of either
            empties([&] { config_write(*host, "PCICMD", 2); },
                    [&] { config_write(*host, "PCICMD", 6); });
        empties([&] { config_write(host0, "PCICMD", 4); },
                [&] { config_write(host0, "PCICMD", 6); });
        const std::uint32_t control = read(host0, "NTCTL");
        empties([&] { write(host0, "NTCTL", 0); }, // no completions
                [&] { write(host0, "NTCTL", control); });
        empties([&] { bench.set_link(port2, false); },
                [&] {
                    bench.set_link(port2, true);
                    settle();
                    enumerate_both();
                });
    });
}

BOOST_AUTO_TEST_CASE(no_list_changes_without_a_word) {
    // Whatever the registers do: an act after which a list differs has told the observer.
    run(
        [this] {
            open_windows();
            observe();
            std::mt19937 random(11);
            constexpr std::array<const char*, 18> names{
                "BARLTBASE2", "BARUTBASE2", "BARLIMIT2", "BARSETUP2", "BARLTBASE3",  "BARSETUP4",
                "LUTOFFSET",  "LUTLDATA",   "LUTMDATA",  "LUTUDATA",  "NTCTL",       "NTMTBLADDR",
                "NTMTBLDATA", "BAR2",       "PCICMD",    "PMCSR",     "OUTDBELLSET", "OUTMSG0"};
            unsigned differences = 0;
            for (unsigned i = 0; i < 3000; ++i) {
                const std::array<window_list, 2> before{windows(port0), windows(port2)};
                const unsigned told = observer.changes;
                root_complex& host = random() % 2 == 0 ? host0 : host2;
                const char* const name = names.at(random() % names.size());
                auto value = static_cast<std::uint32_t>(random());
                if (random() % 2 == 0)
                    value = std::string_view(name) == "PCICMD" ? 6 : value & 0x00F3001FU;
                if (i % 500 >= 498)
                    bench.set_link(port2, i % 500 == 499);
                else
                    config_write(host, name, value);
                if (i % 20 == 19) {
                    config_write(host0, "PMCSR", 0);
                    config_write(host2, "PMCSR", 0);
                    open_windows();
                }
                settle();
                const bool differs =
                    !same(before[0], windows(port0)) || !same(before[1], windows(port2));
                differences += differs ? 1 : 0;
                BOOST_TEST((!differs || observer.changes != told), "after " << name);
            }
            BOOST_TEST(differences > 100U);
        },
        sc_core::sc_time(100, sc_core::SC_SEC));
}

BOOST_AUTO_TEST_CASE(a_write_is_under_way_until_it_is_in_the_other_host_s_memory) {
    run([this] {
        open_windows();
        write(host0, "BARLTBASE2", 0x00300000);
        settle();
        ntb_switch& device = bench.device();
        fault f{};
        f.kind = fault_kind::stick_credits;
        f.direction = link_direction::tx;
        f.of = tlp_class::posted;
        device.inject(port2, f);
        BOOST_TEST(!device.writes_under_way(port2));
        BOOST_TEST(host0.bar_write(bar_number(2), 0x40, 0x600DF00D).ok());
        BOOST_TEST(device.writes_under_way(port2));
        BOOST_TEST(!device.writes_under_way(port0));
        const sc_core::sc_time before = sc_core::sc_time_stamp();
        BOOST_TEST(!device.await_writes(port2, 5'000'000));
        BOOST_TEST((sc_core::sc_time_stamp() - before == sc_core::sc_time(5, sc_core::SC_US)));
        f.kind = fault_kind::free_credits;
        device.inject(port2, f);
        BOOST_TEST(device.await_writes(port2, 5'000'000));
        BOOST_TEST(!device.writes_under_way(port2));
        std::uint32_t arrived = 0;
        BOOST_TEST(host2.ram().read(0x00300040, &arrived, 4));
        BOOST_TEST(arrived == 0x600DF00DU);
    });
}

BOOST_AUTO_TEST_CASE(doorbells_and_messages_change_no_window) {
    run([this] {
        open_windows();
        observe();
        for (unsigned i = 0; i < 100; ++i) {
            write(host0, "OUTDBELLSET", 1U << (i % 32));
            write(host2, "OUTMSG0", i);
            write(host0, "MSGSTS", 0xFFFFFFFF);
            settle();
        }
        BOOST_TEST(observer.changes == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
