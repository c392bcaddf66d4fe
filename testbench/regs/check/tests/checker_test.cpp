// SPDX-License-Identifier: Apache-2.0
// The register checks themselves: that they pass a good device, say what is wrong with a bad one,
// and leave alone what they are told to.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/regs/handling.h"
#include "testbench/config/topology_file.h"
#include "testbench/regs/check/checker.h"
#include "testbench/regs/check/dump.h"
#include "testbench/regs/check/report.h"
#include "testbench/regs/check/tests/fake_device.h"
#include "testbench/regs/check/topology_profile.h"
#include "testbench/regs/words.h"

using namespace ntb;
using namespace ntb::regs;
using namespace ntb::regs::check;

namespace {

topology_config two_hosts() {
    return config::load_topology("two-host").topology;
}

check_options options_with(std::uint64_t seed) {
    check_options o;
    o.seed = seed;
    o.expected = profile_of(two_hosts());
    return o;
}

/// The row of that name in the spaces of the map.
fault fault_in(std::string_view name, fault::kind what) {
    fault f;
    f.what = what;
    for (f.in = 0; f.in < spaces.size(); ++f.in)
        for (f.row = 0; f.row < spaces.at(f.in).count; ++f.row)
            if (spaces.at(f.in).rows[f.row].name == name)
                return f;
    BOOST_FAIL("the map has no " << name);
    return f;
}

std::uint32_t nt_map_offset(std::string_view name) {
    return row_of(nt_map, name).offset;
}

results check_with(const fault& f, std::uint64_t seed = 1) {
    fake_device device(two_hosts(), f);
    return check_device(device, options_with(seed));
}

/// A fault in the field of that name.
fault fault_in(std::string_view name, std::string_view field_name, fault::kind what) {
    fault f = fault_in(name, what);
    const reg& r = spaces.at(f.in).rows[f.row];
    for (f.field = 0; f.field < r.field_count(); ++f.field)
        if (r.fields.at(f.field).name == field_name)
            return f;
    BOOST_FAIL(name << " has no " << field_name);
    return f;
}

struct status_bit {
    const char* name;
    const char* field;
};

bool found(const results& r, check_kind kind, std::string_view subject) {
    for (const finding& f : r.findings())
        if (f.kind == kind && f.subject == subject)
            return true;
    return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(register_checks)

BOOST_AUTO_TEST_CASE(a_device_that_follows_the_map_passes_with_any_seed) {
    for (const std::uint64_t seed : {1U, 2U, 3U, 77U, 123456U}) {
        const results r = check_with({}, seed);
        for (const finding& f : r.findings())
            BOOST_ERROR("seed " << seed << ": " << name_of(f.kind) << " " << f.subject << " "
                                << f.fields << ": " << f.what << std::hex << " expected "
                                << f.expected << " got " << f.got);
        for (std::size_t k = 0; k < check_kinds; ++k)
            BOOST_TEST(r.cases(static_cast<check_kind>(k)) > 100U,
                       name_of(static_cast<check_kind>(k)));
    }
}

BOOST_AUTO_TEST_CASE(each_kind_of_fault_is_found_by_the_check_made_for_it) {
    fault policy = fault_in("NTSDATA", fault::kind::policy);
    policy.policy = access::ro;
    BOOST_TEST(found(check_with(policy), check_kind::access, "port0.NTSDATA"));

    fault reserved = fault_in("LUTUDATA", fault::kind::policy);
    reserved.policy = access::reserved;
    BOOST_TEST(found(check_with(reserved), check_kind::sequence, "port2.LUTUDATA"));

    fault value = fault_in("BARLIMIT{n}", fault::kind::reset_value);
    value.field = 1;
    value.bits = 4;
    BOOST_TEST(found(check_with(value), check_kind::reset, "port0.BARLIMIT3"));

    fault kept = fault_in("NTCTL", fault::kind::hot_reset);
    kept.field = 1; // CPEN
    BOOST_TEST(found(check_with(kept), check_kind::reset, "port0.NTCTL"));

    fault stride = fault_in("SWP{x}MSGCTL{n}", fault::kind::stride);
    stride.dimension = 1;
    stride.bytes = 0x40;
    BOOST_TEST(found(check_with(stride), check_kind::access, "SWP0MSGCTL1"));

    BOOST_TEST(found(check_with(fault_in("PTCCTL0", fault::kind::byte_enables)), check_kind::bytes,
                     "port0.PTCCTL0"));
    BOOST_TEST(found(check_with(fault_in("NTMTBLDATA", fault::kind::partial_access)),
                     check_kind::bytes, "port0.NTMTBLDATA"));
    BOOST_TEST(found(check_with(fault_in("MCBARH", fault::kind::second_door)), check_kind::alias,
                     "port0.MCBARH"));
    BOOST_TEST(found(check_with(fault_in("MCRCVL", fault::kind::writes_neighbour)),
                     check_kind::neighbours, "port0.MCRCVH"));
}

BOOST_AUTO_TEST_CASE(a_register_at_an_undocumented_offset_is_found) {
    // BARUTBASE6 would be there if the family were longer: a stride that is too small by half makes
    // members appear where the map has none.
    fault stride = fault_in("SWPART{x}FCTL", fault::kind::stride);
    stride.bytes = 0x24;
    const results r = check_with(stride);
    BOOST_TEST(r.cases(check_kind::unmapped) > 1000U);
    const bool any = std::any_of(r.findings().begin(), r.findings().end(),
                                 [](const finding& f) { return f.kind == check_kind::unmapped; });
    BOOST_TEST(any);
}

BOOST_AUTO_TEST_CASE(status_that_only_an_event_sets_is_seen_to_clear_with_ones) {
    for (const status_bit& s : {status_bit{"PCISTS", "MDPED"}, status_bit{"PCISTS", "RMAS"},
                                status_bit{"PCISTS", "SSE"}, status_bit{"PCISTS", "DPE"},
                                status_bit{"PCIEDSTS", "CED"}, status_bit{"PCIEDSTS", "NFED"},
                                status_bit{"PCIEDSTS", "FED"}, status_bit{"PCIEDSTS", "URD"},
                                status_bit{"AERUES", "POISONED"}, status_bit{"AERUES", "COMPTO"},
                                status_bit{"AERUES", "UR"}, status_bit{"AERCES", "ADVISORYNF"},
                                status_bit{"NTINTSTS", "FMCI"}, status_bit{"NTINTSTS", "FMCC"},
                                status_bit{"NTINTSTS", "TMPSENSOR"}, status_bit{"TMPALARM", "IRQ"}})
        for (const regs::access a : {regs::access::ro, regs::access::wo}) {
            fault f = fault_in(s.name, s.field, fault::kind::policy);
            f.policy = a;
            const std::string subject =
                (std::string_view(s.name) == "TMPALARM" ? "" : "port0.") + std::string(s.name);
            BOOST_TEST(found(check_with(f), check_kind::sequence, subject),
                       subject << "." << s.field << " " << word_of(a));
        }
}

BOOST_AUTO_TEST_CASE(status_that_only_an_event_sets_is_seen_to_be_kept_or_cleared_by_a_hot_reset) {
    for (const status_bit& s :
         {status_bit{"PCISTS", "DPE"}, status_bit{"PCISTS", "MDPED"}, status_bit{"PCIEDSTS", "FED"},
          status_bit{"AERUES", "COMPTO"}, status_bit{"AERCES", "ADVISORYNF"},
          status_bit{"NTINTSTS", "FMCC"}, status_bit{"NTINTSTS", "TMPSENSOR"}})
        BOOST_TEST(found(check_with(fault_in(s.name, s.field, fault::kind::hot_reset)),
                         check_kind::reset, "port0." + std::string(s.name)),
                   s.name << "." << s.field);
    for (const status_bit& s :
         {status_bit{"NTINTSTS", "SEVENT"}, status_bit{"NTMTBLSTS", "ERR"},
          status_bit{"MSGSTS", "INMSGSTS3"}, status_bit{"MSGSTS", "OUTMSGSTS0"},
          status_bit{"PMCSR", "PSTATE"}, status_bit{"NTMTBLDATA", "CNS"}})
        BOOST_TEST(found(check_with(fault_in(s.name, s.field, fault::kind::hot_reset)),
                         check_kind::sequence, "port0." + std::string(s.name)),
                   s.name << "." << s.field);
}

BOOST_AUTO_TEST_CASE(what_a_target_cannot_make_happen_is_left_out_with_the_reason) {
    fault f = fault_in("PCISTS", "RMAS", fault::kind::policy);
    f.policy = regs::access::ro;
    for (const fault& built_in : {fault{}, f}) { // nobody sees the fault then
        fake_device device(two_hosts(), built_in);
        device.set_deaf();
        const results r = check_device(device, options_with(1));
        BOOST_TEST(r.passed());
        for (unsigned n = 0; n < stimuli; ++n) {
            const std::string subject =
                std::string("status set by ") + words_for(static_cast<stimulus>(n));
            const bool said = std::any_of(
                r.exclusions().begin(), r.exclusions().end(), [&subject](const exclusion& e) {
                    return e.subject == subject && e.reason == "nothing reaches it";
                });
            BOOST_TEST(said, subject);
        }
    }
    fake_device device(two_hosts());
    device.set_deaf();
    BOOST_CHECK_THROW(device.provoke(stimulus::failover, 0), target_error);
}

BOOST_AUTO_TEST_CASE(a_device_that_clears_alarms_by_reading_passes_and_that_is_said) {
    fake_device device(two_hosts());
    device.set_alarms_clear_by_reading();
    const results r = check_device(device, options_with(1));
    BOOST_TEST(r.passed());
    const bool said = std::any_of(r.exclusions().begin(), r.exclusions().end(),
                                  [](const exclusion& e) { return e.subject == "TMPALARM.IRQ"; });
    BOOST_TEST(said);
}

BOOST_AUTO_TEST_CASE(what_lies_behind_an_index_is_looked_at_as_found) {
    for (const status_bit& s : {status_bit{"LUTLDATA", "TBASE"}, status_bit{"LUTMDATA", "TBASE"},
                                status_bit{"LUTUDATA", "VALID"}, status_bit{"NTMTBLDATA", "CNS"}}) {
        fault f = fault_in(s.name, s.field, fault::kind::reset_value);
        f.bits = 1;
        BOOST_TEST(found(check_with(f), check_kind::reset, "port0." + std::string(s.name)),
                   s.name << "." << s.field);
    }
}

BOOST_AUTO_TEST_CASE(a_bridge_with_another_vendor_is_missing) {
    fault f = fault_in("P2PVID", "VID", fault::kind::reset_value);
    f.bits = 1;
    BOOST_TEST(found(check_with(f), check_kind::reset, "port0.P2PDID"));
}

BOOST_AUTO_TEST_CASE(a_device_that_keeps_its_registers_over_d3hot_is_found) {
    using when = fake_device::when_leaving_d3hot;
    for (const when what : {when::resets, when::keeps}) {
        fake_device device(two_hosts());
        device.set_d3hot(what);
        const results r = check_device(device, options_with(1));
        BOOST_TEST(r.passed() == (what == when::resets));
        BOOST_TEST(found(r, check_kind::reset, "port0.NTSDATA") == (what == when::keeps));
    }
}

BOOST_AUTO_TEST_CASE(what_a_device_has_received_before_is_no_finding) {
    fake_device device(two_hosts());
    for (unsigned n = 0; n < 2; ++n) { // the second validation finds the messages of the first
        target_traits t = device.traits();
        t.fresh = n == 0;
        device.set_traits(t);
        BOOST_TEST(check_device(device, options_with(1 + n)).passed());
    }
}

BOOST_AUTO_TEST_CASE(the_seed_gives_the_order_and_the_same_seed_the_same_result) {
    const results a = check_with({}, 5);
    const results b = check_with({}, 5);
    const results c = check_with({}, 6);
    const auto order = [](const results& r) {
        std::vector<std::string> out;
        for (const step_record& s : r.steps())
            out.push_back(s.subject + name_of(s.kind));
        return out;
    };
    BOOST_TEST(order(a) == order(b), boost::test_tools::per_element());
    BOOST_TEST((order(a) != order(c)));
    report_header h;
    h.target = "fake";
    h.seed = 5;
    BOOST_TEST(json_of(a, h) == json_of(b, h));
}

BOOST_AUTO_TEST_CASE(without_leave_to_write_nothing_is_written) {
    fake_device device(two_hosts());
    device.set_traits({true, false, false, false, true});
    device.write(door::config, 0, 4, 2, 6); // the host has switched memory space on
    device.write(door::config, 1, 4, 2, 6);
    const results r = check_device(device, options_with(1));
    BOOST_TEST(device.writes() == 2U);
    BOOST_TEST(r.passed());
    BOOST_TEST(r.cases(check_kind::alias) > 0U);
}

BOOST_AUTO_TEST_CASE(on_silicon_registers_that_may_do_harm_are_not_written) {
    fake_device device(two_hosts());
    device.set_traits({true, true, false, false, true});
    // The host has switched memory space on.
    device.write(door::config, 0, 4, 2, 6);
    device.write(door::config, 1, 4, 2, 6);
    device.record();
    const results r = check_device(device, options_with(1));
    for (const finding& f : r.findings())
        BOOST_ERROR(name_of(f.kind) << " " << f.subject << ": " << f.what);
    std::size_t protected_rows = 0;
    for (const handling_row& h : handling_rows) {
        if (h.what != handling::destructive && h.what != handling::host_owned)
            continue;
        ++protected_rows;
        BOOST_TEST(device.written_rows().count(h.name) == 0U, std::string(h.name));
        const bool said =
            std::any_of(r.exclusions().begin(), r.exclusions().end(), [&h](const exclusion& e) {
                return e.subject == h.name && e.reason == h.reason;
            });
        BOOST_TEST(said, std::string(h.name) + " is left out without a word");
    }
    BOOST_TEST(protected_rows > 20U);
    BOOST_TEST(device.written_rows().count("NTSDATA") == 1U);
}

BOOST_AUTO_TEST_CASE(a_device_of_another_topology_fails) {
    fake_device device(config::load_topology("three-host").topology);
    BOOST_TEST(!check_device(device, options_with(1)).passed());
}

BOOST_AUTO_TEST_CASE(reports_name_what_is_wrong_and_what_is_left_out) {
    fault policy = fault_in("NTSDATA", fault::kind::policy);
    policy.policy = access::ro;
    const results r = check_with(policy, 9);
    report_header h;
    h.target = "fake <&\">";
    h.seed = 9;
    const std::string table = table_of(r, h);
    for (const char* part : {"seed 9", "port0.NTSDATA [SDATA]", "FAILED", "SWPORT0CTL", "B3.3"})
        BOOST_TEST(table.find(part) != std::string::npos, part << " is not in\n" << table);
    const auto json = nlohmann::json::parse(json_of(r, h));
    BOOST_TEST(json.at("passed") == false);
    BOOST_TEST(json.at("findings").size() == r.findings().size());
    BOOST_TEST(json.at("left_out").size() == r.exclusions().size());
    const std::string xml = junit_of(r, h);
    for (const char* part :
         {"<failure message=\"access: port0.NTSDATA", "fake &lt;&amp;&quot;&gt;", "<skipped "})
        BOOST_TEST(xml.find(part) != std::string::npos, part);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(register_dumps)

BOOST_AUTO_TEST_CASE(a_dump_reads_back_as_it_was_written) {
    fake_device device(two_hosts());
    const register_dump d = dump_device(device);
    BOOST_TEST(d.entries.size() > 500U);
    const register_dump again = parse_dump(text_of(d), "dump.txt");
    BOOST_TEST(text_of(again) == text_of(d));
    BOOST_TEST(compare(d, again).differences.empty());
}

BOOST_AUTO_TEST_CASE(a_difference_counts_unless_the_map_says_that_devices_may_differ) {
    fake_device one(two_hosts());
    fake_device other(two_hosts());
    other.write(door::config, 0, nt_map_offset("NTSDATA"), 4, 0x1234);
    other.write(door::config, 0, nt_map_offset("PCICMD"), 2, 2);
    const comparison c = compare(dump_device(one), dump_device(other));
    BOOST_TEST(c.differences.size() == 2U);
    BOOST_TEST(c.serious() == 1U);
    const std::string text = text_of(c, "a", "b");
    for (const char* part : {"port0.NTSDATA [SDATA] 0x00000000 -> 0x00001234",
                             "port0.PCICMD [MAE] 0x0000 -> 0x0002  (may differ: set by"})
        BOOST_TEST(text.find(part) != std::string::npos, part << " is not in\n" << text);
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_dump_is_refused_with_its_line) {
    const auto refused_at = [](const std::string& text) {
        try {
            static_cast<void>(parse_dump(text, "f"));
        } catch (const dump_error& e) {
            return std::string(e.what()).substr(0, 3);
        }
        return std::string("read");
    };
    const std::string head = "# ntbsim register dump 1\n";
    BOOST_TEST(refused_at("") == "f: ");
    BOOST_TEST(refused_at("port0.VID 0x111D\n") == "f:1");
    BOOST_TEST(refused_at(head + "port0.VID\n") == "f:2");
    BOOST_TEST(refused_at(head + "port0.VID 17\n") == "f:2");
    BOOST_TEST(refused_at(head + "port0.VID 0x1x\n") == "f:2");
    BOOST_TEST(refused_at(head + "port0.VID 0x111D\n") == "read");
}

BOOST_AUTO_TEST_CASE(without_leave_to_write_a_dump_says_what_is_missing) {
    fake_device device(two_hosts());
    device.set_traits({true, false, false, false, true});
    const register_dump d = dump_device(device);
    BOOST_TEST(device.writes() == 0U);
    BOOST_TEST(d.notes.size() == 1U);
    BOOST_TEST(d.entries.size() > 100U);
}

BOOST_AUTO_TEST_SUITE_END()
