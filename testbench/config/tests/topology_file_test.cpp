// SPDX-License-Identifier: Apache-2.0
// Topology files: the built-in ones, the rules of the device, and errors that name file, line, key.
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "testbench/config/topology_file.h"

using namespace ntb;
using namespace ntb::config;

namespace {

// Line 1..11; a test appends what it is about.
const std::string base = "device = \"89HPES24NT6AG2\"\n"
                         "[[partition]]\nid = 0\nstate = \"active\"\n"
                         "[[partition]]\nid = 1\nstate = \"active\"\n"
                         "[[port]]\nnumber = 0\nmode = \"nt\"\npartition = 0\n";

std::string error_of(const std::string& text) {
    try {
        (void)parse_topology(text, "x.toml");
    } catch (const config_error& error) {
        return error.what();
    }
    return "no error";
}

/// Error of one BAR on top of `base`, whose lines begin at 12.
std::string bar_error(const std::string& number, const std::string& keys) {
    return error_of(base + "[port.bar." + number + "]\n" + keys);
}

void expect_starts(const std::string& error, const std::string& start) {
    BOOST_TEST(error.find(start) == 0, "expected \"" + start + "...\", got \"" + error + "\"");
}

} // namespace

BOOST_AUTO_TEST_SUITE(topology_files)

BOOST_AUTO_TEST_CASE(two_host_is_the_switch_that_the_documents_describe) {
    const topology_file file = load_topology("two-host");
    const topology_config& t = file.topology;
    BOOST_TEST((t.device == device_id::hpes24nt6ag2));
    BOOST_TEST(file.timing == "default");
    for (unsigned p = 0; p < max_partitions; ++p)
        BOOST_TEST(
            (t.partitions.at(p) == (p < 2 ? partition_state::active : partition_state::disabled)));
    for (unsigned n = 0; n < max_ports; ++n) {
        const port_config& port = t.ports.at(n);
        if (n != 0 && n != 2) {
            BOOST_TEST((port.mode == port_mode::disabled));
            continue;
        }
        const unsigned peer = n == 0 ? 1 : 0;
        BOOST_TEST((port.mode == port_mode::nt));
        BOOST_TEST(port.partition.value() == 1 - peer);
        BOOST_TEST(port.host_requester.value() == 0U);
        BOOST_TEST(port.bars[0].enabled);
        BOOST_TEST(port.bars[0].config_space);
        BOOST_TEST(!port.bars[0].is_64bit);
        BOOST_TEST(port.bars[0].size_log2 == 12);
        BOOST_TEST(!port.bars[1].enabled);
        for (const unsigned b : {2U, 3U}) {
            BOOST_TEST(port.bars.at(b).enabled);
            BOOST_TEST(!port.bars.at(b).is_64bit);
            BOOST_TEST(!port.bars.at(b).config_space);
            BOOST_TEST(port.bars.at(b).size_log2 == 20);
            BOOST_TEST((port.bars.at(b).translation == bar_translation::direct));
            BOOST_TEST(port.bars.at(b).target_partition.value() == peer);
        }
        BOOST_TEST(port.bars[4].enabled);
        BOOST_TEST(port.bars[4].is_64bit);
        BOOST_TEST(port.bars[4].prefetchable);
        BOOST_TEST(port.bars[4].size_log2 == 24);
        BOOST_TEST((port.bars[4].translation == bar_translation::lut12));
        BOOST_TEST(!port.bars[5].enabled);
    }
}

BOOST_AUTO_TEST_CASE(every_built_in_topology_loads_and_describes_itself) {
    BOOST_TEST(!builtin_topologies().empty());
    for (const std::string& name : builtin_topologies()) {
        const topology_file file = load_topology(name);
        BOOST_TEST(file.name == name);
        BOOST_TEST(!file.description.empty());
    }
}

BOOST_AUTO_TEST_CASE(unknown_keys_are_named_with_file_and_line) {
    expect_starts(error_of(base + "speed = 3\n"), "x.toml:12: port.speed: unknown key");
    expect_starts(error_of("devise = \"a\"\n" + base), "x.toml:1: devise: unknown key");
    expect_starts(error_of(base + "[[partition]]\nid = 2\nstat = \"active\"\n"),
                  "x.toml:14: partition.stat: unknown key");
    expect_starts(bar_error("2", "mod = \"window\"\n"), "x.toml:13: port.bar.2.mod: unknown key");
    expect_starts(bar_error("6", "mode = \"window\"\n"), "x.toml:12: port.bar.6: unknown key");
    expect_starts(bar_error("22", "mode = \"window\"\n"), "x.toml:12: port.bar.22: unknown key");
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_named_with_file_and_line) {
    expect_starts(error_of("device = \"PEX8749\"\n"), "x.toml:1: device: unknown value");
    expect_starts(error_of(base + "requester_id = \"00:20.0\"\n"), "x.toml:12: port.requester_id");
    expect_starts(error_of(base + "requester_id = \"0:0.0\"\n"), "x.toml:12: port.requester_id");
    expect_starts(error_of(base + "requester_id = \"00:00.8\"\n"), "x.toml:12: port.requester_id");
    expect_starts(error_of(base + "requester_id = \"-1:00.0\"\n"), "x.toml:12: port.requester_id");
    expect_starts(error_of(base + "requester_id = 0\n"), "x.toml:12: port.requester_id");
    expect_starts(error_of(base + "link_width = 3\n"), "x.toml:12: port.link_width");
    expect_starts(error_of(base + "link_generation = 3\n"), "x.toml:12: port.link_generation");
    expect_starts(error_of(base + "device_number = 32\n"), "x.toml:12: port.device_number");
    expect_starts(error_of(base + "[[port]]\nnumber = 24\nmode = \"nt\"\npartition = 1\n"),
                  "x.toml:13: port.number: is 24, out of range");
    expect_starts(error_of(base + "[[port]]\nnumber = 2\nmode = \"ntb\"\npartition = 1\n"),
                  "x.toml:14: port.mode: unknown value");
    expect_starts(error_of(base + "[[partition]]\nid = 8\nstate = \"active\"\n"),
                  "x.toml:13: partition.id: is 8, out of range");
    expect_starts(error_of(base + "[[partition]]\nid = 3\nstate = \"on\"\n"),
                  "x.toml:14: partition.state: unknown value");
}

BOOST_AUTO_TEST_CASE(a_requester_id_is_bus_device_function) {
    const topology_file file = parse_topology(base + "requester_id = \"a1:1f.7\"\n", "x.toml");
    BOOST_TEST(file.topology.ports[0].host_requester.value() == 0xA1FFU);
    BOOST_TEST(requester_name(file.topology.ports[0].host_requester) == "a1:1f.7");
}

BOOST_AUTO_TEST_CASE(required_keys_are_required) {
    expect_starts(error_of("device = \"89HPES24NT6AG2\"\n"), "x.toml:1: port: no port has");
    expect_starts(error_of(base + "[[port]]\nmode = \"nt\"\n"), "x.toml:12: port: has no number");
    expect_starts(error_of(base + "[[port]]\nnumber = 2\n"), "x.toml:12: port: has no mode");
    expect_starts(error_of(base + "[[port]]\nnumber = 2\nmode = \"nt\"\n"),
                  "x.toml:12: port: has no partition");
    expect_starts(bar_error("2", "mode = \"window\"\ntype = 32\ntpart = 1\n"),
                  "x.toml:12: port.bar.2: has no size");
    expect_starts(bar_error("2", "mode = \"window\"\nsize = \"1MiB\"\ntpart = 1\n"),
                  "x.toml:12: port.bar.2: has no type");
    expect_starts(bar_error("2", "mode = \"window\"\nsize = \"1MiB\"\ntype = 32\n"),
                  "x.toml:12: port.bar.2: a direct window has no tpart");
}

BOOST_AUTO_TEST_CASE(only_the_ports_of_that_device_carry_an_nt_function) {
    expect_starts(error_of(base + "[[port]]\nnumber = 3\nmode = \"nt\"\npartition = 1\n"),
                  "x.toml:14: port.mode: port 3 of a 89HPES24NT6AG2 has no NT function");
    BOOST_TEST(error_of(base + "[[port]]\nnumber = 12\nmode = \"nt\"\npartition = 1\n") ==
               "no error");
    std::string other = base;
    other.replace(other.find("24NT6AG2"), 8, "12NT12G2");
    expect_starts(error_of(other + "[[port]]\nnumber = 12\nmode = \"nt\"\npartition = 1\n"),
                  "x.toml:14: port.mode: port 12 of a 89HPES12NT12G2");
}

BOOST_AUTO_TEST_CASE(each_member_of_the_family_has_its_own_nt_ports) { // B1.1 B1.3
    const std::set<unsigned> all{0, 2, 4, 6, 8, 12, 16, 20};
    const std::map<std::string, std::set<unsigned>> members{{"89HPES24NT6AG2", {0, 2, 4, 6, 8, 12}},
                                                            {"89HPES32NT8AG2", all},
                                                            {"89HPES32NT8BG2", all},
                                                            {"89HPES12NT12G2", {0, 8, 16}},
                                                            {"89HPES16NT16G2", {0, 8, 12, 16}},
                                                            {"89HPES24NT24G2", all},
                                                            {"89HPES32NT24AG2", all},
                                                            {"89HPES32NT24BG2", all}};
    BOOST_TEST(members.size() == family.size());
    for (const auto& [device, nt_ports] : members) {
        for (unsigned port = 0; port < max_ports; ++port) {
            const std::string text =
                "device = \"" + device + "\"\n[[partition]]\nid = 0\n" +
                "state = \"active\"\n[[port]]\nnumber = " + std::to_string(port) +
                "\nmode = \"nt\"\npartition = 0\n";
            if (nt_ports.count(port) != 0)
                BOOST_TEST(error_of(text) == "no error", device << " port " << port);
            else
                expect_starts(error_of(text), "x.toml:7: port.mode: port " + std::to_string(port) +
                                                  " of a " + device + " has no NT function (use");
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_device_it_is_the_24nt6ag2) {
    const std::string rest = base.substr(base.find('\n') + 1);
    BOOST_TEST((parse_topology(rest, "x.toml").topology.device == device_id::hpes24nt6ag2));
    expect_starts(error_of(rest + "[[port]]\nnumber = 16\nmode = \"nt\"\npartition = 1\n"),
                  "x.toml:13: port.mode: port 16 of a 89HPES24NT6AG2 has no NT function (use port "
                  "0, 2, 4, 6, 8, 12)");
}

BOOST_AUTO_TEST_CASE(eight_host_gives_each_of_eight_ports_a_partition) {
    const topology_config t = load_topology("eight-host").topology;
    BOOST_TEST((t.device == device_id::hpes32nt24ag2));
    BOOST_TEST((t.compat == compatibility::none));
    unsigned partition = 0;
    for (unsigned n = 0; n < max_ports; ++n) {
        if (!can_carry_nt(t.device, port_number(n))) {
            BOOST_TEST((t.ports.at(n).mode == port_mode::disabled));
            continue;
        }
        BOOST_TEST((t.ports.at(n).mode == port_mode::nt));
        BOOST_TEST(t.ports.at(n).partition.value() == partition);
        BOOST_TEST((t.partitions.at(partition) == partition_state::active));
        ++partition;
    }
    BOOST_TEST(partition == 8U);
}

BOOST_AUTO_TEST_CASE(seed_has_ports_0_and_2_in_partition_0_and_nothing_else) {
    const topology_config t = load_topology("seed").topology;
    BOOST_TEST((t.device == device_id::hpes24nt6ag2));
    BOOST_TEST((t.compat == compatibility::seed));
    for (unsigned n = 0; n < max_ports; ++n) {
        const bool used = n == 0 || n == 2;
        BOOST_TEST((t.ports.at(n).mode == (used ? port_mode::nt : port_mode::disabled)));
        BOOST_TEST(t.ports.at(n).partition.value() == 0U);
    }
    for (unsigned p = 0; p < max_partitions; ++p)
        BOOST_TEST(
            (t.partitions.at(p) == (p == 0 ? partition_state::active : partition_state::disabled)));
}

BOOST_AUTO_TEST_CASE(two_ports_share_a_partition_only_where_the_file_says_compatible_with_seed) {
    const std::string second = "[[port]]\nnumber = 2\nmode = \"nt\"\npartition = 0\n";
    const std::string third = "[[port]]\nnumber = 4\nmode = \"nt\"\npartition = 0\n";
    expect_starts(error_of(base + second), "x.toml:15: port.partition: partition 0 already");
    expect_starts(error_of("compatibility = \"none\"\n" + base + second),
                  "x.toml:16: port.partition: partition 0 already has port 0");
    const std::string seed = "compatibility = \"seed\"\n" + base;
    BOOST_TEST(error_of(seed + second) == "no error");
    expect_starts(error_of(seed + second + third),
                  "x.toml:20: port.partition: partition 0 already has ports 0 and 2");
    expect_starts(error_of(seed + "[[port]]\nnumber = 3\nmode = \"downstream\"\npartition = 0\n"),
                  "x.toml:16: port.mode: is downstream in a topology compatible with");
    expect_starts(error_of("compatibility = \"silicon\"\n" + base),
                  "x.toml:1: compatibility: unknown value");
}

BOOST_AUTO_TEST_CASE(ports_and_partitions_are_given_once_and_one_host_has_a_partition) {
    expect_starts(error_of(base + "[[port]]\nnumber = 0\nmode = \"nt\"\npartition = 1\n"),
                  "x.toml:13: port.number: 0 is given twice");
    expect_starts(error_of(base + "[[partition]]\nid = 1\nstate = \"active\"\n"),
                  "x.toml:13: partition.id: 1 is given twice");
    expect_starts(error_of(base + "[[port]]\nnumber = 2\nmode = \"nt\"\npartition = 0\n"),
                  "x.toml:15: port.partition: partition 0 already has port 0");
    expect_starts(error_of(base + "[[port]]\nnumber = 2\nmode = \"nt\"\npartition = 5\n"),
                  "x.toml:15: port.partition: partition 5 is not declared");
}

BOOST_AUTO_TEST_CASE(bar_0_is_configuration_space_of_4_kib_or_a_direct_window) {
    expect_starts(bar_error("0", "mode = \"config\"\nsize = \"8KiB\"\ntype = 32\n"),
                  "x.toml:14: port.bar.0.size: configuration space is 4 KiB");
    BOOST_TEST(bar_error("0", "mode = \"config\"\nsize = 4096\ntype = 64\n") == "no error");
    BOOST_TEST(bar_error("0", "mode = \"window\"\nsize = \"1MiB\"\ntype = 32\ntpart = 1\n") ==
               "no error");
    expect_starts(
        bar_error("0", "mode = \"window\"\nsize = \"1MiB\"\ntype = 32\natran = \"lut12\"\n"),
        "x.toml:16: port.bar.0.atran: only BAR 2 and BAR 4");
    expect_starts(bar_error("2", "mode = \"config\"\nsize = \"4KiB\"\ntype = 32\n"),
                  "x.toml:13: port.bar.2.mode: only BAR 0");
}

BOOST_AUTO_TEST_CASE(odd_bars_are_direct_32_bit_windows_and_vanish_behind_a_64_bit_bar) {
    expect_starts(
        bar_error("3", "mode = \"window\"\nsize = \"1MiB\"\ntype = 32\natran = \"lut12\"\n"),
        "x.toml:16: port.bar.3.atran: only BAR 2 and BAR 4");
    expect_starts(bar_error("3", "mode = \"window\"\nsize = \"1MiB\"\ntype = 64\ntpart = 1\n"),
                  "x.toml:15: port.bar.3.type: an odd BAR is 32-bit");
    expect_starts(
        bar_error("2", "mode = \"window\"\nsize = \"1MiB\"\ntype = 64\ntpart = 1\n"
                       "[port.bar.3]\nmode = \"window\"\nsize = \"1MiB\"\ntype = 32\ntpart = 1\n"),
        "x.toml:17: port.bar.3: is the upper half of the 64-bit BAR 2");
}

BOOST_AUTO_TEST_CASE(only_one_bar_has_the_24_entry_table) {
    const std::string lut24 = "mode = \"window\"\nsize = \"1MiB\"\ntype = 32\natran = \"lut24\"\n";
    const std::string lut12 = "mode = \"window\"\nsize = \"1MiB\"\ntype = 32\natran = \"lut12\"\n";
    expect_starts(bar_error("2", lut24 + "[port.bar.4]\n" + lut24),
                  "x.toml:17: port.bar.4.atran: BAR 2 has the 24-entry table");
    BOOST_TEST(bar_error("2", lut24 + "[port.bar.4]\n" + lut12) == "no error");
    BOOST_TEST(bar_error("2", lut12 + "[port.bar.4]\n" + lut24) == "no error");
}

BOOST_AUTO_TEST_CASE(window_sizes_are_powers_of_two_in_the_range_of_the_bar_type) {
    const auto sized = [](const std::string& size, const std::string& type) {
        return bar_error("2", "mode = \"window\"\nsize = " + size + "\ntype = " + type +
                                  "\ntpart = 1\n");
    };
    BOOST_TEST(sized("512", "32") == "no error");
    BOOST_TEST(sized("\"2GiB\"", "32") == "no error");
    BOOST_TEST(sized("\"128GiB\"", "64") == "no error");
    for (const auto& [size, type] : std::initializer_list<std::pair<const char*, const char*>>{
             {"256", "32"},
             {"\"4GiB\"", "32"},
             {"\"256GiB\"", "64"},
             {"\"3MiB\"", "32"},
             {"0", "32"},
             {"-4096", "32"},
             {"\"1MB\"", "32"},
             {"\"\"", "32"},
             {"\"MiB\"", "32"},
             {"\"99999999999999999999\"", "32"},
             {"\"17179869184GiB\"", "64"},
             {"true", "32"}})
        expect_starts(sized(size, type), "x.toml:14: port.bar.2.size: ");
    expect_starts(sized("\"1MiB\"", "33"), "x.toml:15: port.bar.2.type: ");
}

BOOST_AUTO_TEST_CASE(a_port_without_nt_function_has_no_nt_bars) {
    expect_starts(error_of(base + "[[port]]\nnumber = 3\nmode = \"unattached\"\n[port.bar.2]\n"),
                  "x.toml:14: port.bar: a port without NT function");
}

BOOST_AUTO_TEST_CASE(shapes_other_than_tables_are_refused) {
    expect_starts(error_of("device = \"89HPES24NT6AG2\"\nport = 3\n"),
                  "x.toml:2: port: is not a list of tables");
    expect_starts(error_of("device = \"89HPES24NT6AG2\"\nport = [1]\n"),
                  "x.toml:2: [port]: is not a table");
    expect_starts(error_of(base + "bar = 1\n"), "x.toml:12: port.bar: is not a table");
    expect_starts(error_of(base + "bar = { 2 = 1 }\n"), "x.toml:12: port.bar.2: is not a table");
}

BOOST_AUTO_TEST_CASE(what_clears_temperature_alarms_can_be_chosen) {
    BOOST_TEST(!parse_topology(base, "x.toml").topology.tmpalarm_read_clears);
    const std::string key = "tmpalarm_read_clears = true\n";
    BOOST_TEST(parse_topology(key + base, "x.toml").topology.tmpalarm_read_clears);
    expect_starts(error_of("tmpalarm_read_clears = 1\n" + base),
                  "x.toml:1: tmpalarm_read_clears: ");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_says_what_to_give) {
    for (const char* path : {"/nonexistent/x.toml", "/", "/dev/zero"})
        BOOST_CHECK_EXCEPTION((void)load_topology(path), config_error, [](const config_error& e) {
            return std::string(e.what()).find(" (give ") != std::string::npos;
        });
}

BOOST_AUTO_TEST_CASE(sizes_are_written_with_their_largest_unit) {
    BOOST_TEST(size_name(4096) == "4KiB");
    BOOST_TEST(size_name(std::uint64_t{16} << 20) == "16MiB");
    BOOST_TEST(size_name(512) == "512");
    BOOST_TEST(size_name(std::uint64_t{1} << 40) == "1024GiB");
}

BOOST_AUTO_TEST_CASE(a_host_may_wait_where_no_function_is_yet) {
    const std::string waiting = base + "[[port]]\nnumber = 2\nmode = \"disabled\"\n";
    const topology_config t =
        parse_topology(waiting + "host = true\n[port.bar.0]\nmode = \"config\"\n"
                                 "size = \"4KiB\"\ntype = 32\n",
                       "x.toml")
            .topology;
    BOOST_TEST(t.ports.at(2).host);
    BOOST_TEST(t.ports.at(2).bars.at(0).enabled);
    BOOST_TEST(t.ports.at(0).host);
    BOOST_TEST(!parse_topology(waiting, "x.toml").topology.ports.at(2).host);
    expect_starts(error_of(base + "host = false\n"), "x.toml:12: port.host: a port with an NT");
    expect_starts(error_of(waiting + "[port.bar.0]\n"), "x.toml:14: port.bar: a port without NT");
    expect_starts(error_of(base + "[[port]]\nnumber = 3\nmode = \"disabled\"\nhost = true\n"),
                  "x.toml:15: port.host: port 3 of a 89HPES24NT6AG2 never has an NT function (use "
                  "port 0, 2, 4, 6, 8, 12)");
}

BOOST_AUTO_TEST_CASE(failovers_say_what_changes_and_keep_the_rest) { // B3.8 B3.9
    const topology_config t =
        parse_topology(base + "device_number = 9\n[port.failover]\ncapability = 3\n"
                              "primary = { mode = \"unattached\" }\n"
                              "secondary = { partition = 5, device_number = 4 }\n"
                              "[[partition]]\nid = 6\nstate = \"reset\"\n"
                              "failover = { capability = 1, secondary = \"active\" }\n",
                       "x.toml")
            .topology;
    const port_failover& port = t.ports.at(0).failover;
    BOOST_TEST(port.enabled);
    BOOST_TEST(port.capability == 3U);
    BOOST_TEST((port.to[0].mode == port_mode::unattached));
    BOOST_TEST(port.to[0].partition.value() == 0U);
    BOOST_TEST(port.to[0].device_number == 9U);
    BOOST_TEST((port.to[1].mode == port_mode::nt));
    BOOST_TEST(port.to[1].partition.value() == 5U);
    BOOST_TEST(port.to[1].device_number == 4U);
    const partition_failover& partition = t.partition_failovers.at(6);
    BOOST_TEST(partition.enabled);
    BOOST_TEST(partition.capability == 1U);
    BOOST_TEST((partition.to[0] == partition_state::reset));
    BOOST_TEST((partition.to[1] == partition_state::active));
    BOOST_TEST(!t.partition_failovers.at(0).enabled);

    const std::string section = base + "[port.failover]\n";
    expect_starts(error_of(section), "x.toml:12: port.failover: has no capability");
    expect_starts(error_of(section + "capability = 4\n"), "x.toml:13: port.failover.capability");
    expect_starts(error_of(section + "capability = 0\ntertiary = 1\n"),
                  "x.toml:14: port.failover.tertiary: unknown key");
    expect_starts(error_of(section + "capability = 0\nprimary = { mod = 1 }\n"),
                  "x.toml:14: port.failover.primary.mod: unknown key");
    expect_starts(error_of(base + "[[port]]\nnumber = 3\nmode = \"disabled\"\n[port.failover]\n"
                                  "capability = 0\nprimary = { mode = \"nt\" }\n"),
                  "x.toml:17: port.failover.primary.mode: port 3 of a 89HPES24NT6AG2 has no NT");
}

BOOST_AUTO_TEST_SUITE_END()
