// SPDX-License-Identifier: Apache-2.0
// The time that TLPs take: serialisation by width and generation, waiting behind others, the
// pipelines, the clock; and what a waveform says of it.
#include <array>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "testbench/fixture/two_hosts.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

struct link_kind {
    unsigned port;
    unsigned lanes;
    unsigned generation;
};
constexpr std::array<link_kind, 8> every_link{
    {{0, 1, 1}, {2, 1, 2}, {4, 2, 1}, {6, 2, 2}, {8, 4, 1}, {12, 4, 2}, {16, 8, 1}, {20, 8, 2}}};

topology_config links_of_every_kind() {
    topology_config t =
        topology_of({{0, 0}, {2, 1}, {4, 2}, {6, 3}, {8, 4}, {12, 5}, {16, 6}, {20, 7}});
    for (const link_kind& l : every_link) {
        t.ports.at(l.port).link_width = static_cast<std::uint8_t>(l.lanes);
        t.ports.at(l.port).link_generation = static_cast<std::uint8_t>(l.generation);
    }
    return t;
}

/// Ports of every width and generation.
class every_kind_of_link : public several_hosts {
public:
    explicit every_kind_of_link(const timing_config& t = timing_config{})
        : several_hosts(links_of_every_kind(), t) {}
};

constexpr bar_number bar0(0);

} // namespace

BOOST_AUTO_TEST_SUITE(link_timing)

BOOST_FIXTURE_TEST_CASE(a_write_acts_after_its_symbols_and_the_ingress_pipeline,
                        every_kind_of_link) { // B13.1
    run([this] {
        for (const link_kind& l : every_link) {
            const expected_time expected(timing_config{}, l.lanes, l.generation);
            for (const unsigned phase : {0U, 1U, 1999U, 3999U}) {
                settle();
                sc_core::wait(sc_core::sc_time::from_value(expected.edge(now_ps()) - now_ps() +
                                                           4000 + phase));
                const std::uint64_t begin = now_ps();
                write(l.port, "NTSDATA", phase + 1 + l.port);
                BOOST_TEST(now_ps() == expected.acts(begin, expected_time::write_of_dword));
                BOOST_TEST(now_ps() % 4000 == 0U); // on an edge of the clock
                BOOST_TEST(signals.last_change_ps("switch.port" + std::to_string(l.port) +
                                                  ".nt.ntsdata") == now_ps());
            }
        }
    });
}

BOOST_FIXTURE_TEST_CASE(the_numbers_of_a_4_lane_5_gt_link_by_hand, two_hosts) {
    run([this] {
        enumerate_both();
        settle();
        sc_core::wait(sc_core::sc_time::from_value(4000 - now_ps() % 4000));
        const std::uint64_t begin = now_ps();
        // 2 + 2 + 12 + 4 + 4 = 24 bytes on 4 lanes, 2 ns each: 12 ns; 12 + 1 cycles of 4 ns.
        write(host0, "NTSDATA", 1);
        BOOST_TEST(now_ps() - begin == 12'000U + 13 * 4'000U);
        // 20 bytes: 10 ns, to the edge at 12 ns; 13 + 12 cycles; 24 bytes back: 12 ns.
        const std::uint64_t read_begin = now_ps();
        (void)read(host0, "NTSDATA");
        BOOST_TEST(now_ps() - read_begin == 12'000U + 25 * 4'000U + 12'000U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_read_takes_both_pipelines_and_its_completion_s_symbols,
                        every_kind_of_link) {
    run([this] {
        for (const link_kind& l : every_link) {
            const expected_time expected(timing_config{}, l.lanes, l.generation);
            settle();
            std::uint64_t begin = now_ps();
            (void)read(l.port, "NTSDATA");
            BOOST_TEST(now_ps() ==
                       expected.reaches_host(expected.acts(begin, expected_time::read_request),
                                             expected_time::completion_of_dword));
            settle();
            begin = now_ps();
            BOOST_TEST(host(l.port).config_read(0).ok());
            BOOST_TEST(now_ps() ==
                       expected.reaches_host(expected.acts(begin, expected_time::read_request),
                                             expected_time::completion_of_dword));
            settle();
            begin = now_ps();
            BOOST_TEST(host(l.port).config_write(0x40C, 1).ok());
            BOOST_TEST(now_ps() ==
                       expected.reaches_host(expected.acts(begin, expected_time::write_of_dword),
                                             expected_time::completion_without_data));
            settle();
            begin = now_ps(); // refused: a completion without data
            BOOST_TEST(!host(l.port).bar_read(bar0, 0x1000).ok());
            BOOST_TEST(now_ps() ==
                       expected.reaches_host(expected.acts(begin, expected_time::read_request),
                                             expected_time::completion_without_data));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(data_travels_in_whole_dwords, two_hosts) {
    run([this] {
        enumerate_both();
        const expected_time expected{timing_config{}};
        for (const unsigned size : {1U, 2U, 3U, 4U, 5U, 8U}) {
            settle();
            const unsigned payload = size <= 4 ? 4 : 8;
            std::uint64_t begin = now_ps();
            BOOST_TEST(host0.bar_write(bar0, 0x600, 0, size).ok());
            BOOST_TEST(now_ps() == expected.acts(begin, 20 + payload));
            begin = now_ps();
            BOOST_TEST(host0.bar_read(bar0, 0x600, size).ok());
            BOOST_TEST(now_ps() == expected.reaches_host(expected.acts(begin, 20), 20 + payload));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_arrives_after_the_egress_pipeline_and_its_symbols,
                        every_kind_of_link) {
    run([this] {
        for (const link_kind& l : every_link) {
            write(l.port, "INDBELLMSK", 0);
            write(l.port, "NTINTMSK", 0);
        }
        write(0, "OUTDBELLSET", 1);
        settle();
        for (const link_kind& l : every_link) {
            const expected_time expected(timing_config{}, l.lanes, l.generation);
            const std::uint64_t sent =
                signals.last_change_ps("switch.port" + std::to_string(l.port) + ".nt.msi");
            BOOST_TEST_REQUIRE(msis(l.port) == 1U);
            BOOST_TEST(host(l.port).interrupts().last_msi().time_ps ==
                       expected.reaches_host(sent, expected_time::msi));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_waits_behind_the_tlps_before_it, every_kind_of_link) {
    run([this] {
        for (const link_kind& l : every_link) {
            settle();
            const expected_time expected(timing_config{}, l.lanes, l.generation);
            const std::uint64_t begin = now_ps();
            unsigned pending = 5;
            sc_core::sc_event done;
            for (unsigned i = 0; i < 5; ++i)
                sc_core::sc_spawn([this, &l, &pending, &done] {
                    std::array<unsigned char, 16> data{};
                    BOOST_TEST(host(l.port).bar_transfer(bar0, tlm::TLM_WRITE_COMMAND, 0x600,
                                                         data.data(), 16) == tlm::TLM_OK_RESPONSE);
                    if (--pending == 0)
                        done.notify();
                });
            sc_core::wait(sc_core::SC_ZERO_TIME); // they go first
            write(l.port, "OUTDBELLSET", 1);
            const std::uint64_t last_of_data = begin + 5 * expected.on_the_wire(8 + 12 + 16);
            BOOST_TEST(now_ps() == expected.acts(last_of_data, expected_time::write_of_dword));
            if (pending != 0)
                sc_core::wait(done);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(tlps_never_share_a_link, several_hosts) {
    run([this] {
        for (const unsigned port : {0U, 2U, 4U, 6U}) {
            write(port, "INDBELLMSK", 0);
            write(port, "NTINTMSK", 0);
        }
        signals.clear();
        unsigned running = 0;
        sc_core::sc_event done;
        // Reads, writes and doorbells from all sides at once.
        for (unsigned i = 0; i < 16; ++i) {
            ++running;
            sc_core::sc_spawn([this, i, &running, &done] {
                const unsigned port = 2 * (i % 4);
                for (unsigned n = 0; n < 50; ++n) {
                    if (i < 4)
                        write(port, "OUTDBELLSET", 1U << n % 32);
                    else if (i < 8)
                        write(port, "INDBELLSTS", 0xFFFFFFFF);
                    else
                        (void)read(port, "INDBELLSTS");
                }
                if (--running == 0)
                    done.notify();
            });
        }
        sc_core::wait(done);
        settle();
        for (const unsigned port : {0U, 2U, 4U, 6U})
            for (const char* direction : {"rx", "tx"}) {
                const auto& tlps = signals.changes("switch.port" + std::to_string(port) + ".link." +
                                                   direction + ".tlp");
                BOOST_TEST(tlps.size() > 50U);
                for (std::size_t i = 1; i < tlps.size(); ++i)
                    if (tlps.at(i).time_ps < tlps.at(i - 1).until_ps)
                        BOOST_ERROR("port " << port << " " << direction << ": " << tlps.at(i).text
                                            << " begins at " << tlps.at(i).time_ps << " inside "
                                            << tlps.at(i - 1).text);
            }
    });
}

BOOST_FIXTURE_TEST_CASE(a_waveform_shows_tlps_as_a_reader_wants_them, two_hosts) {
    run([this] {
        enumerate_both();
        config_write(host2, "MSIADDR", 0xFEE00000);
        config_write(host2, "MSIMDATA", 0x41);
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", 0);
        signals.clear();
        const auto text = [this](const char* port, const char* direction) {
            return signals.changes(std::string("switch.") + port + ".link." + direction + ".tlp")
                .back()
                .text;
        };
        write(host0, "OUTDBELLSET", 1);
        BOOST_TEST(text("port0", "rx") == "MWr bar0+0x0420 OUTDBELLSET 4B 0x00000001");
        settle();
        BOOST_TEST(text("port2", "tx") == "MSI 0xfee00000 0x0041");
        const auto tag = [](const std::string& tlp) {
            std::string number = tlp.substr(tlp.find(" tag ") + 5);
            return number.substr(0, number.find(' '));
        };
        (void)read(host2, "INDBELLSTS");
        std::string request = text("port2", "rx");
        const std::string first_tag = tag(request);
        BOOST_TEST(request == "MRd bar0+0x0428 INDBELLSTS 4B tag " + first_tag);
        BOOST_TEST(text("port2", "tx") == "CplD 4B tag " + first_tag + " 0x00000001");
        (void)read(host2, "INDBELLSTS");
        BOOST_TEST(tag(text("port2", "rx")) != first_tag);
        BOOST_TEST(host0.config_read(4).ok());
        request = text("port0", "rx");
        BOOST_TEST(request == "CfgRd 0x004 PCICMD 4B tag " + tag(request));
        BOOST_TEST(host0.config_write(4, 6, 2).ok());
        request = text("port0", "rx");
        BOOST_TEST(request == "CfgWr 0x004 PCICMD 2B tag " + tag(request) + " 0x0006");
        BOOST_TEST(text("port0", "tx") == "Cpl tag " + tag(request));
        BOOST_TEST(!host0.bar_read(bar0, 0x1000).ok());
        BOOST_TEST(text("port0", "tx") == "Cpl UR tag " + tag(text("port0", "rx")));
        config_write(host2, "MSICAP", 0);
        settle();
        BOOST_TEST(text("port2", "tx") == "Assert_INTA");
        write(host2, "INDBELLSTS", 1);
        settle();
        BOOST_TEST(text("port2", "tx") == "Deassert_INTA");
    });
}

BOOST_FIXTURE_TEST_CASE(a_tlp_that_takes_no_time_is_shown_for_a_cycle, two_hosts_ideal) {
    run([this] {
        enumerate_both();
        settle();
        signals.clear();
        (void)read(host0, "NTSDATA");
        for (const char* signal : {"switch.port0.link.rx.tlp", "switch.port0.link.tx.tlp"}) {
            const auto& shown = signals.changes(signal);
            BOOST_TEST_REQUIRE(shown.size() == 1U);
            BOOST_TEST(shown.at(0).time_ps == now_ps());
            BOOST_TEST(shown.at(0).until_ps == now_ps() + 4000);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_tlp_is_shown_while_it_occupies_the_link, every_kind_of_link) {
    run([this] {
        for (const link_kind& l : every_link) {
            settle();
            const expected_time expected(timing_config{}, l.lanes, l.generation);
            const std::string scope = "switch.port" + std::to_string(l.port) + ".link.";
            const std::uint64_t begin = now_ps();
            (void)read(l.port, "NTSDATA");
            const auto& request = signals.changes(scope + "rx.tlp").back();
            // At least a cycle, so that it can be seen.
            const std::uint64_t shown =
                std::max<std::uint64_t>(expected.on_the_wire(expected_time::read_request), 4000);
            BOOST_TEST(request.time_ps == begin);
            BOOST_TEST(request.until_ps == begin + shown);
            const auto& answer = signals.changes(scope + "tx.tlp").back();
            BOOST_TEST(answer.until_ps >= now_ps());
            BOOST_TEST(answer.time_ps ==
                       now_ps() - expected.on_the_wire(expected_time::completion_of_dword));
        }
    });
}

// --- the configuration and the steps -----------------------------------------------------------

namespace {

/// Two hosts on a switch of given timing, and how long each step takes on it.
class measured_switch {
public:
    measured_switch(const std::string& name, const timing_config& timing, bool traced = true)
        : bench_(name.c_str(), topology_of({{0, 0}, {2, 1}}), timing,
                 traced ? &signals_ : nullptr) {}

    struct steps {
        std::uint64_t write_to_act, doorbell, message, event, interrupt, msi_to_host, read,
            global_read, retraining;
    };

    steps measure() {
        bench_.power_on();
        root_complex& a = bench_.host(port_number(0));
        root_complex& b = bench_.host(port_number(2));
        BOOST_TEST_REQUIRE(enumerate(a).present);
        BOOST_TEST_REQUIRE(enumerate(b).present);
        set(b, 0x42C, 0);                                                 // INDBELLMSK
        set(b, 0x408, 0);                                                 // NTINTMSK
        for (const std::uint32_t mask : {0x3EC04U, 0x3EC08U, 0x3EC34U}) { // SEMSK SEPMSK SEGSIGMSK
            set(a, 0xFF8, mask);
            set(a, 0xFFC, 0);
        }
        set(a, 0xFF8, 0x3EE00); // SWP0MSGCTL0
        set(a, 0xFFC, 0x10);

        steps s{};
        std::uint64_t begin = align();
        set(a, 0x420, 1); // OUTDBELLSET
        const std::uint64_t acted = now_ps();
        s.write_to_act = acted - begin;
        sc_core::wait(10, sc_core::SC_US);
        const std::uint64_t pending = when("switch.port2.nt.indbellsts");
        const std::uint64_t sent = when("switch.port2.nt.msi");
        s.doorbell = pending - acted;
        s.interrupt = sent - pending;
        s.msi_to_host = b.interrupts().last_msi().time_ps - sent;

        align();
        set(a, 0x430, 1); // OUTMSG0
        const std::uint64_t message_acted = now_ps();
        sc_core::wait(10, sc_core::SC_US);
        s.message = when("switch.port2.nt.inmsg0") - message_acted;

        align();
        set(a, 0x410, 1); // NTGSIGNAL
        const std::uint64_t signal_acted = now_ps();
        sc_core::wait(10, sc_core::SC_US);
        s.event = when("switch.port2.nt.ntintsts") - signal_acted;

        begin = align();
        BOOST_TEST(a.bar_read(bar_number(0), 0x40C).ok());
        s.read = now_ps() - begin;
        begin = align();
        BOOST_TEST(a.bar_read(bar_number(0), 0xFFC).ok());
        s.global_read = now_ps() - begin;
        begin = now_ps();
        bench_.hot_reset(port_number(0));
        s.retraining = now_ps() - begin;
        return s;
    }

    /// Time stamps alone, for a switch that nobody watches.
    std::vector<std::uint64_t> traffic() {
        bench_.power_on();
        root_complex& a = bench_.host(port_number(0));
        root_complex& b = bench_.host(port_number(2));
        BOOST_TEST_REQUIRE(enumerate(a).present);
        BOOST_TEST_REQUIRE(enumerate(b).present);
        set(b, 0x42C, 0);
        set(b, 0x408, 0);
        std::vector<std::uint64_t> stamps;
        const std::uint64_t begin = align();
        for (unsigned i = 0; i < 20; ++i) {
            set(a, 0x420, 1);
            stamps.push_back(now_ps() - begin);
            BOOST_TEST(a.config_read(0x004).ok());
            stamps.push_back(now_ps() - begin);
            BOOST_TEST(a.config_write(0x40C, i).ok());
            stamps.push_back(now_ps() - begin);
            BOOST_TEST(!a.bar_read(bar_number(0), 0x1000).ok());
            stamps.push_back(now_ps() - begin);
            set(b, 0x428, 1);
        }
        sc_core::wait(10, sc_core::SC_US);
        for (std::uint64_t n = 0; n < b.interrupts().msi_count(); ++n)
            stamps.push_back(b.interrupts().msi(n).time_ps - begin);
        return stamps;
    }

private:
    static void set(root_complex& host, std::uint32_t offset, std::uint32_t value) {
        BOOST_TEST(host.bar_write(bar_number(0), offset, value).ok());
    }
    static std::uint64_t align() { // on an edge of both clocks in use
        sc_core::wait(sc_core::sc_time::from_value(20'000'000 - now_ps() % 20'000'000));
        return now_ps();
    }
    std::uint64_t when(const char* signal) { return signals_.last_change_ps(signal); }

    recorded_signals signals_{};
    platform bench_;
};

} // namespace

BOOST_AUTO_TEST_CASE(changing_one_number_changes_exactly_its_step) {
    using steps = measured_switch::steps;
    struct change {
        const char* what;
        void (*apply)(timing_config&);
        steps added; ///< to each step, picoseconds
    };
    constexpr std::uint64_t c = 4000;
    const std::vector<change> changes{
        {"ingress",
         [](timing_config& t) { t.ingress += 3; },
         {3 * c, 0, 0, 0, 0, 0, 3 * c, 3 * c, 0}},
        {"decode",
         [](timing_config& t) { t.decode += 5; },
         {5 * c, 0, 0, 0, 0, 0, 5 * c, 5 * c, 0}},
        {"egress",
         [](timing_config& t) { t.egress += 7; },
         {0, 0, 0, 0, 0, 7 * c, 7 * c, 7 * c, 0}},
        {"gasa", [](timing_config& t) { t.gasa += 9; }, {0, 0, 0, 0, 0, 0, 0, 9 * c, 0}},
        {"doorbell", [](timing_config& t) { t.doorbell += 11; }, {0, 11 * c, 0, 0, 0, 0, 0, 0, 0}},
        {"message", [](timing_config& t) { t.message += 13; }, {0, 0, 13 * c, 0, 0, 0, 0, 0, 0}},
        {"event", [](timing_config& t) { t.event += 15; }, {0, 0, 0, 15 * c, 0, 0, 0, 0, 0}},
        {"interrupt",
         [](timing_config& t) { t.interrupt += 17; },
         {0, 0, 0, 0, 17 * c, 0, 0, 0, 0}},
        {"window", [](timing_config& t) { t.window += 19; }, {0, 0, 0, 0, 0, 0, 0, 0, 0}},
        {"link_retrain_ns",
         [](timing_config& t) { t.link_retrain_ns += 500; },
         {0, 0, 0, 0, 0, 0, 0, 0, 500'000}},
    };
    // All switches in one simulation, one after the other.
    simulated_test test;
    measured_switch reference("reference", timing_config{});
    timing_config slow{};
    slow.core_clock_ps = 5000;
    measured_switch slower("slower", slow);
    timing_config no_symbols{};
    no_symbols.link_serialisation = false;
    measured_switch immediate("immediate", no_symbols);
    std::vector<std::unique_ptr<measured_switch>> changed;
    for (const change& ch : changes) {
        timing_config t{};
        ch.apply(t);
        changed.push_back(std::make_unique<measured_switch>(std::string("changed_") + ch.what, t));
    }
    test.run([&] {
        const steps base = reference.measure();
        const auto expect = [](const char* what, std::uint64_t got, std::uint64_t before,
                               std::uint64_t added) {
            BOOST_TEST(got == before + added,
                       what << ": " << got << " instead of " << before + added);
        };
        for (std::size_t i = 0; i < changes.size(); ++i) {
            BOOST_TEST_CONTEXT(changes.at(i).what) {
                const steps s = changed.at(i)->measure();
                const steps& d = changes.at(i).added;
                expect("write", s.write_to_act, base.write_to_act, d.write_to_act);
                expect("doorbell", s.doorbell, base.doorbell, d.doorbell);
                expect("message", s.message, base.message, d.message);
                expect("event", s.event, base.event, d.event);
                expect("interrupt", s.interrupt, base.interrupt, d.interrupt);
                expect("msi to host", s.msi_to_host, base.msi_to_host, d.msi_to_host);
                expect("read", s.read, base.read, d.read);
                expect("global read", s.global_read, base.global_read, d.global_read);
                expect("retraining", s.retraining, base.retraining, d.retraining);
            }
        }
        BOOST_TEST(base.doorbell == 8 * c);
        BOOST_TEST(base.interrupt == 4 * c);
        // A slower clock: each of the cycles, but no symbol.
        const steps s = slower.measure();
        BOOST_TEST(s.doorbell == 8 * 5000U);
        BOOST_TEST(s.interrupt == 4 * 5000U);
        BOOST_TEST(s.msi_to_host == base.msi_to_host + 12 * std::uint64_t{1000});
        BOOST_TEST(s.write_to_act == 15'000U + 13 * 5000U); // 12 ns of symbols, to the edge
        // No symbols: the pipelines alone.
        const steps n = immediate.measure();
        BOOST_TEST(n.write_to_act == 13 * c);
        BOOST_TEST(n.msi_to_host == 12 * c);
        BOOST_TEST(n.read == 25 * c);
        BOOST_TEST(n.doorbell == base.doorbell);
    });
}

BOOST_AUTO_TEST_CASE(watching_changes_no_time) {
    simulated_test test;
    measured_switch watched("watched", timing_config{});
    measured_switch alone("alone", timing_config{}, false);
    measured_switch ideal_watched("ideal_watched", ideal_timing());
    measured_switch ideal_alone("ideal_alone", ideal_timing(), false);
    test.run([&] {
        BOOST_TEST(watched.traffic() == alone.traffic(), boost::test_tools::per_element());
        BOOST_TEST(ideal_watched.traffic() == ideal_alone.traffic(),
                   boost::test_tools::per_element());
    });
}

BOOST_AUTO_TEST_SUITE_END()
