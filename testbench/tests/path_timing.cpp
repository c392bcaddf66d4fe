// SPDX-License-Identifier: Apache-2.0
// Every path from host to host in closed form, from the first symbol of the request to the last of
// what comes of it: doorbell, message, switch event, interrupt, window, registers by each door.
//
// No two numbers of the timing are the same, the clock's period has no common divisor with the
// symbols' times, and the four links differ in width and generation, so that no step can stand in
// for another. Expected times are computed by expected_time.h, which does not know the model.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr bar_number bar0(0);
constexpr bar_number bar2(2);

struct link_kind {
    unsigned port;
    unsigned lanes;
    unsigned generation;
};
constexpr std::array<link_kind, 4> links{{{0, 1, 1}, {2, 8, 2}, {4, 2, 1}, {6, 4, 2}}};

constexpr timing_config odd_timing() {
    timing_config t{};
    t.core_clock_ps = 3700;
    t.ingress = 11;
    t.egress = 17;
    t.decode = 3;
    t.gasa = 5;
    t.doorbell = 7;
    t.message = 13;
    t.event = 19;
    t.interrupt = 6;
    t.window = 9;
    t.cross_request = 4;
    t.cross_completion = 8;
    return t;
}

/// Port 2n is partition n; its window at BAR2 leads to the next partition, the last one's to the
/// first.
topology_config ring_of_windows() {
    topology_config t = four_partitions();
    for (unsigned n = 0; n < links.size(); ++n) {
        port_config& port = t.ports.at(links.at(n).port);
        port.link_width = static_cast<std::uint8_t>(links.at(n).lanes);
        port.link_generation = static_cast<std::uint8_t>(links.at(n).generation);
        bar_config& window = port.bars.at(2);
        window.enabled = true;
        window.size_log2 = 16;
        window.translation = bar_translation::direct;
        window.target_partition = partition_number((n + 1) % links.size());
    }
    return t;
}

/// On the wire: TLPs of 128 bytes, the largest payload after reset, with a header of 3 or 4 dwords.
constexpr unsigned wire_of(unsigned data, unsigned header = 12) {
    return (data + 3) / 4 * 4 + (data + 127) / 128 * (8 + header);
}

class timed_hosts : public several_hosts {
public:
    timed_hosts() : several_hosts(ring_of_windows(), odd_timing()) {
        for (const link_kind& l : links)
            expected_.emplace_back(timing, l.lanes, l.generation);
    }

    static constexpr timing_config timing = odd_timing();

    /// Windows open; of interrupts, these alone are not masked.
    void prepare(std::uint32_t interrupts) {
        for (const link_kind& l : links) {
            write(l.port, "NTCTL", 3);
            write(l.port, "INDBELLMSK", 0);
            write(l.port, "MSGSTSMSK", 0);
            write(l.port, "NTINTMSK", int_all & ~interrupts);
        }
    }
    /// Nothing is on its way; then somewhere between two edges of the clock.
    std::uint64_t quiet() {
        settle();
        phase_ = (phase_ + 1009) % timing.core_clock_ps;
        const std::uint64_t rest = now_ps() % timing.core_clock_ps;
        sc_core::wait(sc_core::sc_time::from_value(timing.core_clock_ps - rest + phase_));
        signals.clear();
        return now_ps();
    }
    [[nodiscard]] const expected_time& of(unsigned port) const { return expected_.at(port / 2); }
    static std::uint64_t cycles(unsigned n) { return std::uint64_t{n} * timing.core_clock_ps; }
    std::uint64_t when(unsigned port, const char* signal) {
        return signals.last_change_ps("switch.port" + std::to_string(port) + ".nt." + signal);
    }
    /// The MSI of a cause that is pending since `ps` is one, and with its host on time.
    void expect_msi(unsigned port, std::uint64_t pending_ps, std::uint64_t count_before) {
        const std::uint64_t sent = pending_ps + cycles(timing.interrupt);
        BOOST_TEST_REQUIRE(msis(port) == count_before + 1);
        BOOST_TEST(when(port, "msi") == sent);
        BOOST_TEST(host(port).interrupts().last_msi().time_ps ==
                   of(port).reaches_host(sent, expected_time::msi));
    }

private:
    std::vector<expected_time> expected_{};
    std::uint64_t phase_ = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(path_timing)

BOOST_FIXTURE_TEST_CASE(a_doorbell_is_an_msi_at_every_host, timed_hosts) { // B18.5
    run([this] {
        prepare(int_dbell);
        for (const link_kind& from : links) {
            const std::uint64_t begin = quiet();
            std::array<std::uint64_t, 4> before{};
            for (const link_kind& to : links)
                before.at(to.port / 2) = msis(to.port);
            write(from.port, "OUTDBELLSET", 0x80);
            const std::uint64_t acts = of(from.port).acts(begin, expected_time::write_of_dword);
            BOOST_TEST(now_ps() == acts);
            settle();
            for (const link_kind& to : links) {
                BOOST_TEST(when(to.port, "indbellsts") == acts + cycles(timing.doorbell));
                BOOST_TEST(when(to.port, "ntintsts") == acts + cycles(timing.doorbell));
                expect_msi(to.port, acts + cycles(timing.doorbell), before.at(to.port / 2));
            }
            for (const link_kind& to : links)
                write(to.port, "INDBELLSTS", 0x80);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_message_is_an_msi_at_its_host_and_a_refused_one_at_its_sender,
                        timed_hosts) { // B18.5
    run([this] {
        prepare(int_msg);
        for (unsigned n = 0; n < links.size(); ++n) {
            const unsigned from = links.at(n).port;
            const unsigned partition = (n + 1) % links.size();
            const unsigned to = links.at(partition).port;
            global_write(from, "SWP" + std::to_string(n) + "MSGCTL2", partition << 4 | 2);
            const std::uint64_t begin = quiet();
            std::uint64_t before = msis(to);
            write(from, "OUTMSG2", 0xCAFE0000 + n);
            const std::uint64_t acts = of(from).acts(begin, expected_time::write_of_dword);
            BOOST_TEST(now_ps() == acts);
            settle();
            BOOST_TEST(when(to, "inmsg2") == acts + cycles(timing.message));
            BOOST_TEST(when(to, "msgsts") == acts + cycles(timing.message));
            expect_msi(to, acts + cycles(timing.message), before);

            const std::uint64_t again = quiet(); // nobody has read the first
            before = msis(from);
            write(from, "OUTMSG2", 0xBEEF);
            settle();
            const std::uint64_t refused =
                of(from).acts(again, expected_time::write_of_dword) + cycles(timing.message);
            BOOST_TEST(when(from, "msgsts") == refused);
            expect_msi(from, refused, before);
            write(from, "MSGSTS", lost(2));
            write(to, "MSGSTS", full(2));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_switch_event_is_an_msi_at_every_host, timed_hosts) { // B18.5
    run([this] {
        prepare(int_sevent);
        for (const char* mask : {"SEMSK", "SEPMSK", "SEGSIGMSK", "SELINKDNMSK"})
            global_write(0, mask, 0);
        const auto seen_by = [this](std::uint64_t raised, std::array<std::uint64_t, 4> before,
                                    unsigned but) {
            settle();
            for (const link_kind& to : links) {
                if (to.port == but)
                    continue;
                BOOST_TEST(when(to.port, "ntintsts") == raised + cycles(timing.event));
                expect_msi(to.port, raised + cycles(timing.event), before.at(to.port / 2));
            }
            global_write(0, "SEGSIGSTS", 0xFFFFFFFF);
            global_write(0, "SELINKDNSTS", 0xFFFFFFFF);
            for (const link_kind& to : links)
                if (to.port != but)
                    write(to.port, "NTINTSTS", int_sevent);
        };
        const auto counts = [this] {
            std::array<std::uint64_t, 4> all{};
            for (const link_kind& l : links)
                all.at(l.port / 2) = msis(l.port);
            return all;
        };
        for (const link_kind& from : links) {
            const std::uint64_t begin = quiet();
            const std::array<std::uint64_t, 4> before = counts();
            write(from.port, "NTGSIGNAL", 1);
            seen_by(of(from.port).acts(begin, expected_time::write_of_dword), before, max_ports);
        }
        const std::uint64_t down = quiet();
        const std::array<std::uint64_t, 4> before = counts();
        bench.set_link(port_number(6), false);
        seen_by(of(0).edge(down), before, 6);
    });
}

BOOST_FIXTURE_TEST_CASE(an_interrupt_begins_when_its_cause_is_pending_and_unmasked, timed_hosts) {
    run([this] { // B12.1 B18.5
        prepare(0);
        for (const link_kind& l : links) {
            write(l.port, "OUTDBELLSET", 1);
            const std::uint64_t begin = quiet();
            const std::uint64_t before = msis(l.port);
            write(l.port, "NTINTMSK", int_all & ~int_dbell);
            const std::uint64_t opened = of(l.port).acts(begin, expected_time::write_of_dword);
            settle();
            expect_msi(l.port, opened, before);

            write(l.port, "NTINTMSK", int_all);
            BOOST_TEST(host(l.port).config_write(0xD0, 0).ok()); // MSI off: INTx
            const std::uint64_t again = quiet();
            write(l.port, "NTINTMSK", int_all & ~int_dbell);
            const std::uint64_t sent =
                of(l.port).acts(again, expected_time::write_of_dword) + cycles(timing.interrupt);
            settle();
            BOOST_TEST(when(l.port, "intx") == sent);
            BOOST_TEST_REQUIRE(host(l.port).interrupts().intx_count() == 1U);
            BOOST_TEST(host(l.port).interrupts().intx_time_ps(0) ==
                       of(l.port).reaches_host(sent, expected_time::interrupt_message));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(registers_by_each_door, timed_hosts) { // B13.1 B18.5
    run([this] {
        prepare(0);
        for (const link_kind& l : links) {
            const expected_time& e = of(l.port);
            std::uint64_t begin = quiet();
            write(l.port, "NTSDATA", 7);
            BOOST_TEST(now_ps() == e.acts(begin, expected_time::write_of_dword));
            BOOST_TEST(when(l.port, "ntsdata") == now_ps());

            const auto completed = [&](std::uint64_t acted, unsigned bytes) {
                BOOST_TEST(now_ps() == e.reaches_host(acted, bytes));
            };
            begin = quiet();
            BOOST_TEST(read(l.port, "NTSDATA") == 7U);
            completed(e.acts(begin, expected_time::read_request),
                      expected_time::completion_of_dword);

            begin = quiet();
            BOOST_TEST(host(l.port).config_read(0x40C).data == 7U);
            completed(e.acts(begin, expected_time::read_request),
                      expected_time::completion_of_dword);

            begin = quiet();
            BOOST_TEST(host(l.port).config_write(0x40C, 8).ok());
            BOOST_TEST(when(l.port, "ntsdata") == e.acts(begin, expected_time::write_of_dword));
            completed(e.acts(begin, expected_time::write_of_dword),
                      expected_time::completion_without_data);

            // Through the global address space, at another port.
            const unsigned other = (l.port + 2) % 8;
            write(l.port, "GASAADDR", other * 0x2000 + 0x1000 + 0x40C);
            begin = quiet();
            write(l.port, "GASADATA", 0x100 + l.port);
            BOOST_TEST(when(other, "ntsdata") ==
                       e.acts(begin, expected_time::write_of_dword) + cycles(timing.gasa));
            begin = quiet();
            BOOST_TEST(read(l.port, "GASADATA") == 0x100 + l.port);
            completed(e.acts(begin, expected_time::read_request) + cycles(timing.gasa),
                      expected_time::completion_of_dword);

            begin = quiet(); // nothing is there: a completion without data
            BOOST_TEST(!host(l.port).bar_read(bar0, 0x1000).ok());
            completed(e.acts(begin, expected_time::read_request),
                      expected_time::completion_without_data);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(windows_from_link_to_link, timed_hosts) { // B18.2 B18.5
    run([this] {
        prepare(0);
        for (unsigned n = 0; n < links.size(); ++n) {
            const unsigned from = links.at(n).port;
            const unsigned to = links.at((n + 1) % links.size()).port;
            const expected_time& near = of(from);
            const expected_time& far = of(to);
            const std::string out = "switch.port" + std::to_string(to) + ".link.tx.tlp";
            for (const unsigned bytes : {4U, 6U, 64U, 300U}) {
                write(from, "BARLTBASE2", 0x4000);
                std::uint64_t begin = quiet();
                std::vector<unsigned char> data(bytes, static_cast<unsigned char>(bytes + from));
                BOOST_TEST(host(from).bar_transfer(bar2, tlm::TLM_WRITE_COMMAND, 0, data.data(),
                                                   bytes) == tlm::TLM_OK_RESPONSE);
                std::uint64_t translated = near.acts(begin, wire_of(bytes)) + cycles(timing.window);
                BOOST_TEST(now_ps() == translated); // posted: the rest of the way it goes by itself
                settle();
                BOOST_TEST_REQUIRE(signals.changes(out).size() == 1U);
                BOOST_TEST(signals.changes(out).at(0).time_ps ==
                           far.reaches_other_host(translated, 0));
                const std::uint64_t arrives = far.reaches_other_host(translated, wire_of(bytes));
                // A shorter TLP is shown for a whole cycle, so that it can be seen.
                BOOST_TEST(
                    signals.changes(out).at(0).until_ps ==
                    std::max(arrives, signals.changes(out).at(0).time_ps + timing.core_clock_ps));
                std::vector<unsigned char> there(bytes);
                BOOST_TEST(host(to).ram().read(0x4000, there.data(), bytes));
                BOOST_TEST(there == data, boost::test_tools::per_element());

                begin = quiet();
                there.assign(bytes, 0);
                BOOST_TEST(host(from).bar_transfer(bar2, tlm::TLM_READ_COMMAND, 0, there.data(),
                                                   bytes) == tlm::TLM_OK_RESPONSE);
                translated = near.acts(begin, expected_time::read_request) + cycles(timing.window);
                const std::uint64_t asked =
                    far.reaches_other_host(translated, expected_time::read_request);
                const std::uint64_t crossed =
                    far.completion_crosses(asked + far.dllps(), wire_of(bytes));
                BOOST_TEST(now_ps() == near.reaches_host(crossed, wire_of(bytes)));
                BOOST_TEST(there == data, boost::test_tools::per_element());
            }
            write(from, "BARUTBASE2", 1); // above 4 GiB: a header of 4 dwords; nobody is there
            const std::uint64_t begin = quiet();
            BOOST_TEST(host(from).bar_write(bar2, 0, 1).ok());
            settle();
            const std::uint64_t translated = near.acts(begin, wire_of(4)) + cycles(timing.window);
            BOOST_TEST(signals.changes(out).at(0).until_ps ==
                       std::max(far.reaches_other_host(translated, wire_of(4, 16)),
                                far.reaches_other_host(translated, 0) + timing.core_clock_ps));
            write(from, "BARUTBASE2", 0);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
