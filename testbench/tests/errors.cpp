// SPDX-License-Identifier: Apache-2.0
// Errors of an NT function (PCI Express Base 2.1 section 6.2; docs/reference/behaviour.md B8.7,
// B13.4, B17.5): what is logged, with which header, and which message goes to the host.
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/raw_access.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr bar_number bar0(0);
constexpr bar_number bar2(2);

/// Two hosts; host 0 has a window into host 2's memory at 0x1000.
class failing_hosts : public two_hosts {
public:
    explicit failing_hosts(const timing_config& timing = short_timeout()) : two_hosts(timing) {}

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
    }
    /// All error messages on, advisory errors not masked.
    void report_all(root_complex& host) {
        config_write(host, "PCIEDCTL",
                     report_correctable | report_nonfatal | report_fatal | report_unsupported);
        config_write(host, "AERCEM", 0);
    }
    struct told {
        std::uint64_t correctable, nonfatal, fatal;
        friend bool operator==(const told& a, const told& b) {
            return a.correctable == b.correctable && a.nonfatal == b.nonfatal && a.fatal == b.fatal;
        }
        friend std::ostream& operator<<(std::ostream& out, const told& t) {
            return out << t.correctable << '/' << t.nonfatal << '/' << t.fatal;
        }
    };
    /// Messages that a host has got.
    static told messages(root_complex& host) {
        settle();
        const interrupt_log& log = host.interrupts();
        return {log.message_count(host_message::err_cor),
                log.message_count(host_message::err_nonfatal),
                log.message_count(host_message::err_fatal)};
    }
    void refused_write() { host0.bar_write(bar0, 0x1000, 1); }
    void refused_read() { host0.bar_read(bar0, 0x1000); }
    std::uint32_t first_error() { return config_read(host0, "AERCTL") & 0x1FU; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(errors)

// --- what is logged ----------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_refused_write_is_logged_with_the_header_of_its_tlp,
                        failing_hosts) { // B8.7 B13.4
    run([this] {
        enumerate_both();
        const std::uint64_t base = config_read(host0, "BAR0") & ~0xFU;
        raw_access raw;
        raw.extension.requester = requester_id(0x1234);
        raw.extension.requester_valid = true;
        raw.extension.tag = 0x1F;
        raw.write(0x2466, 1, 7).over(host0.bar_sockets[0]);
        BOOST_TEST(config_read(host0, "AERUES") == aer_unsupported_request);
        BOOST_TEST(first_error() == 20U);
        BOOST_TEST(config_read(host0, "AERHL1DW") == 0x40000003U); // MWr of three dwords
        BOOST_TEST(config_read(host0, "AERHL2DW") == 0x12341F1CU); // last byte; the upper two
        BOOST_TEST(config_read(host0, "AERHL3DW") == base + 0x2464U);
        BOOST_TEST(config_read(host0, "AERHL4DW") == 0U);
        BOOST_TEST(config_read(host0, "PCIEDSTS") == (saw_nonfatal | saw_unsupported));
        BOOST_TEST(config_read(host2, "AERUES") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_window_above_4_gib_has_a_header_of_four_dwords, failing_hosts) {
    run([this] {
        prepare();
        config_write(host0, "BAR5", 0x12);
        const std::uint32_t low = config_read(host0, "BAR4") & ~0xFU;
        host0.bar_write(bar_number(4), 0x30, 1); // its table is empty
        BOOST_TEST(config_read(host0, "AERHL1DW") == 0x60000001U);
        BOOST_TEST(config_read(host0, "AERHL3DW") == 0x12U);
        BOOST_TEST(config_read(host0, "AERHL4DW") == low + 0x30U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_header_log_holds_the_first_error_until_it_is_cleared, failing_hosts) {
    run([this] {
        enumerate_both();
        config_write(host0, "AERCEM", 0);
        refused_write();
        refused_read();
        BOOST_TEST(config_read(host0, "AERHL1DW") >> 24 == 0x40U);
        config_write(host0, "AERUES", 0xFFFFFFFF & ~aer_unsupported_request); // others
        refused_read();
        BOOST_TEST(config_read(host0, "AERHL1DW") >> 24 == 0x40U);
        config_write(host0, "AERUES", aer_unsupported_request);
        BOOST_TEST(config_read(host0, "AERUES") == 0U);
        BOOST_TEST(first_error() == 0U); // a bit that is never set
        refused_read();
        BOOST_TEST(first_error() == 20U);
        BOOST_TEST(config_read(host0, "AERHL1DW") >> 24 == 0x00U);
    });
}

BOOST_FIXTURE_TEST_CASE(another_error_waits_behind_the_first_one, failing_hosts) {
    run([this] {
        prepare();
        report_all(host0);
        refused_write();
        host0.bar_write_poisoned(bar2, 0, 1);
        BOOST_TEST(config_read(host0, "AERUES") == (aer_unsupported_request | aer_poisoned));
        BOOST_TEST(first_error() == 20U);
        config_write(host0, "AERUES", aer_unsupported_request);
        BOOST_TEST(first_error() == 0U); // its header was not kept
        refused_write();
        BOOST_TEST(first_error() == 20U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_masked_error_shows_in_the_status_only, failing_hosts) {
    run([this] {
        enumerate_both();
        report_all(host0);
        config_write(host0, "AERUEM", aer_unsupported_request);
        refused_write();
        BOOST_TEST(config_read(host0, "AERUES") == aer_unsupported_request);
        BOOST_TEST(first_error() == 0U);
        BOOST_TEST(config_read(host0, "AERHL1DW") == 0U);
        BOOST_TEST(config_read(host0, "PCIEDSTS") == (saw_nonfatal | saw_unsupported));
        BOOST_TEST(messages(host0) == (told{0, 0, 0}));
    });
}

// --- how bad it is -----------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_refused_read_is_advisory_because_its_completion_tells,
                        failing_hosts) { // PCIe 2.1, 6.2.3.2.4.1
    run([this] {
        enumerate_both();
        refused_read();
        BOOST_TEST(config_read(host0, "AERCES") == aer_advisory);
        BOOST_TEST(config_read(host0, "AERUES") == 0U); // ADVISORYNF is masked after reset
        BOOST_TEST(config_read(host0, "PCIEDSTS") == (saw_correctable | saw_unsupported));
        config_write(host0, "AERCEM", 0);
        refused_read();
        BOOST_TEST(config_read(host0, "AERUES") == aer_unsupported_request);
        BOOST_TEST(config_read(host0, "PCIEDSTS") == (saw_correctable | saw_unsupported));
    });
}

BOOST_FIXTURE_TEST_CASE(severity_makes_an_error_fatal_an_advisory_one_too, failing_hosts) {
    run([this] {
        enumerate_both();
        report_all(host0);
        config_write(host0, "AERUESV", aer_unsupported_request);
        refused_write();
        refused_read();
        BOOST_TEST(config_read(host0, "PCIEDSTS") == (saw_fatal | saw_unsupported));
        BOOST_TEST(config_read(host0, "AERCES") == 0U);
        BOOST_TEST(messages(host0) == (told{0, 0, 2}));
    });
}

// --- who is told -------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(nobody_is_told_after_reset, failing_hosts) {
    run([this] {
        enumerate_both();
        refused_write();
        refused_read();
        BOOST_TEST(messages(host0) == (told{0, 0, 0}));
        BOOST_TEST((config_read(host0, "PCISTS") & sts_signaled) == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(each_severity_has_its_message_to_the_own_host, failing_hosts) {
    run([this] {
        enumerate_both();
        report_all(host0);
        report_all(host2);
        refused_write();
        BOOST_TEST(messages(host0) == (told{0, 1, 0}));
        refused_read();
        BOOST_TEST(messages(host0) == (told{1, 1, 0}));
        BOOST_TEST(messages(host2) == (told{0, 0, 0}));
        BOOST_TEST((config_read(host0, "PCISTS") & sts_signaled) == 0U); // SERRE is off
    });
}

BOOST_FIXTURE_TEST_CASE(each_message_needs_its_enable_and_a_refusal_one_more, failing_hosts) {
    run([this] {
        enumerate_both();
        report_all(host0);
        for (const std::uint32_t without : {report_nonfatal, report_unsupported}) {
            config_write(host0, "PCIEDCTL", 0xFU & ~without);
            refused_write();
        }
        for (const std::uint32_t without : {report_correctable, report_unsupported}) {
            config_write(host0, "PCIEDCTL", 0xFU & ~without);
            refused_read();
        }
        BOOST_TEST(messages(host0) == (told{0, 0, 0}));
    });
}

BOOST_FIXTURE_TEST_CASE(system_error_enable_tells_of_uncorrectable_errors_and_shows,
                        failing_hosts) {
    run([this] {
        enumerate_both();
        config_write(host0, "AERCEM", 0);
        config_write(host0, "PCICMD", cmd_memory | cmd_master | cmd_signal);
        refused_read(); // correctable
        BOOST_TEST(messages(host0) == (told{0, 0, 0}));
        BOOST_TEST((config_read(host0, "PCISTS") & sts_signaled) == 0U);
        refused_write();
        BOOST_TEST(messages(host0) == (told{0, 1, 0}));
        BOOST_TEST((config_read(host0, "PCISTS") & sts_signaled) != 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(messages_are_wires_and_tlps_of_the_waveform, failing_hosts) {
    run([this] {
        enumerate_both();
        report_all(host0);
        settle();
        signals.clear();
        refused_write();
        settle();
        BOOST_TEST(signals.last("switch.port0.nt.err_nonfatal_count") == 1U);
        BOOST_TEST(signals.changes("switch.port0.link.tx.tlp").back().text == "ERR_NONFATAL");
    });
}

// --- poison ------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_poisoned_write_changes_no_register_and_is_refused,
                        failing_hosts) { // B17.5
    run([this] {
        enumerate_both();
        write(host0, "NTSDATA", 0x1111);
        BOOST_TEST(host0.bar_write_poisoned(bar0, 0x40C, 0x2222).status ==
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(read(host0, "NTSDATA") == 0x1111U);
        BOOST_TEST(config_read(host0, "AERUES") == aer_unsupported_request);
        BOOST_TEST(config_read(host0, "AERHL1DW") == 0x40004001U); // with EP
        BOOST_TEST((config_read(host0, "PCISTS") & sts_poison) != 0U);
        config_write(host0, "AERUES", 0xFFFFFFFF);
        config_write(host0, "PCISTS", sts_poison);
        BOOST_TEST(!host0.config_write_poisoned(0x40C, 0x3333).ok());
        BOOST_TEST(read(host0, "NTSDATA") == 0x1111U);
        BOOST_TEST(config_read(host0, "AERCES") == aer_advisory); // its completion tells
        BOOST_TEST((config_read(host0, "PCISTS") & sts_poison) != 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_poisoned_write_through_a_window_arrives_poisoned, failing_hosts) {
    run([this] {
        prepare();
        report_all(host0);
        BOOST_TEST(host0.bar_write_poisoned(bar2, 0x40, 0xBAD).ok());
        settle();
        BOOST_TEST(host2.poisoned_writes() == 1U);
        std::uint32_t there = 1;
        BOOST_TEST(host2.ram().read(0x1040, &there, 4));
        BOOST_TEST(there == 0U);
        BOOST_TEST(config_read(host0, "AERUES") == aer_poisoned);
        BOOST_TEST(first_error() == 12U);
        BOOST_TEST(config_read(host0, "PCIEDSTS") == saw_correctable); // advisory: passed on
        BOOST_TEST((config_read(host0, "PCISTS") & sts_poison) != 0U);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_master_poison) == 0U); // PERRE is off
        BOOST_TEST(messages(host0) == (told{1, 0, 0}));
        config_write(host2, "PCICMD", cmd_memory | cmd_master | cmd_poison_response);
        host0.bar_write_poisoned(bar2, 0x40, 0xBAD);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_master_poison) != 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_poisoned_write_that_is_refused_anyway_counts_as_refused, failing_hosts) {
    run([this] {
        prepare();
        config_write(host0, "AERCEM", 0);
        write(host0, "BARLIMIT2", 0);
        BOOST_TEST(!host0.bar_write_poisoned(bar2, 0x40, 0xBAD).ok());
        BOOST_TEST(config_read(host0, "AERUES") == aer_unsupported_request);
        BOOST_TEST(host2.poisoned_writes() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_poisoned_completion_is_logged_where_it_came_in_and_passed_on,
                        failing_hosts) {
    run([this] {
        prepare();
        report_all(host2);
        config_write(host2, "PCICMD", cmd_memory | cmd_master | cmd_poison_response);
        host2.set_answers(host_answers::poisoned);
        const completion c = host0.bar_read(bar2, 0x40);
        BOOST_TEST(c.ok());
        BOOST_TEST(c.poisoned);
        BOOST_TEST(config_read(host2, "AERUES") == aer_poisoned);
        BOOST_TEST(config_read(host2, "AERHL1DW") == 0x4A004001U);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_poison) != 0U);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_master_poison) != 0U);
        BOOST_TEST(messages(host2) == (told{1, 0, 0}));
        BOOST_TEST(config_read(host0, "AERCES") == 0U);
        host2.set_answers(host_answers::normally);
        BOOST_TEST(!host0.bar_read(bar2, 0x40).poisoned);
    });
}

// --- completions of the other host -------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_refusal_by_the_other_host_is_no_error_of_either_function,
                        failing_hosts) { // PCIe 2.1, 6.2.3.2.5
    run([this] {
        prepare();
        report_all(host0);
        report_all(host2);
        host2.set_answers(host_answers::unsupported);
        const completion c = host0.bar_read(bar2, 0);
        BOOST_TEST(c.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(c.data == 0xFFFFFFFFU);
        BOOST_TEST((config_read(host2, "PCISTS") & sts_received_unsupported) != 0U);
        for (root_complex* host : {&host0, &host2}) {
            BOOST_TEST(config_read(*host, "AERUES") == 0U);
            BOOST_TEST(config_read(*host, "AERCES") == 0U);
            BOOST_TEST(messages(*host) == (told{0, 0, 0}));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_read_that_nobody_completes_times_out_where_it_was_sent, failing_hosts) {
    run([this] {
        prepare();
        report_all(host0);
        report_all(host2);
        host2.set_answers(host_answers::never);
        const std::uint64_t begin = now_ps();
        const completion c = host0.bar_read(bar2, 0);
        BOOST_TEST(c.status == tlm::TLM_GENERIC_ERROR_RESPONSE);
        BOOST_TEST(c.data == 0xFFFFFFFFU);
        BOOST_TEST(now_ps() - begin >= 50'000'000U);
        BOOST_TEST(config_read(host2, "AERUES") == aer_completion_timeout);
        BOOST_TEST((config_read(host2, "AERCTL") & 0x1FU) == 14U);
        BOOST_TEST(config_read(host2, "PCIEDSTS") == saw_nonfatal);
        BOOST_TEST(messages(host2) == (told{0, 1, 0}));
        BOOST_TEST(config_read(host0, "AERUES") == 0U);
        host2.set_answers(host_answers::normally);
        BOOST_TEST(host0.bar_read(bar2, 0).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(a_link_that_fails_meanwhile_takes_the_time_out_with_it, failing_hosts) {
    run([this] {
        prepare();
        host2.set_answers(host_answers::never);
        sc_core::sc_spawn([this] {
            sc_core::wait(20, sc_core::SC_US);
            bench.set_link(port2, false);
            bench.set_link(port2, true);
        });
        BOOST_TEST(!host0.bar_read(bar2, 0).ok());
        BOOST_TEST(config_read(host2, "AERUES") == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
