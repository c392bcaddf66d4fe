// SPDX-License-Identifier: Apache-2.0
// Memory windows whose set-up changes while a request over three table entries is on its way, by
// the other host or by a reset. Each piece is judged when its turn comes: those that have arrived
// stay, the first that is refused ends the request (docs/reference/behaviour.md B9.6 to B9.8).
//
// Every change is tried at many moments, from before the request to after it, so that it falls
// before, between and after the pieces whatever the timing is. A piece of a write that the other
// port has taken is lost with that port's link, and nobody learns of it.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr bar_number bar2(2);
constexpr unsigned pieces = 3;
constexpr unsigned piece_bytes = 8;
constexpr unsigned length = pieces * piece_bytes;
/// BARSETUP of a table of 12 over 128 bytes, so 8 bytes an entry.
constexpr std::uint32_t small_table = 0x80000000U | 1U << 11 | 7U << 4;

constexpr std::uint64_t home(unsigned piece) {
    return 0x100000 + 0x10000 * std::uint64_t{piece};
}
constexpr std::uint64_t elsewhere = 0x900000; ///< where a change leads the last piece

class changing_window : public two_hosts {
public:
    using change = std::function<void()>;

    /// What became of a request.
    struct outcome {
        tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
        std::array<bool, pieces> arrived{}; ///< of a write: at home
        bool strayed = false;               ///< the last piece is elsewhere
        std::vector<unsigned char> data;    ///< of a read
        bool logged = false;                ///< AER of the asking function

        [[nodiscard]] bool ok() const { return status == tlm::TLM_OK_RESPONSE; }
        [[nodiscard]] unsigned count() const {
            return static_cast<unsigned>(std::count(arrived.begin(), arrived.end(), true));
        }
    };

    /// Both hosts as after the driver's set-up, and three entries of host 0's window.
    void prepare() {
        bench.set_link(port0, true);
        bench.set_link(port2, true);
        enumerate_both();
        enable_ntb_link(host0);
        enable_ntb_link(host2);
        config_write(host0, "BARSETUP2", small_table);
        for (unsigned i = 0; i < pieces; ++i) { // LUTOFFSET is left at the last one
            write(host0, "LUTOFFSET", 2U << 8 | i);
            write(host0, "LUTLDATA", static_cast<std::uint32_t>(home(i)));
            write(host0, "LUTMDATA", 0);
            write(host0, "LUTUDATA", 0x80000000U | 1U);
        }
        config_write(host0, "AERCEM", 0); // refused reads show in AERUES, too
        config_write(host0, "AERUES", 0xFFFFFFFF);
    }

    /// One request with a change that begins at `ns`; the request begins at request_ns.
    outcome try_at(std::uint64_t ns, tlm::tlm_command command, const change& happens) {
        prepare();
        const bool is_write = command == tlm::TLM_WRITE_COMMAND;
        for (unsigned i = 0; i < pieces; ++i)
            fill(home(i), is_write ? 0x00 : pattern(i));
        fill(elsewhere, 0x00);
        settle();
        bool changed = false;
        sc_core::sc_spawn([ns, &happens, &changed] {
            wait_ns(ns);
            happens();
            changed = true;
        });
        wait_ns(request_ns);
        outcome out;
        out.data.resize(length);
        for (unsigned i = 0; i < length; ++i)
            out.data[i] = is_write ? pattern(i / piece_bytes) : 0;
        out.status = host0.bar_transfer(bar2, command, 0, out.data.data(), length);
        settle();
        BOOST_TEST(changed);
        for (unsigned i = 0; i < pieces; ++i)
            out.arrived.at(i) = holds(home(i), pattern(i));
        out.strayed = holds(elsewhere, pattern(pieces - 1));
        out.logged = config_read(host0, "AERUES") == aer_unsupported_request;
        return out;
    }

    /// A change that refuses what comes after it. Writes arrive up to some piece, reads give all
    /// or nothing; `logs`: the function that asked is still there to log what was refused;
    /// `takes_the_link`: and with it what is on its way there.
    void refuses_from_some_piece_on(const change& happens, bool logs = true,
                                    bool takes_the_link = false) {
        std::set<unsigned> arrived;
        std::set<bool> answered;
        for (std::uint64_t ns = 0; ns < last_ns; ns += step_ns) {
            BOOST_TEST_CONTEXT("change at " << ns << " ns") {
                const outcome written = try_at(ns, tlm::TLM_WRITE_COMMAND, happens);
                BOOST_TEST(std::is_sorted(written.arrived.rbegin(), written.arrived.rend()));
                if (written.count() == pieces || !takes_the_link)
                    BOOST_TEST(written.ok() == (written.count() == pieces));
                BOOST_TEST(written.ok() == (written.status != tlm::TLM_ADDRESS_ERROR_RESPONSE));
                arrived.insert(written.count());
                const outcome read = try_at(ns, tlm::TLM_READ_COMMAND, happens);
                for (unsigned i = 0; i < length; ++i)
                    BOOST_TEST(read.data[i] == (read.ok() ? pattern(i / piece_bytes) : 0xFF));
                answered.insert(read.ok());
                if (logs) {
                    BOOST_TEST(written.logged == !written.ok());
                    BOOST_TEST(read.logged == !read.ok());
                } else {
                    BOOST_TEST(!written.logged);
                    BOOST_TEST(!read.logged);
                }
            }
        }
        BOOST_TEST(arrived == (std::set<unsigned>{0, 1, 2, 3}), boost::test_tools::per_element());
        BOOST_TEST(answered.size() == 2U);
    }

    // Accesses of the other host through GASAADDR and GASADATA take their time first.
    static constexpr std::uint64_t request_ns = 500;
    static constexpr std::uint64_t last_ns = 1400;
    static constexpr std::uint64_t step_ns = 8;
    /// A link trains for milliseconds after a reset.
    const sc_core::sc_time resets_last{10, sc_core::SC_SEC};

private:
    static unsigned char pattern(unsigned piece) {
        return static_cast<unsigned char>(0xA0 + piece);
    }
    void fill(std::uint64_t address, unsigned char value) {
        const std::array<unsigned char, piece_bytes> data{value, value, value, value,
                                                          value, value, value, value};
        BOOST_TEST(host2.ram().write(address, data.data(), data.size()));
    }
    bool holds(std::uint64_t address, unsigned char value) {
        std::array<unsigned char, piece_bytes> data{};
        BOOST_TEST(host2.ram().read(address, data.data(), data.size()));
        return std::all_of(data.begin(), data.end(),
                           [value](unsigned char byte) { return byte == value; });
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(windows_that_change)

BOOST_FIXTURE_TEST_CASE(an_entry_that_is_taken_away_in_the_middle_refuses_the_rest,
                        changing_window) { // B9.7 B9.8
    run([this] {
        std::set<unsigned> arrived;
        for (std::uint64_t ns = 0; ns < last_ns; ns += step_ns) {
            const outcome o = try_at(ns, tlm::TLM_WRITE_COMMAND,
                                     [this] { global_write(host2, "LUTUDATA", 1, port0); });
            BOOST_TEST(o.ok() == (o.count() == pieces));
            BOOST_TEST(o.logged == !o.ok());
            arrived.insert(o.count());
        }
        // Before the request: nothing. In the middle: all before it, which is the last.
        BOOST_TEST(arrived == (std::set<unsigned>{0, 2, 3}), boost::test_tools::per_element());
    });
}

BOOST_FIXTURE_TEST_CASE(an_entry_that_is_led_elsewhere_in_the_middle_takes_its_piece_there,
                        changing_window) { // B9.7
    run([this] {
        std::set<bool> strayed;
        for (std::uint64_t ns = 0; ns < last_ns; ns += step_ns) {
            const outcome o = try_at(ns, tlm::TLM_WRITE_COMMAND, [this] {
                global_write(host2, "LUTLDATA", static_cast<std::uint32_t>(elsewhere), port0);
            });
            BOOST_TEST(o.ok());
            BOOST_TEST((o.arrived[0] && o.arrived[1]));
            BOOST_TEST(o.arrived[2] != o.strayed); // once, here or there
            strayed.insert(o.strayed);
        }
        BOOST_TEST(strayed.size() == 2U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_target_that_stops_being_bus_master_refuses_the_rest,
                        changing_window) { // B8.1
    run([this] {
        refuses_from_some_piece_on([this] { config_write(host2, "PCICMD", cmd_memory); });
    });
}

BOOST_FIXTURE_TEST_CASE(a_target_that_goes_away_refuses_the_rest, changing_window) { // B9.8
    run([this] {
        refuses_from_some_piece_on([this] { bench.set_link(port2, false); }, true, true);
    });
}

BOOST_FIXTURE_TEST_CASE(a_target_that_is_reset_refuses_the_rest, changing_window) { // B9.8
    run([this] { refuses_from_some_piece_on([this] { bench.hot_reset(port2); }, true, true); },
        resets_last);
}

BOOST_FIXTURE_TEST_CASE(a_requester_whose_mapping_entry_is_taken_away_sends_no_more,
                        changing_window) { // B7.4
    run([this] {
        refuses_from_some_piece_on([this] { // the table is common to the switch (B7.1)
            write(host2, "NTMTBLADDR", 0);
            write(host2, "NTMTBLDATA", 0);
        });
    });
}

BOOST_FIXTURE_TEST_CASE(a_function_that_is_reset_sends_no_more_and_logs_nothing,
                        changing_window) { // B4.1
    run([this] { refuses_from_some_piece_on([this] { bench.hot_reset(port0); }, false); },
        resets_last);
}

BOOST_AUTO_TEST_CASE(
    a_request_that_waits_for_its_turn_does_not_cross_to_a_link_that_is_down) { // B9.8
    constexpr unsigned requests = 20; // more than a port keeps on their way
    topology_config topology = topology_of({{0, 0}, {2, 1}});
    topology.ports.at(0).bars.at(2) =
        bar_config{true, false, false, false, 16, bar_translation::direct, partition_number(1)};
    topology.ports.at(2).link_width = 1; // they pile up in front of it
    topology.ports.at(2).link_generation = 1;
    several_hosts hosts(topology);
    hosts.run([&hosts] {
        hosts.write(0, "NTCTL", 3); // whoever asks may cross
        unsigned running = requests;
        unsigned accepted = 0;
        sc_core::sc_event done;
        for (unsigned i = 0; i < requests; ++i)
            sc_core::sc_spawn([&, i] {
                accepted += hosts.host(0).bar_write(bar2, std::uint64_t{4} * i, 1).ok() ? 1 : 0;
                if (--running == 0)
                    done.notify();
            });
        const auto written = [&hosts] {
            std::array<std::uint32_t, requests> words{};
            BOOST_TEST(hosts.host(2).ram().read(0, words.data(), sizeof words));
            return words;
        };
        sc_core::wait(300, sc_core::SC_NS);
        hosts.bench.set_link(port_number(2), false);
        const auto before = written();
        if (running != 0)
            sc_core::wait(done);
        several_hosts::settle();
        BOOST_TEST(written() == before, boost::test_tools::per_element());
        const auto count = static_cast<unsigned>(std::count(before.begin(), before.end(), 1U));
        BOOST_TEST(count > 0U);
        BOOST_TEST(count < requests / 2);
        BOOST_TEST(accepted >= count); // what was on its way is lost
    });
}

BOOST_AUTO_TEST_SUITE_END()
