// SPDX-License-Identifier: Apache-2.0
// The stimulus language: what each statement means, and where and why a wrong one is refused.
#include <boost/test/unit_test.hpp>
#include <random>

#include "testbench/stimulus/parser.h"

using namespace ntb;
using namespace ntb::stimulus;

namespace {

/// A map of three registers, so that these tests depend on no other.
std::optional<register_place> lookup(std::string_view name) {
    if (name == "PCICMD")
        return register_place{0x004, 2, false};
    if (name == "INDBELLSTS")
        return register_place{0x428, 4, false};
    if (name == "SEGSIGSTS")
        return register_place{0x3EC30, 4, true};
    if (name == "SERDESCFG")
        return register_place{0x510, 4, false, true};
    return std::nullopt;
}

program parsed(const std::string& body) {
    return parse("ntbstim 1\n" + body, "x.stim", lookup);
}

/// The only statement of `body`, as a T.
template <class T>
T only(const std::string& body) {
    const program p = parsed(body);
    BOOST_TEST_REQUIRE(p.statements.size() == 1U);
    BOOST_TEST_REQUIRE(std::holds_alternative<T>(p.statements[0].what));
    return std::get<T>(p.statements[0].what);
}

std::string error_of_file(const std::string& text) {
    try {
        (void)parse(text, "x.stim", lookup);
    } catch (const stimulus_error& error) {
        return error.what();
    }
    return "no error";
}
/// `body` begins in line 2.
std::string error_of(const std::string& body) {
    return error_of_file("ntbstim 1\n" + body);
}

void expect_starts(const std::string& error, const std::string& start) {
    BOOST_TEST(error.find(start) == 0, "expected \"" + start + "...\", got \"" + error + "\"");
}

} // namespace

BOOST_AUTO_TEST_SUITE(stimulus_parser)

BOOST_AUTO_TEST_CASE(the_header_names_version_topology_and_timing) {
    const program p =
        parse("# comment\n\nntbstim 1\r\ntopology two-host # c\ntiming ideal\n", "x.stim", lookup);
    BOOST_TEST(p.file == "x.stim");
    BOOST_TEST(p.topology == "two-host");
    BOOST_TEST(p.timing == "ideal");
    BOOST_TEST(p.statements.empty());
    expect_starts(error_of_file(""), "x.stim: has no header");
    expect_starts(error_of_file("topology two-host\n"),
                  "x.stim:1:1: expected 'ntbstim', found 'topology'");
    expect_starts(error_of_file("ntbstim 2\n"), "x.stim:1:9: expected version 1, found '2'");
    expect_starts(error_of_file("ntbstim\n"),
                  "x.stim:1:8: expected version 1, found the end of the line");
    expect_starts(error_of("topology a\ntopology b\n"), "x.stim:3:1: topology is given twice");
    expect_starts(error_of("topology\n"), "x.stim:2:9: expected a name or a file");
    expect_starts(error_of("topology a b\n"), "x.stim:2:12: expected the end of the line");
    expect_starts(error_of("note x\ntiming ideal\n"), "x.stim:3:1: 'timing' belongs before");
}

BOOST_AUTO_TEST_CASE(a_register_access_has_the_registers_place_and_size) {
    const auto write = only<register_access>("port0.config write PCICMD 0x6\n");
    BOOST_TEST(write.write);
    BOOST_TEST((write.where == door::config));
    BOOST_TEST(write.port.value() == 0U);
    BOOST_TEST(write.offset == 4U);
    BOOST_TEST(write.size == 2U);
    BOOST_TEST(write.byte_enables == 3);
    BOOST_TEST(write.value == 6U);
    const auto read = only<register_access>("port12.f0.bar0 read INDBELLSTS\n");
    BOOST_TEST(!read.write);
    BOOST_TEST((read.where == door::bar));
    BOOST_TEST(read.bar.value() == 0U);
    BOOST_TEST(read.port.value() == 12U);
    BOOST_TEST(read.offset == 0x428U);
    BOOST_TEST(read.size == 4U);
    BOOST_TEST(!read.compare);
}

BOOST_AUTO_TEST_CASE(an_offset_access_has_its_size_byte_enables_and_value) {
    const auto write =
        only<register_access>("port2.f1.bar2 write +0x1000 0xdeadbeefcafef00d size 8 be 0x0f\n");
    BOOST_TEST(write.function == 1U);
    BOOST_TEST(write.bar.value() == 2U);
    BOOST_TEST(write.offset == 0x1000U);
    BOOST_TEST(write.size == 8U);
    BOOST_TEST(write.byte_enables == 0x0F);
    BOOST_TEST(write.value == 0xDEADBEEFCAFEF00DU);
    BOOST_TEST(only<register_access>("port2.bar5 write +12 255 size 1\n").value == 255U);
    BOOST_TEST(only<register_access>("port2.bar5 write +12 0\n").size == 4U);
}

BOOST_AUTO_TEST_CASE(a_read_compares_under_its_mask) {
    const auto plain = only<register_access>("port0.bar0 read INDBELLSTS == 0x4\n");
    BOOST_TEST(plain.compare);
    BOOST_TEST(plain.expected == 4U);
    BOOST_TEST(plain.mask == 0xFFFFFFFFU);
    const auto masked = only<register_access>("port0.bar0 read INDBELLSTS==0x4 mask 0xc\n");
    BOOST_TEST(masked.mask == 0xCU);
    const auto small = only<register_access>("port0.config read PCICMD == 6\n");
    BOOST_TEST(small.mask == 0xFFFFU);
    expect_starts(error_of("port0.bar0 read INDBELLSTS == 0x4 mask 0x3\n"),
                  "x.stim:2:31: the value has bits outside");
    expect_starts(error_of("port0.config read PCICMD == 0x10000\n"),
                  "x.stim:2:29: the value has bits outside");
    expect_starts(error_of("port0.bar0 write INDBELLSTS 1 == 1\n"),
                  "x.stim:2:31: expected the end of the line, found '=='");
}

BOOST_AUTO_TEST_CASE(a_value_can_be_the_global_address_of_a_register) {
    BOOST_TEST(only<register_access>("port0.bar0 write +0xff8 &SEGSIGSTS\n").value == 0x3EC30U);
    BOOST_TEST(only<register_access>("port0.bar0 write +0xff8 &port2.INDBELLSTS\n").value ==
               0x5428U);
    BOOST_TEST(only<register_access>("port0.bar0 write +0xff8 &port2.SERDESCFG\n").value ==
               0x4510U);
    expect_starts(error_of("port0.bar0 read SERDESCFG\n"),
                  "x.stim:2:17: SERDESCFG is a register of the bridge function");
    expect_starts(error_of("port0.bar0 write +0xff8 &INDBELLSTS\n"),
                  "x.stim:2:25: expected a register of the switch");
    expect_starts(error_of("port0.bar0 write +0xff8 &port2.SEGSIGSTS\n"),
                  "x.stim:2:25: expected a register of a function");
    expect_starts(error_of("port0.bar0 write +0xff8 &port2\n"), "x.stim:2:25: expected &portP");
    expect_starts(error_of("port0.bar0 write +0xff8 &\n"), "x.stim:2:25: expected a register");
}

BOOST_AUTO_TEST_CASE(wrong_accesses_are_refused_with_their_column) {
    expect_starts(error_of("port0.bar0 reed INDBELLSTS\n"),
                  "x.stim:2:12: expected 'read' or 'write', found 'reed'");
    expect_starts(error_of("  port0.bar6 read INDBELLSTS\n"),
                  "x.stim:2:3: expected portP.config or portP.bar0");
    expect_starts(error_of("port24.bar0 read INDBELLSTS\n"), "x.stim:2:1: there is no port 24");
    expect_starts(error_of("port.bar0 read INDBELLSTS\n"), "x.stim:2:1: expected a port");
    expect_starts(error_of("port99999999999.bar0 read INDBELLSTS\n"),
                  "x.stim:2:1: expected a port");
    expect_starts(error_of("port0.f8.bar0 read INDBELLSTS\n"), "x.stim:2:1: expected a function");
    expect_starts(error_of("port0.bar0 read NOREG\n"), "x.stim:2:17: expected a register");
    expect_starts(error_of("port0.bar0 read\n"),
                  "x.stim:2:16: expected a register or +0xOFFSET, found the end of the line");
    expect_starts(error_of("port0.bar0 read SEGSIGSTS\n"),
                  "x.stim:2:17: SEGSIGSTS is a register of the switch");
    expect_starts(error_of("port0.bar2 read INDBELLSTS\n"),
                  "x.stim:2:17: registers are behind config and bar0 only");
    expect_starts(error_of("port0.bar0 read +0xzz\n"), "x.stim:2:17: expected an offset");
    expect_starts(error_of("port0.bar0 read +\n"), "x.stim:2:17: expected an offset");
    expect_starts(error_of("port0.bar0 write INDBELLSTS\n"), "x.stim:2:28: expected a value");
    expect_starts(error_of("port0.bar0 write INDBELLSTS -1\n"), "x.stim:2:29: expected a value");
    expect_starts(error_of("port0.bar0 write INDBELLSTS 0x100000000\n"),
                  "x.stim:2:29: the value has more than 4 bytes");
    expect_starts(error_of("port0.bar0 write INDBELLSTS 0x10000000000000000 size 8\n"),
                  "x.stim:2:29: expected a value");
    expect_starts(error_of("port0.bar0 read INDBELLSTS size 3\n"),
                  "x.stim:2:34: there is no access");
    expect_starts(error_of("port0.bar0 read INDBELLSTS size 16\n"),
                  "x.stim:2:33: a size is out of range");
    expect_starts(error_of("port0.bar0 read INDBELLSTS be 0x10\n"),
                  "x.stim:2:31: a byte enable mask is out of range");
    expect_starts(error_of("port0.bar0 read INDBELLSTS == 4 mask\n"),
                  "x.stim:2:37: expected a mask");
}

BOOST_AUTO_TEST_CASE(times_are_whole_picoseconds) {
    const auto start = [](const std::string& time) {
        return parsed("at " + time + " note x\n").statements.at(0).start.ps;
    };
    BOOST_TEST(start("100ns") == 100'000U);
    BOOST_TEST(start("7ps") == 7U);
    BOOST_TEST(start("2000fs") == 2U);
    BOOST_TEST(start("3us") == 3'000'000U);
    BOOST_TEST(start("4ms") == 4'000'000'000U);
    BOOST_TEST(start("5s") == 5'000'000'000'000U);
    for (const char* bad : {"1500fs", "100", "ns", "1.5ns", "-1ns", "5m", "100 ns", "0x10ns",
                            "99999999999999999999s", "5000000s"})
        expect_starts(error_of("at " + std::string(bad) + " note x\n"),
                      "x.stim:2:4: expected a time");
}

BOOST_AUTO_TEST_CASE(a_statement_starts_at_after_or_when_the_previous_completed) {
    const program p = parsed("note a\nat 5ns note b\nafter 6ns note c\nafter 1ns..3ns note d\n"
                             "after 9ns\n");
    BOOST_TEST((p.statements[0].start.kind == start_kind::following));
    BOOST_TEST((p.statements[1].start.kind == start_kind::at));
    BOOST_TEST((p.statements[2].start.kind == start_kind::after));
    BOOST_TEST(p.statements[2].start.latest_ps == 6000U);
    BOOST_TEST(p.statements[3].start.ps == 1000U);
    BOOST_TEST(p.statements[3].start.latest_ps == 3000U);
    BOOST_TEST(std::holds_alternative<pause_step>(p.statements[4].what));
    expect_starts(error_of("after 3ns..1ns note\n"), "x.stim:2:7: the second time is the shorter");
    expect_starts(error_of("after 3ns.. note\n"), "x.stim:2:7: expected a time");
    expect_starts(error_of("at 3ns..4ns note\n"), "x.stim:2:4: expected a time");
    expect_starts(error_of("at 3ns after 4ns note\n"), "x.stim:2:8: expected a statement");
}

BOOST_AUTO_TEST_CASE(interrupts_are_expected_within_or_not_for_a_time) {
    const auto msi = only<interrupt_expectation>("port2 expect msi within 2us\n");
    BOOST_TEST((msi.kind == interrupt_kind::msi));
    BOOST_TEST(msi.count == 1U);
    BOOST_TEST(msi.window_ps == 2'000'000U);
    const auto intx = only<interrupt_expectation>("port2 expect intx count 3 within 1ns\n");
    BOOST_TEST((intx.kind == interrupt_kind::intx));
    BOOST_TEST(intx.count == 3U);
    BOOST_TEST(only<interrupt_expectation>("port2 expect no-msi for 1ns\n").count == 0U);
    BOOST_TEST((only<interrupt_expectation>("port2 expect no-intx for 1ns\n").kind ==
                interrupt_kind::intx));
    expect_starts(error_of("port2 expect irq within 1ns\n"), "x.stim:2:14: expected msi, intx");
    expect_starts(error_of("port2 expect\n"), "x.stim:2:13: expected msi, intx");
    expect_starts(error_of("port2 expect msi for 1ns\n"), "x.stim:2:18: expected 'within'");
    expect_starts(error_of("port2 expect no-msi within 1ns\n"), "x.stim:2:21: expected 'for'");
    expect_starts(error_of("port2 expect msi count 0 within 1ns\n"), "x.stim:2:24: a count is out");
    expect_starts(error_of("port2 expect msi within\n"), "x.stim:2:24: expected a time");
    expect_starts(error_of("port2 wait\n"), "x.stim:2:7: expected 'expect' or 'enumerate'");
    expect_starts(error_of("port2.bar0 expect msi within 1ns\n"), "x.stim:2:12: expected 'read'");
}

BOOST_AUTO_TEST_CASE(messages_poison_and_completions_are_part_of_the_language) {
    BOOST_TEST((only<interrupt_expectation>("port2 expect err-fatal within 1ns\n").kind ==
                interrupt_kind::err_fatal));
    BOOST_TEST((only<interrupt_expectation>("port2 expect no-err-cor for 1ns\n").kind ==
                interrupt_kind::err_cor));
    BOOST_TEST(only<register_access>("port2.bar2 write +0 1 be 0x1 poisoned\n").poisoned);
    BOOST_TEST(!only<register_access>("port2.bar2 write +0 1\n").poisoned);
    expect_starts(error_of("port2.bar2 read +0 poisoned\n"), "x.stim:2:20: expected the end");
    const auto host = only<host_step>("host port2 completes never\n");
    BOOST_TEST((host.how == host_answers::never));
    BOOST_TEST(host.port.value() == 2U);
    expect_starts(error_of("host port2 completes late\n"), "x.stim:2:22: expected normally, ");
    expect_starts(error_of("host port2 never\n"), "x.stim:2:12: expected 'completes'");
}

BOOST_AUTO_TEST_CASE(memory_data_are_little_endian_values) {
    const auto check = only<memory_step>("mem port2 0x200000 check deadbeef 01 2345\n");
    BOOST_TEST((check.action == memory_action::check));
    BOOST_TEST(check.address == 0x200000U);
    const std::vector<std::uint8_t> bytes{0xEF, 0xBE, 0xAD, 0xDE, 0x01, 0x45, 0x23};
    BOOST_TEST(check.bytes == bytes, boost::test_tools::per_element());
    BOOST_TEST((only<memory_step>("mem port0 16 load 0011223344556677\n").bytes.at(0) == 0x77));
    const auto fill = only<memory_step>("mem port0 0 fill 4096 a5\n");
    BOOST_TEST((fill.action == memory_action::fill));
    BOOST_TEST(fill.length == 4096U);
    expect_starts(error_of("mem port2 0x200000 check\n"), "x.stim:2:25: expected 2, 4, 8 or 16");
    expect_starts(error_of("mem port2 0 check abc\n"), "x.stim:2:19: expected 2, 4, 8 or 16");
    expect_starts(error_of("mem port2 0 check 0x12\n"), "x.stim:2:19: expected 2, 4, 8 or 16");
    expect_starts(error_of("mem port2 0 cheque 12\n"), "x.stim:2:13: expected fill, load or check");
    expect_starts(error_of("mem port2 x check 12\n"), "x.stim:2:11: expected an address");
    expect_starts(error_of("mem port2.bar0 0 check 12\n"), "x.stim:2:5: expected a port");
    expect_starts(error_of("mem port2 0 fill 0 12\n"), "x.stim:2:18: a length is out of range");
}

BOOST_AUTO_TEST_CASE(the_start_from_an_eeprom_is_looked_at_and_its_halt_ended) {
    BOOST_TEST(!only<eeprom_expectation>("eeprom expect done\n").halted);
    const auto any = only<eeprom_expectation>("eeprom expect halted\n");
    BOOST_TEST(any.halted);
    BOOST_TEST((any.fault == ntb::eeprom_fault::none));
    BOOST_TEST((only<eeprom_expectation>("eeprom expect halted jump_loop\n").fault ==
                ntb::eeprom_fault::jump_loop));
    (void)only<eeprom_release>("eeprom release\n");
    for (const char* wrong : {"eeprom\n", "eeprom expect\n", "eeprom expect done now\n",
                              "eeprom expect halted none\n", "eeprom release now\n"})
        expect_starts(error_of(wrong), "x.stim:2:");
}

BOOST_AUTO_TEST_CASE(a_fault_names_port_kind_and_what_it_needs) {
    const auto same = [](const fault_step& f, unsigned port, fault_kind kind, link_direction d,
                         tlp_class c, std::uint64_t ps) {
        return f.port.value() == port && f.what.kind == kind && f.what.direction == d &&
               f.what.of == c && f.what.ps == ps;
    };
    using d = link_direction;
    using c = tlp_class;
    BOOST_TEST(same(only<fault_step>("fault port2 poison tx\n"), 2, fault_kind::poison, d::tx,
                    c::posted, 0));
    BOOST_TEST(same(only<fault_step>("at 5ns fault port0 drop-completion rx\n"), 0,
                    fault_kind::drop_completion, d::rx, c::posted, 0));
    BOOST_TEST(same(only<fault_step>("fault port0 credits stuck tx non-posted\n"), 0,
                    fault_kind::stick_credits, d::tx, c::non_posted, 0));
    BOOST_TEST(same(only<fault_step>("fault port0 credits free rx completion\n"), 0,
                    fault_kind::free_credits, d::rx, c::completion, 0));
    BOOST_TEST(same(only<fault_step>("fault port0 hold-write 2us\n"), 0, fault_kind::hold_write,
                    d::rx, c::posted, 2'000'000));
    BOOST_TEST(same(only<fault_step>("fault port0 msi drop\n"), 0, fault_kind::msi_drop, d::rx,
                    c::posted, 0));
    BOOST_TEST(same(only<fault_step>("fault port0 msi double\n"), 0, fault_kind::msi_double, d::rx,
                    c::posted, 0));
    BOOST_TEST(same(only<fault_step>("fault port0 msi double 7ns\n"), 0, fault_kind::msi_double,
                    d::rx, c::posted, 7000));
    BOOST_TEST(same(only<fault_step>("fault port0 msi delay 7ns\n"), 0, fault_kind::msi_delay,
                    d::rx, c::posted, 7'000));
    BOOST_TEST(
        same(only<fault_step>("fault port23 clear\n"), 23, fault_kind::clear, d::rx, c::posted, 0));
    expect_starts(error_of("fault poison tx\n"), "x.stim:2:7: expected a port");
    expect_starts(error_of("fault port2.f1 poison tx\n"), "x.stim:2:7: expected a port");
    expect_starts(error_of("fault port2 lcrc\n"), "x.stim:2:13: expected a fault");
    expect_starts(error_of("fault port2 poison up\n"), "x.stim:2:20: expected rx or tx");
    expect_starts(error_of("fault port2 credits tx\n"), "x.stim:2:21: expected stuck or free");
    expect_starts(error_of("fault port2 credits stuck tx all\n"), "x.stim:2:30: expected posted");
    expect_starts(error_of("fault port2 msi lose\n"), "x.stim:2:17: expected drop");
    expect_starts(error_of("fault port2 msi double it\n"), "x.stim:2:24: expected a time");
    expect_starts(error_of("fault port2 msi delay\n"), "x.stim:2:22: expected a time");
    expect_starts(error_of("fault port2 clear all\n"), "x.stim:2:19: expected the end");
}

BOOST_AUTO_TEST_CASE(links_resets_and_temperatures_are_statements) {
    BOOST_TEST(only<link_step>("link port2 up\n").up);
    BOOST_TEST(!only<link_step>("link port2 down\n").up);
    expect_starts(error_of("link port2 sideways\n"), "x.stim:2:12: expected up or down");
    const auto of_port = only<reset_step>("reset port2 hot\n");
    BOOST_TEST(!of_port.of_partition);
    BOOST_TEST(!of_port.fundamental);
    BOOST_TEST(of_port.port.value() == 2U);
    const auto of_switch = only<reset_step>("reset switch fundamental\n");
    BOOST_TEST(of_switch.of_switch);
    expect_starts(error_of("reset switch hot\n"), "x.stim:2:14: expected fundamental");
    const auto failover = only<failover_step>("failover 3 secondary\n");
    BOOST_TEST(failover.capability == 3U);
    BOOST_TEST((failover.kind == failover_kind::secondary));
    BOOST_TEST((only<failover_step>("failover 0 primary\n").kind == failover_kind::primary));
    expect_starts(error_of("failover 4 primary\n"), "x.stim:2:10: ");
    expect_starts(error_of("failover 0 tertiary\n"), "x.stim:2:12: expected primary or secondary");
    expect_starts(error_of("failover 0 primary now\n"), "x.stim:2:20: ");
    const auto of_partition = only<reset_step>("reset partition 7 fundamental\n");
    BOOST_TEST(of_partition.of_partition);
    BOOST_TEST(of_partition.fundamental);
    BOOST_TEST(of_partition.partition.value() == 7U);
    expect_starts(error_of("reset partition 8 hot\n"), "x.stim:2:17: a partition is out of range");
    expect_starts(error_of("reset port2 cold\n"), "x.stim:2:13: expected hot or fundamental");
    BOOST_TEST(only<temperature_step>("temp 42.5\n").half_degrees == 85U);
    BOOST_TEST(only<temperature_step>("temp 127.5\n").half_degrees == 255U);
    BOOST_TEST(only<temperature_step>("temp 0\n").half_degrees == 0U);
    for (const char* bad : {"128", "42.25", "-1", "0x10", "x", "42.", ""})
        expect_starts(error_of("temp " + std::string(bad) + "\n"),
                      "x.stim:2:" + std::string(*bad == 0 ? "5" : "6") +
                          ": expected a temperature");
}

BOOST_AUTO_TEST_CASE(smbus_transactions_are_statements) {
    const auto written = only<smbus_step>("smbus 43 07 0f fc75 00000001\n");
    BOOST_TEST(
        (written.bytes == std::vector<std::uint8_t>{0x43, 0x07, 0x0F, 0x75, 0xFC, 1, 0, 0, 0}));
    BOOST_TEST(!written.reads);
    BOOST_TEST(!written.refused);
    BOOST_TEST(only<smbus_step>("at 5ns smbus 01 nack\n").refused);
    const auto read = only<smbus_step>("smbus 43 read 8 == 07 1f\n");
    BOOST_TEST(read.reads);
    BOOST_TEST(read.compare);
    BOOST_TEST(read.length == 8U);
    BOOST_TEST((read.expected == std::vector<std::uint8_t>{0x07, 0x1F}));
    BOOST_TEST(only<smbus_step>("smbus 43 read nack\n").refused);
    expect_starts(error_of("smbus\n"), "x.stim:2:6: expected 2, 4, 8 or 16 hex digits");
    expect_starts(error_of("smbus 43 x\n"), "x.stim:2:10: expected 2, 4, 8 or 16 hex digits");
    expect_starts(error_of("smbus 4307 read 1\n"), "x.stim:2:17: a read has one command code");
    expect_starts(error_of("smbus 43 read 36\n"), "x.stim:2:15: a number of bytes is out of");
    expect_starts(error_of("smbus 43 read 1 == 0102\n"), "x.stim:2:24: as many bytes");
    expect_starts(error_of("smbus 43 read 1 ==\n"), "x.stim:2:19: as many bytes");
    std::string long_one = "smbus";
    for (int i = 0; i < 36; ++i)
        long_one += " 00";
    expect_starts(error_of(long_one + "\n"), "x.stim:2:114: a transaction has at most 35");
}

BOOST_AUTO_TEST_CASE(punch_through_requests_are_statements) {
    const auto read = only<punch_step>("punch-through port2 read 0a:1f.7 +0xffc == 0x5\n");
    BOOST_TEST(!read.write);
    BOOST_TEST(read.target.value() == 0x0AFFU);
    BOOST_TEST(read.offset == 0xFFCU);
    BOOST_TEST(read.compare);
    BOOST_TEST(read.expected == 5U);
    const auto write = only<punch_step>("punch-through port2 write 00:00.1 +0x10 0xffffffff\n");
    BOOST_TEST(write.write);
    BOOST_TEST(write.data == 0xFFFFFFFFU);
    const auto answer = only<host_config_step>("host port2 config 02:00.0 +0x0 0x10\n");
    BOOST_TEST(answer.function.value() == 0x200U);
    BOOST_TEST(answer.value == 0x10U);
    for (const char* wrong :
         {"port2", "port2 peek 02:00.0 +0x0", "port2 read 2:00.0 +0x0", "port2 read 02:20.0 +0x0",
          "port2 read 02:00.8 +0x0", "port2 read 02:00.0 +0x2", "port2 read 02:00.0 +0x1000",
          "port2 read 02:00.0 0x0", "port2 read 02:00.0 +0x0 5", "port2 write 02:00.0 +0x0"})
        expect_starts(error_of("punch-through " + std::string(wrong) + "\n"), "x.stim:2:");
    expect_starts(error_of("host port2 config 02:00.0 +0x0\n"), "x.stim:2:");
}

BOOST_AUTO_TEST_CASE(power_management_messages_are_statements) {
    BOOST_TEST(only<pme_turn_off_step>("pme-turn-off port2\n").port.value() == 2U);
    expect_starts(error_of("pme-turn-off\n"), "x.stim:2:13: expected a port");
    expect_starts(error_of("pme-turn-off port2 now\n"), "x.stim:2:20: ");
}

BOOST_AUTO_TEST_CASE(repeats_nest_and_close) {
    const program p = parsed("repeat 3\nrepeat 2\nnote x\nend\nend\n");
    BOOST_TEST_REQUIRE(p.statements.size() == 5U);
    BOOST_TEST(std::get<repeat_begin>(p.statements[0].what).end == 4U);
    BOOST_TEST(std::get<repeat_begin>(p.statements[1].what).end == 3U);
    BOOST_TEST(std::get<repeat_end>(p.statements[4].what).begin == 0U);
    expect_starts(error_of("note\nrepeat 3\nnote x\n"), "x.stim:3:1: this repeat has no end");
    expect_starts(error_of("end\n"), "x.stim:2:1: this end has no repeat");
    expect_starts(error_of("repeat\n"), "x.stim:2:7: expected a count");
    std::string deep;
    for (int i = 0; i < 17; ++i)
        deep += "repeat 1\n";
    expect_starts(error_of(deep), "x.stim:18:8: repeats are nested too deep");
}

BOOST_AUTO_TEST_CASE(notes_and_ends_of_lines) {
    BOOST_TEST(only<note_step>("note two words # not this\n").text == "two words");
    BOOST_TEST(parsed("  port2 enumerate # c\n").statements[0].text == "port2 enumerate");
    expect_starts(error_of("port2 enumerate now\n"), "x.stim:2:17: expected the end of the line");
    expect_starts(error_of("prot2 enumerate\n"), "x.stim:2:1: expected a statement, found 'prot2'");
}

BOOST_AUTO_TEST_CASE(other_bytes_than_printable_ascii_are_allowed_in_comments_only) {
    BOOST_TEST(parsed("note x # caf\xC3\xA9\n").statements.size() == 1U);
    expect_starts(error_of("note caf\xC3\xA9\n"), "x.stim:2:9: expected printable ASCII");
    expect_starts(error_of(std::string("note\0x\n", 7)), "x.stim:2:5: expected printable ASCII");
    expect_starts(error_of("note " + std::string(70000, 'x') + "\n"), "x.stim:2: is longer than");
    // A message stays one short line whatever the input.
    BOOST_TEST(error_of(std::string(60000, 'x') + "\n").size() < 300U);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_reported) {
    for (const char* path : {"/nonexistent/x.stim", "/"})
        BOOST_CHECK_EXCEPTION(
            (void)load(path, lookup), stimulus_error, [](const stimulus_error& e) {
                return std::string(e.what()).find("cannot be read") != std::string::npos;
            });
}

BOOST_AUTO_TEST_CASE(the_models_register_names_are_known) {
    const auto doorbell = model_register("INDBELLSTS");
    BOOST_TEST_REQUIRE(doorbell.has_value());
    BOOST_TEST(doorbell->offset == 0x428U);
    BOOST_TEST(!doorbell->global);
    const auto command = model_register("PCICMD");
    BOOST_TEST_REQUIRE(command.has_value());
    BOOST_TEST(command->size == 2U);
    const auto signal = model_register("SEGSIGSTS");
    BOOST_TEST_REQUIRE(signal.has_value());
    BOOST_TEST(signal->offset == 0x3EC30U);
    BOOST_TEST(signal->global);
    BOOST_TEST(model_register("OUTMSG3")->offset == 0x43CU);
    BOOST_TEST(!model_register("OUTMSG4").has_value());
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused_or_parsed_and_never_crash) {
    const std::string sound =
        "ntbstim 1\ntopology two-host\ntiming default\nport0 enumerate\n"
        "repeat 3\nat 100ns port0.bar0 write INDBELLSTS 0x4 be 0xf\n"
        "after 1ns..2ns port2.f0.config read PCICMD size 2 == 0x4 mask 0x6\n"
        "port2 expect msi count 2 within 2us\nmem port2 0x200 check deadbeef\n"
        "end\nlink port2 down\nreset partition 1 hot\ntemp 42.5\n"
        "port0.bar0 write +0xff8 &port2.INDBELLSTS\n";
    std::mt19937 engine(20260101);
    const auto random = [&engine] { return static_cast<unsigned>(engine()); };
    unsigned refused = 0;
    constexpr unsigned rounds = 20000;
    for (unsigned i = 0; i < rounds; ++i) {
        std::string text = sound;
        const unsigned damages = 1 + random() % 3;
        for (unsigned d = 0; d < damages; ++d) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
            case 0:
                text[at] = static_cast<char>(random() % 256);
                break;
            case 1:
                text.erase(at, 1 + random() % 8);
                break;
            case 2:
                text.insert(at, text.substr(random() % text.size(), random() % 16));
                break;
            default:
                text.resize(at + 1);
                break;
            }
            if (text.empty())
                text = "x";
        }
        try {
            const program p = parse(text, "x.stim", lookup);
            // What parsed is consistent: every repeat knows its end and the other way round.
            for (std::size_t k = 0; k < p.statements.size(); ++k)
                if (const auto* begin = std::get_if<repeat_begin>(&p.statements[k].what))
                    BOOST_TEST(std::get<repeat_end>(p.statements.at(begin->end).what).begin == k);
        } catch (const stimulus_error&) {
            ++refused;
        }
    }
    BOOST_TEST(refused > rounds / 2);
    BOOST_TEST(refused < rounds);
}

BOOST_AUTO_TEST_SUITE_END()
