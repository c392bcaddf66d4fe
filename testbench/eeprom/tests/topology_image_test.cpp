// SPDX-License-Identifier: Apache-2.0
// From a topology to an image and back (docs/reference/behaviour.md B3.2, B15).
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <fstream>

#include "testbench/config/topology_file.h"
#include "testbench/eeprom/addresses.h"
#include "testbench/eeprom/image_file.h"
#include "testbench/eeprom/topology_image.h"

using namespace ntb;
using namespace ntb::eeprom;

namespace {

void expect_same(const topology_config& got, const topology_config& expected) {
    for (unsigned p = 0; p < max_partitions; ++p)
        BOOST_TEST((got.partitions.at(p) == expected.partitions.at(p)), "partition " << p);
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& a = got.ports.at(p);
        const port_config& b = expected.ports.at(p);
        BOOST_TEST((a.mode == b.mode), "port " << p);
        BOOST_TEST(a.partition.value() == b.partition.value(), "port " << p);
        BOOST_TEST(a.device_number == b.device_number, "port " << p);
        for (unsigned n = 0; n < bar_count; ++n) {
            const bar_config& x = a.bars.at(n);
            const bar_config& y = b.bars.at(n);
            BOOST_TEST(x.enabled == y.enabled, "port " << p << " BAR " << n);
            BOOST_TEST(x.is_64bit == y.is_64bit);
            BOOST_TEST(x.prefetchable == y.prefetchable);
            BOOST_TEST(x.config_space == y.config_space);
            BOOST_TEST(x.size_log2 == y.size_log2);
            BOOST_TEST((x.translation == y.translation));
            BOOST_TEST(x.target_partition.value() == y.target_partition.value());
        }
    }
}

/// The registers that a load writes, in order.
std::vector<eeprom_step> steps_of(const image& bytes) {
    eeprom_reader reader(bytes.data(), bytes.size(), default_eeprom_boot_mode);
    std::vector<eeprom_step> out;
    do
        out.push_back(reader.next());
    while (out.back().what != eeprom_step::kind::done &&
           out.back().what != eeprom_step::kind::fault);
    return out;
}

/// A file of this process in the current directory, gone at the end.
class scratch_file {
public:
    scratch_file(std::string name, const std::string& content) : path(std::move(name)) {
        std::ofstream(path, std::ios::binary) << content;
    }
    ~scratch_file() { std::remove(path.c_str()); }
    scratch_file(const scratch_file&) = delete;
    scratch_file& operator=(const scratch_file&) = delete;
    const std::string path;
};

std::string text_of(const image& bytes) {
    return std::string(bytes.begin(), bytes.end());
}

std::string error_of(const std::string& text) {
    try {
        (void)config::parse_topology(text, "x.toml");
    } catch (const config::config_error& error) {
        return error.what();
    }
    return "no error";
}

} // namespace

BOOST_AUTO_TEST_SUITE(images_of_topologies)

BOOST_AUTO_TEST_CASE(every_built_in_topology_comes_back_from_its_image) {
    for (const std::string& name : config::builtin_topologies()) {
        const topology_config topology = config::load_topology(name).topology;
        const image_effect effect =
            effect_of(image_of(topology), topology.device, default_eeprom_boot_mode);
        BOOST_TEST((effect.last.what == eeprom_step::kind::done), name);
        expect_same(effect.topology, topology);
    }
}

BOOST_AUTO_TEST_CASE(every_mode_state_and_device_number_comes_back) {
    topology_config topology{};
    topology.partitions.at(1) = partition_state::active;
    topology.partitions.at(7) = partition_state::reset;
    for (unsigned mode = 0; mode <= 8; ++mode) {
        topology.ports.at(mode).mode = static_cast<port_mode>(mode);
        if (mode != 0) {
            topology.ports.at(mode).partition = partition_number(mode - 1);
            topology.ports.at(mode).device_number = static_cast<std::uint8_t>(31 - mode);
        }
    }
    expect_same(effect_of(image_of(topology), topology.device, 0xF).topology, topology);
}

BOOST_AUTO_TEST_CASE(registers_are_written_in_the_order_that_works) { // B3.2 B3.3
    const std::vector<eeprom_step> steps =
        steps_of(image_of(config::load_topology("two-host").topology));
    std::string order;
    for (const eeprom_step& step : steps) {
        if (step.what == eeprom_step::kind::done)
            continue;
        const bool wait = step.what == eeprom_step::kind::wait;
        order += (wait ? "wait " : "") + register_name(step.address) +
                 (wait ? "" : " " + hex(step.data, 1)) + "\n";
    }
    BOOST_TEST(order == "RDRAINDELAY 0x0\nPOMCDELAY 0x0\nSEDELAY 0x0\nUSSBRDELAY 0x0\n"
                        "PCLKMODE 0x0\n"
                        "SWPART0CTL 0x1\nwait SWPART0STS\nSWPART0STS 0x3\n"
                        "SWPART1CTL 0x1\nwait SWPART1STS\nSWPART1STS 0x3\n"
                        "SWPORT0CTL 0x10003\nwait SWPORT0STS\nSWPORT0STS 0x3\n"
                        "SWPORT2CTL 0x10013\nwait SWPORT2STS\nSWPORT2STS 0x3\n"
                        "port0.BARSETUP0 0x800004c0\nport0.BARSETUP2 0x80002140\n"
                        "port0.BARSETUP3 0x80002140\nport0.BARSETUP4 0x8000098c\n"
                        "port2.BARSETUP0 0x800004c0\nport2.BARSETUP2 0x80000140\n"
                        "port2.BARSETUP3 0x80000140\nport2.BARSETUP4 0x8000098c\n"
                        "RDRAINDELAY 0xfa\nPOMCDELAY 0x3e8\nSEDELAY 0x3e8\nUSSBRDELAY 0x0\n");
    for (const eeprom_step& step : steps)
        if (step.what == eeprom_step::kind::wait) // for "completed", whatever the other bits are
            BOOST_TEST(!step.satisfied_by(1) == step.satisfied_by(2));
}

BOOST_AUTO_TEST_CASE(what_an_image_cannot_carry_is_told) {
    topology_config topology = config::load_topology("two-host").topology;
    BOOST_TEST(not_in_image(topology, "default").empty());
    topology.ports.at(2).host_requester = requester_id(0x100);
    topology.ports.at(0).link_width = 8;
    topology.ports.at(4).link_width = 8; // a disabled port has no link to speak of
    topology.device = device_id::hpes32nt8ag2;
    topology.compat = compatibility::seed;
    BOOST_TEST(not_in_image(topology, "slow.toml").size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_load_that_fails_has_done_what_came_before) {
    image bytes = image_of(config::load_topology("two-host").topology);
    bytes.back() = static_cast<std::uint8_t>(bytes.back() + 1);
    const image_effect wrong_sum = effect_of(bytes, device_id::hpes24nt6ag2, 0xF);
    BOOST_TEST((wrong_sum.last.fault == eeprom_fault::checksum));
    BOOST_TEST((wrong_sum.topology.ports.at(2).mode == port_mode::nt));
    const image_effect blank = effect_of(image(64, 0xFF), device_id::hpes24nt6ag2, 0xF);
    expect_same(blank.topology, topology_config{});
}

BOOST_AUTO_TEST_CASE(an_image_is_a_topology) {
    const topology_config expected = config::load_topology("two-host").topology;
    for (const char* name : {"an_image_is_a_topology.eeprom", "an_image_is_a_topology.bin"}) {
        const scratch_file file(name, text_of(image_of(expected)));
        const config::topology_file loaded = config::load_topology(file.path);
        expect_same(loaded.topology, expected);
        BOOST_TEST(loaded.topology.eeprom.present);
        BOOST_TEST(loaded.topology.eeprom.image == image_of(expected));
        BOOST_TEST(loaded.topology.boot_mode == 0xF);
        BOOST_TEST(loaded.timing == "default");
    }
    BOOST_TEST(!expected.eeprom.present);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_too_large_or_not_there_is_an_error) {
    const scratch_file file("too_large.eeprom", std::string(eeprom_max_bytes + 1, '\0'));
    BOOST_CHECK_THROW((void)read_image(file.path), config::config_error);
    BOOST_CHECK_THROW((void)read_image("nothing.eeprom"), config::config_error);
    BOOST_CHECK_THROW(write_image("no/such/directory/x.eeprom", {}), config::config_error);
}

BOOST_AUTO_TEST_CASE(a_topology_file_may_take_its_registers_from_an_image) {
    const topology_config expected = config::load_topology("two-host").topology;
    const scratch_file file("in_a_topology.eeprom", text_of(image_of(expected)));
    const config::topology_file loaded = config::parse_topology(
        "device = \"89HPES32NT8AG2\"\ntiming = \"ideal\"\neeprom = \"in_a_topology.eeprom\"\n"
        "boot_mode = 12\neeprom_ignore_checksum = true\ncompatibility = \"seed\"\n"
        "[[port]]\nnumber = 2\nrequester_id = \"01:00.0\"\nlink_width = 8\n",
        "x.toml");
    BOOST_TEST((loaded.topology.device == device_id::hpes32nt8ag2));
    BOOST_TEST(loaded.timing == "ideal");
    BOOST_TEST(loaded.topology.boot_mode == 12);
    BOOST_TEST(loaded.topology.eeprom.ignore_checksum);
    BOOST_TEST((loaded.topology.compat == compatibility::seed));
    BOOST_TEST(loaded.topology.ports.at(2).host_requester.value() == 0x100U);
    BOOST_TEST(loaded.topology.ports.at(2).link_width == 8);
    expect_same(loaded.topology, expected);
}

BOOST_AUTO_TEST_CASE(beside_an_image_a_topology_file_says_only_what_an_image_cannot) {
    const scratch_file file("x.eeprom", text_of(image_builder().done().bytes()));
    const std::string head = "device = \"89HPES24NT6AG2\"\neeprom = \"x.eeprom\"\n";
    BOOST_TEST(error_of(head) == "no error");
    const std::string mode = error_of(head + "[[port]]\nnumber = 0\nmode = \"nt\"\n");
    BOOST_TEST(mode.find("x.toml:5: port.mode: unknown key") == 0U, mode);
    const std::string partition = error_of(head + "[[partition]]\nid = 0\nstate = \"active\"\n");
    BOOST_TEST(partition.find("x.toml:3: partition: unknown key") == 0U, partition);
    const std::string boot = error_of(head + "boot_mode = 16\n");
    BOOST_TEST(boot.find("x.toml:3: boot_mode: is 16, out of range") == 0U, boot);
    const std::string twice = error_of(head + "[[port]]\nnumber = 0\n[[port]]\nnumber = 0\n");
    BOOST_TEST(twice.find("x.toml:6: port.number: 0 is given twice") == 0U, twice);
    const std::string missing = error_of("device = \"89HPES24NT6AG2\"\neeprom = \"y.eeprom\"\n");
    BOOST_TEST(missing.find("y.eeprom: cannot be read") == 0U, missing);
}

BOOST_AUTO_TEST_CASE(a_port_that_the_device_has_no_nt_function_on_gets_none) { // B1.3
    topology_config topology{};
    topology.partitions.at(0) = partition_state::active;
    topology.ports.at(16).mode = port_mode::nt;
    const scratch_file file("port16.eeprom", text_of(image_of(topology)));
    BOOST_TEST(
        (config::load_topology(file.path).topology.ports.at(16).mode == port_mode::disabled));
    const std::string large = "device = \"89HPES32NT8AG2\"\neeprom = \"port16.eeprom\"\n";
    BOOST_TEST(
        (config::parse_topology(large, "x.toml").topology.ports.at(16).mode == port_mode::nt));
}

BOOST_AUTO_TEST_SUITE_END()
