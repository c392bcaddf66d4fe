// SPDX-License-Identifier: Apache-2.0
// Faults on demand: what the two hosts see of each (model/fault_injector.h, docs/timing.md).
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr bar_number bar2(2);

/// Two hosts; host 0 has a window into host 2's memory at 0x1000, doorbells interrupt host 2.
class faulty_hosts : public two_hosts {
public:
    faulty_hosts() : two_hosts(short_timeout()) {}

    static timing_config short_timeout() {
        timing_config t{};
        t.completion_timeout_us = 50;
        return t;
    }
    void prepare() {
        enumerate_both();
        enable_ntb_link(host0);
        enable_ntb_link(host2);
        write(host0, "BARLTBASE2", 0x1000);
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", int_all & ~int_dbell);
        settle();
        before_ = host2.interrupts().msi_count();
    }
    void ask(port_number port, fault_kind kind, std::uint64_t ps = 0) {
        bench.inject(port, fault{kind, link_direction::rx, tlp_class::posted, ps});
    }
    void ask(port_number port, fault_kind kind, link_direction d, tlp_class c = tlp_class::posted) {
        bench.inject(port, fault{kind, d, c, 0});
    }
    /// One doorbell; clears what was pending.
    void ring() {
        write(host2, "INDBELLSTS", 0xFFFFFFFF);
        write(host0, "OUTDBELLSET", 1);
    }
    /// MSIs at host 2 since prepare().
    std::uint64_t msis() { return host2.interrupts().msi_count() - before_; }
    std::uint32_t ram2() {
        std::uint32_t value = 0;
        BOOST_TEST(host2.ram().read(0x1000, &value, 4));
        return value;
    }
    static constexpr link_direction rx = link_direction::rx;
    static constexpr link_direction tx = link_direction::tx;

private:
    std::uint64_t before_ = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(faults)

BOOST_FIXTURE_TEST_CASE(a_poisoned_register_write_is_refused_once, faulty_hosts) { // B17.5
    run([this] {
        prepare();
        ask(port0, fault_kind::poison, rx);
        (void)read(host0, "NTSDATA"); // no data: not this one
        host0.bar_write(bar_number(0), 0x40C, 0x1111);
        BOOST_TEST(read(host0, "NTSDATA") == 0U);
        BOOST_TEST(config_read(host0, "AERUES") == aer_unsupported_request);
        BOOST_TEST((config_read(host0, "PCISTS") & sts_poison) != 0U);
        write(host0, "NTSDATA", 0x2222);
        BOOST_TEST(read(host0, "NTSDATA") == 0x2222U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_window_write_is_poisoned_on_either_link, faulty_hosts) {
    run([this] {
        prepare();
        ask(port0, fault_kind::poison, rx);
        BOOST_TEST(host0.bar_write(bar2, 0, 1).ok());
        settle();
        BOOST_TEST(host2.poisoned_writes() == 1U);
        BOOST_TEST(config_read(host0, "AERCES") == aer_advisory); // port 0 saw it come in
        ask(port2, fault_kind::poison, tx);
        config_write(host0, "AERCES", 0xFFFFFFFF);
        BOOST_TEST(host0.bar_write(bar2, 0, 2).ok());
        settle();
        BOOST_TEST(host2.poisoned_writes() == 2U);
        BOOST_TEST(config_read(host0, "AERCES") == 0U);
        BOOST_TEST(ram2() == 0U);
        BOOST_TEST(host0.bar_write(bar2, 0, 3).ok());
        settle();
        BOOST_TEST(ram2() == 3U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_poisoned_completion_reaches_the_reader_with_its_mark, faulty_hosts) {
    run([this] {
        prepare();
        ask(port0, fault_kind::poison, tx);
        BOOST_TEST(host0.bar_read(bar_number(0), 0x40C).poisoned);
        BOOST_TEST(!host0.bar_read(bar_number(0), 0x40C).poisoned);
        ask(port2, fault_kind::poison, rx); // of host 2, which answers a window read
        BOOST_TEST(host0.bar_read(bar2, 0).poisoned);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_poison) != 0U);
        BOOST_TEST(!host0.bar_read(bar2, 0).poisoned);
    });
}

BOOST_FIXTURE_TEST_CASE(a_lost_completion_ends_with_the_time_out, faulty_hosts) { // B8.2
    run([this] {
        prepare();
        ask(port0, fault_kind::drop_completion, tx);
        std::uint64_t begin = now_ps();
        const completion lost = host0.bar_read(bar_number(0), 0x40C);
        BOOST_TEST(lost.status == tlm::TLM_GENERIC_ERROR_RESPONSE);
        BOOST_TEST(lost.data == 0xFFFFFFFFU);
        BOOST_TEST(now_ps() == begin + 50'000'000U);
        BOOST_TEST(host0.bar_read(bar_number(0), 0x40C).ok());
        ask(port2, fault_kind::drop_completion, rx); // of host 2's answer
        begin = now_ps();
        BOOST_TEST(host0.bar_read(bar2, 0).status == tlm::TLM_GENERIC_ERROR_RESPONSE);
        BOOST_TEST(now_ps() >= begin + 50'000'000U);
        settle();
        BOOST_TEST(config_read(host2, "AERUES") == aer_completion_timeout);
        BOOST_TEST(host0.bar_read(bar2, 0).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_passes_a_window_write_that_is_held, faulty_hosts) {
    run([this] {
        prepare();
        ask(port0, fault_kind::hold_write, 5'000'000);
        BOOST_TEST(host0.bar_write(bar2, 0, 0xDA7A).ok());
        const std::uint64_t held = now_ps();
        ring();
        await_msi(host2, host2.interrupts().msi_count() - msis());
        BOOST_TEST(ram2() == 0U); // the interrupt is there and its data is not
        BOOST_TEST(host0.bar_write(bar2, 4, 1).ok());
        settle();
        BOOST_TEST(ram2() == 0xDA7AU);
        const auto& sent = signals.changes("switch.port2.link.tx.tlp");
        BOOST_TEST(sent.back().text == "MWr 0x00001000 4B 0x0000da7a");
        BOOST_TEST(sent.back().time_ps > held + 5'000'000U);
        BOOST_TEST(sent.back().time_ps < held + 5'200'000U);
        ring(); // and once only
        BOOST_TEST(host0.bar_write(bar2, 0, 0x600D).ok());
        wait_ns(500);
        BOOST_TEST(ram2() == 0x600DU);
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_is_lost_though_the_function_has_sent_it, faulty_hosts) { // B12.3
    run([this] {
        prepare();
        ask(port2, fault_kind::msi_drop);
        ring();
        settle();
        BOOST_TEST(msis() == 0U);
        const std::uint64_t sent = signals.last("switch.port2.nt.msi_count");
        BOOST_TEST(read(host2, "INDBELLSTS") == 1U);
        write(host0, "OUTDBELLSET", 2); // one is pending: no new interrupt, the driver hangs
        settle();
        BOOST_TEST(msis() == 0U);
        ring();
        settle();
        BOOST_TEST(msis() == 1U);
        BOOST_TEST(signals.last("switch.port2.nt.msi_count") == sent + 1);
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_comes_twice, faulty_hosts) {
    run([this] {
        prepare();
        ask(port2, fault_kind::msi_double);
        ring();
        settle();
        BOOST_TEST(msis() == 2U);
        ring();
        settle();
        BOOST_TEST(msis() == 3U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_comes_again_later, faulty_hosts) {
    run([this] {
        prepare();
        ask(port2, fault_kind::msi_double, 25'000'000);
        ring();
        settle();
        BOOST_TEST(msis() == 1U);
        const std::uint64_t first = host2.interrupts().last_msi().time_ps;
        settle();
        settle();
        BOOST_TEST(msis() == 2U);
        BOOST_TEST(host2.interrupts().last_msi().time_ps == first + 25'000'000U);
        BOOST_TEST(signals.last("switch.port2.nt.msi_count") == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_msi_comes_late_and_others_pass_it, faulty_hosts) {
    run([this] {
        prepare();
        ask(port2, fault_kind::msi_delay, 25'000'000);
        ring();
        settle();
        BOOST_TEST(msis() == 0U);
        const std::uint64_t sent = signals.last_change_ps("switch.port2.nt.msi_count");
        ring(); // the next one is in time
        settle();
        BOOST_TEST(msis() == 1U);
        settle();
        BOOST_TEST(msis() == 2U);
        // Egress 12 cycles, 24 bytes on 4 lanes.
        BOOST_TEST(host2.interrupts().last_msi().time_ps == sent + 25'000'000U + 48'000U + 12'000U);
    });
}

BOOST_FIXTURE_TEST_CASE(without_posted_credit_of_its_host_a_port_keeps_writes_and_msis,
                        faulty_hosts) {
    run([this] {
        prepare();
        ask(port2, fault_kind::stick_credits, tx, tlp_class::posted);
        BOOST_TEST(host0.bar_write(bar2, 0, 7).ok());
        ring();
        settle();
        BOOST_TEST(msis() == 0U);
        BOOST_TEST(ram2() == 0U);
        BOOST_TEST(config_read(host0, "NTSDATA") == 0U); // the other link is fine
        const completion blocked = host2.bar_read(bar_number(0), 0x40C);
        BOOST_TEST(!blocked.ok());                     // its completion may not pass the writes
        BOOST_TEST(host2.config_write(0x40C, 1).ok()); // that of a configuration write may
        ask(port2, fault_kind::free_credits, tx, tlp_class::posted);
        settle();
        BOOST_TEST(msis() == 1U);
        BOOST_TEST(ram2() == 7U);
    });
}

BOOST_FIXTURE_TEST_CASE(without_non_posted_credit_reads_time_out_and_writes_pass, faulty_hosts) {
    run([this] {
        prepare();
        ask(port2, fault_kind::stick_credits, tx, tlp_class::non_posted);
        completion blocked;
        sc_core::sc_event done;
        sc_core::sc_spawn([this, &blocked, &done] {
            blocked = host0.bar_read(bar2, 0);
            done.notify();
        });
        wait_ns(1000);
        BOOST_TEST(host0.bar_write(bar2, 0, 9).ok());
        settle();
        BOOST_TEST(ram2() == 9U);
        sc_core::wait(done);
        BOOST_TEST(blocked.status == tlm::TLM_GENERIC_ERROR_RESPONSE);
        BOOST_TEST(config_read(host2, "AERUES") == aer_completion_timeout);
        ask(port2, fault_kind::clear);
        BOOST_TEST(host0.bar_read(bar2, 0).data == 9U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_host_without_credit_waits_until_it_has_some, faulty_hosts) {
    run([this] {
        prepare();
        ask(port0, fault_kind::stick_credits, rx, tlp_class::posted);
        const std::uint64_t begin = now_ps();
        sc_core::sc_spawn([this] {
            wait_ns(3000);
            ask(port0, fault_kind::free_credits, rx, tlp_class::posted);
        });
        write(host0, "NTSDATA", 5);
        BOOST_TEST(now_ps() - begin > 3'000'000U);
        BOOST_TEST(read(host0, "NTSDATA") == 5U);
        ask(port0, fault_kind::stick_credits, rx, tlp_class::non_posted);
        BOOST_TEST(host0.bar_read(bar_number(0), 0x40C).status == tlm::TLM_GENERIC_ERROR_RESPONSE);
        write(host0, "NTSDATA", 6); // writes have their own
        ask(port0, fault_kind::clear);
        BOOST_TEST(read(host0, "NTSDATA") == 6U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_new_link_has_all_its_credits, faulty_hosts) {
    run([this] {
        prepare();
        for (const link_direction d : {rx, tx})
            for (const tlp_class c :
                 {tlp_class::posted, tlp_class::non_posted, tlp_class::completion})
                ask(port2, fault_kind::stick_credits, d, c);
        for (unsigned i = 0; i < 40; ++i) // host 0 fills what port 2 has and is stopped
            sc_core::sc_spawn([this] { host0.bar_write(bar2, 0, 1); });
        settle();
        bench.set_link(port2, false);
        bench.set_link(port2, true);
        settle();
        BOOST_TEST(enumerate(host2).present);
        BOOST_TEST(host0.bar_write(bar2, 0, 0x1234).ok());
        settle();
        BOOST_TEST(ram2() == 0x1234U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_fault_that_is_taken_back_does_not_happen, faulty_hosts) {
    run([this] {
        prepare();
        ask(port2, fault_kind::msi_drop);
        ask(port2, fault_kind::msi_drop);
        ask(port0, fault_kind::hold_write, 1'000'000'000);
        ask(port0, fault_kind::clear);
        ask(port2, fault_kind::clear);
        BOOST_TEST(host0.bar_write(bar2, 0, 3).ok());
        ring();
        settle();
        BOOST_TEST(msis() == 1U);
        BOOST_TEST(ram2() == 3U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
