// SPDX-License-Identifier: Apache-2.0
// The registers of the ports' bridge functions in the global space, and places that a topology
// gives to what the map only declares (model/bridge_function.h, model/register_layout.h).
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "model/family.h"
#include "model/regs/all_maps.h"
#include "model/regs/declared_ids.h"
#include "model/regs/port_refs.h"
#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;
using regs::space_id;

namespace {

constexpr auto layout_of_a_bridge = regs::layout_of<0x400>(regs::port_map);

constexpr std::uint32_t bridge(unsigned port, std::uint32_t offset) {
    return p2p::bridge_base.of_port(port) + offset;
}

const std::set<unsigned> ports_of_the_24nt6ag2{0, 2, 4, 6, 8, 12}; // B1.3

class bridges : public two_hosts_ideal {
public:
    static std::uint32_t get(root_complex& host, std::uint32_t address) {
        BOOST_TEST(host.config_write(0xFF8, address).ok());
        return static_cast<std::uint32_t>(host.config_read(0xFFC).data);
    }
    static void put(root_complex& host, std::uint32_t address, std::uint32_t value) {
        BOOST_TEST(host.config_write(0xFF8, address).ok());
        BOOST_TEST(host.config_write(0xFFC, value).ok());
    }
};

/// Changes the topology of `four_partitions` by `place` before the switch is built.
class placed : public several_hosts {
public:
    explicit placed(const layout_config& layout) : several_hosts(with(layout)) {}
    std::uint32_t get(std::uint32_t address) { return bench.device().global_read(address); }
    void put(std::uint32_t address, std::uint32_t value) {
        bench.device().global_write(address, value);
    }
    /// A write with its effects, by port 0's window.
    void act(std::uint32_t address, std::uint32_t value) {
        write(0, "GASAADDR", address);
        write(0, "GASADATA", value);
    }

private:
    static topology_config with(const layout_config& layout) {
        topology_config t = four_partitions();
        t.ports.at(8).mode = port_mode::upstream;
        t.ports.at(8).partition = partition_number(4);
        t.partitions.at(4) = partition_state::active;
        t.layout = layout;
        return t;
    }
};

class layout_builder {
public:
    layout_builder& at(space_id id, const char* name, std::uint32_t offset) {
        out_.registers.at(regs::declared_register_named(id, name).index).offset = offset;
        return *this;
    }
    layout_builder& bits(space_id id, const char* in, const char* name, unsigned msb,
                         unsigned lsb) {
        out_.fields.at(regs::declared_field_named(id, in, name).index) = {
            true, static_cast<std::uint8_t>(msb), static_cast<std::uint8_t>(lsb)};
        return *this;
    }
    [[nodiscard]] const layout_config& result() const { return out_; }

private:
    layout_config out_{};
};

constexpr std::uint32_t p2pintsts = 0x404;
constexpr std::uint32_t p2psdata = 0x40C;
constexpr std::uint32_t p2pgsignal = 0x410;

class placed_bridge : public placed {
public:
    placed_bridge()
        : placed(layout_builder()
                     .at(space_id::port, "P2PINTSTS", p2pintsts)
                     .bits(space_id::port, "P2PINTSTS", "SEVENT", 3, 3)
                     .at(space_id::port, "P2PSDATA", p2psdata)
                     .at(space_id::port, "P2PGSIGNAL", p2pgsignal)
                     .bits(space_id::port, "P2PGSIGNAL", "GSIGNAL", 0, 0)
                     .result()) {}
};

class placed_fields : public placed {
public:
    placed_fields()
        : placed(layout_builder()
                     .bits(space_id::sw, "SWPART{x}CTL", "FCAPSEL", 9, 8)
                     .bits(space_id::sw, "SMBUSSTS", "EED", 31, 31)
                     .bits(space_id::sw, "SMBUSCTL", "ICHECKSUM", 4, 4)
                     .bits(space_id::sw, "EEPROMINTF", "BUSY", 24, 24)
                     .bits(space_id::sw, "SEMSK", "AERERR", 6, 6)
                     .bits(space_id::nt, "PTCSTS", "DONE", 1, 1)
                     .at(space_id::sw, "SEAERMSK", 0x3EC38)
                     .bits(space_id::sw, "SEAERMSK", "PORT", 23, 0)
                     .result()) {}
};

/// Reset values that a topology gives: a mask of every kind of function and of the switch.
class given_resets : public several_hosts {
public:
    given_resets() : several_hosts(topology()) {}

private:
    static topology_config topology() {
        topology_config t = four_partitions();
        t.resets = {{space_id::nt, 0x42C, 0x0000FFFF, 0x00001234},
                    {space_id::sw, 0x3EC08, 0xFF, 0x0F},
                    {space_id::port, 0x510, 0x00010000, 0x00010000}};
        return t;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(bridge_registers)

BOOST_FIXTURE_TEST_CASE(reset_values_of_the_topology_hold_after_every_reset,
                        given_resets) { // B21.1
    run([this] {
        const auto serdes = [this](unsigned port) {
            return bench.device().global_read(bridge(port, 0x510));
        };
        BOOST_TEST(global_read(0, "SEPMSK") == 0x0FU);
        for (const unsigned port : {0U, 6U}) {
            BOOST_TEST(read(port, "INDBELLMSK") == 0xFFFF1234U);
            BOOST_TEST(serdes(port) == 0x00010000U);
        }
        write(0, "INDBELLMSK", 0);
        bench.device().global_write(bridge(0, 0x510), 0);
        bench.hot_reset(port_number(0));
        settle();
        BOOST_TEST(global_read(2, "INDBELLMSK", 0) == 0xFFFF1234U);
        BOOST_TEST(serdes(0) == 0U); // kept over a hot reset
        bench.fundamental_reset(partition_number(0));
        BOOST_TEST(serdes(0) == 0x00010000U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_bridge_s_registers_are_the_same_for_all_hosts_by_their_policies,
                        bridges) { // B1.7
    run([this] {
        enumerate_both();
        std::mt19937 random(21);
        for (const unsigned port : ports_of_the_24nt6ag2)
            for (std::uint32_t offset = 0; offset < 0x1000; offset += 4) {
                const regs::dword_layout& l = layout_of_a_bridge.at(offset / 4);
                if (!l.mapped)
                    continue;
                for (const std::uint32_t value :
                     {0U, 0xFFFFFFFFU, static_cast<std::uint32_t>(random())}) {
                    const std::uint32_t address = bridge(port, offset);
                    const std::uint32_t before = get(host0, address);
                    put(host0, address, value);
                    const std::uint32_t expected = (before & ~l.rw) | (value & l.rw);
                    BOOST_TEST(get(host2, address) == expected, "port " << port << " " << offset);
                    BOOST_TEST(get(host0, address) == expected);
                    BOOST_TEST(bench.device().global_read(address) == expected);
                }
            }
        // A port's register is its own.
        put(host2, bridge(4, 0x510), 0x00010000);
        put(host0, bridge(6, 0x510), 0);
        BOOST_TEST(get(host0, bridge(4, 0x510)) == 0x00010000U);
    });
}

BOOST_FIXTURE_TEST_CASE(register_0_says_whose_device_it_is, bridges) { // B16.2
    run([this] {
        enumerate_both();
        for (const unsigned port : ports_of_the_24nt6ag2)
            BOOST_TEST(get(host0, bridge(port, 0)) == 0x8091111DU);
        BOOST_TEST(get(host0, bridge(0, 0x008)) == 0x06040000U);
        BOOST_TEST(get(host0, bridge(0, 0x00C)) == 0x00010000U);
    });
}

BOOST_FIXTURE_TEST_CASE(ports_that_the_device_does_not_have_are_reserved_space,
                        bridges) { // B1.3 B1.7
    run([this] {
        enumerate_both();
        for (unsigned port = 0; port < max_ports; ++port) {
            if (ports_of_the_24nt6ag2.count(port) != 0)
                continue;
            for (const std::uint32_t offset : {0x000U, 0x050U, 0x510U, 0xFFCU}) {
                put(host0, bridge(port, offset), 0xFFFFFFFF);
                BOOST_TEST(get(host0, bridge(port, offset)) == 0U);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(a_device_has_as_many_ports_as_its_name_says) { // model/family.h
    for (const family_member& m : family) {
        const std::size_t behind = m.name.find("NT") + 2;
        unsigned ports = 0;
        for (unsigned p = 0; p < 32; ++p)
            ports += m.ports >> p & 1U;
        BOOST_TEST(ports == static_cast<unsigned>(std::stoi(std::string(m.name.substr(behind)))),
                   std::string(m.name));
        BOOST_TEST((m.nt_ports & ~m.ports) == 0U);
        BOOST_TEST(!has_port(m.id, port_number(24)));
    }
}

BOOST_FIXTURE_TEST_CASE(the_link_status_is_that_of_the_port, bridges) { // B13.1
    run([this] {
        enumerate_both();
        const auto status = [this](unsigned port) {
            return get(host0, bridge(port, 0x050)) & 0x03FF0000U;
        };
        BOOST_TEST(status(0) == 0x00420000U); // x4 at 5 GT/s
        BOOST_TEST(status(2) == 0x00420000U);
        BOOST_TEST(status(4) == 0U);
        bench.device().set_link(port2, false);
        BOOST_TEST(status(2) == 0U);
        bench.device().set_link(port2, true);
        BOOST_TEST(status(2) == 0x00420000U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_header_says_whether_the_mode_has_several_functions,
                        bridges) { // B3.1
    run([this] {
        enumerate_both();
        const auto header = [this] { return get(host0, bridge(12, 0x00C)) >> 16 & 0xFFU; };
        BOOST_TEST(header() == 0x01U);
        for (const auto& [mode, expected] : {std::pair{2U, 0x01U}, {4U, 0x81U}, {7U, 0x81U}}) {
            global_write(host0, "SWPORT12CTL", mode | 2U << 4);
            settle();
            BOOST_TEST((get(host0, 0x3E384) >> 6 & 0xFU) == mode); // SWPORT12STS
            BOOST_TEST(header() == expected);
        }
        bench.fundamental_reset(partition_number(2)); // keeps the mode
        BOOST_TEST(header() == 0x81U);
    });
}

BOOST_FIXTURE_TEST_CASE(resets_clear_what_the_map_says_in_their_partition_alone,
                        bridges) { // B4.4
    run([this] {
        enumerate_both();
        const auto fill = [this] {
            for (const unsigned port : {0U, 2U}) {
                put(host0, bridge(port, 0x050), 0xFFFFFFFF);
                put(host0, bridge(port, 0x510), 0xFFFFFFFF);
            }
        };
        fill();
        bench.hot_reset(port2);
        settle();
        BOOST_TEST(get(host0, bridge(2, 0x050)) == 0x00420000U); // CCLK goes, the link is back
        BOOST_TEST(get(host0, bridge(2, 0x510)) == 0x00010000U); // loaded at initialisation
        BOOST_TEST(get(host0, bridge(0, 0x050)) == 0x00420040U);
        fill();
        bench.fundamental_reset(partition_number(1));
        BOOST_TEST(get(host0, bridge(2, 0x050)) == 0x00420000U); // the link stays as it is
        BOOST_TEST(get(host0, bridge(2, 0x510)) == 0U);
        BOOST_TEST(get(host0, bridge(0, 0x050)) == 0x00420040U);
        BOOST_TEST(get(host0, bridge(0, 0x510)) == 0x00010000U);
    });
}

BOOST_FIXTURE_TEST_CASE(without_a_place_a_declared_register_is_reserved_space,
                        bridges) { // declared.h
    run([this] {
        enumerate_both();
        for (const std::uint32_t address :
             {bridge(0, p2pintsts), bridge(0, p2psdata), bridge(0, p2pgsignal), 0x3EC38U}) {
            put(host0, address, 0xFFFFFFFF);
            BOOST_TEST(get(host0, address) == 0U);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_placed_register_is_there_in_every_port, placed_bridge) { // B10.2
    run([this] {
        for (const unsigned port : {0U, 2U, 8U}) {
            put(bridge(port, p2psdata), 0x1000 + port);
            put(bridge(port, p2pintsts), 0xFFFFFFFF);
        }
        for (const unsigned port : {0U, 2U, 8U}) {
            BOOST_TEST(get(bridge(port, p2psdata)) == 0x1000U + port);
            BOOST_TEST(get(bridge(port, p2pintsts)) == 0U);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_placed_global_signal_signals_for_the_bridge_s_partition,
                        placed_bridge) { // B11.2 B11.8
    run([this] {
        global_write(0, "SEGSIGMSK", 0);
        global_write(0, "SEMSK", 0);
        global_write(0, "SEPMSK", 0);
        act(bridge(8, p2pgsignal), 0);
        settle();
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 0U);
        act(bridge(8, p2pgsignal), 0xFFFFFFFF);
        settle();
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 0x10U);
        BOOST_TEST(get(bridge(8, p2pgsignal)) == 0U); // a command
        BOOST_TEST(read(2, "NTINTSTS") == 0x8U);
        // The event shows in the upstream bridge, whose partition has no NT function.
        BOOST_TEST(get(bridge(8, p2pintsts)) == 0x8U);
        BOOST_TEST(get(bridge(0, p2pintsts)) == 0U);
        act(bridge(8, p2pintsts), 0x8);
        BOOST_TEST(get(bridge(8, p2pintsts)) == 0U);
        // A partition that is masked does not see it.
        global_write(0, "SEPMSK", 0x10);
        act(bridge(8, p2pgsignal), 1);
        settle();
        BOOST_TEST(get(bridge(8, p2pintsts)) == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(placed_fields_take_their_policy_and_reset_value, placed_fields) {
    run([this] {
        constexpr std::uint32_t ones = 0xFFFFFFFF;
        const auto after_ones = [this](const char* name) {
            global_write(0, name, ones);
            return global_read(0, name);
        };
        // Beside known fields, in every member of a family.
        for (const char* name : {"SWPART5CTL", "SWPART7CTL"})
            BOOST_TEST(after_ones(name) == 0x303U);
        // In reserved bits: write 1 to clear, nothing to clear.
        BOOST_TEST(after_ones("SMBUSSTS") == global_read(0, "SMBUSSTS"));
        BOOST_TEST((global_read(0, "SMBUSSTS") & 0x80000000U) == 0U);
        // Out of a placeholder: read-only bits in storage.
        BOOST_TEST(after_ones("EEPROMINTF") == ~(1U << 24));
        BOOST_TEST(after_ones("SMBUSCTL") == ones);
        // With its reset value.
        BOOST_TEST(global_read(0, "SEMSK") == 0x7FU);
        BOOST_TEST(get(0x3EC38) == 0xFFFFFFU);
        put(0x3EC38, ones);
        BOOST_TEST(get(0x3EC38) == 0xFFFFFFU);
        put(0x3EC38, 0x123);
        BOOST_TEST(get(0x3EC38) == 0x123U);
        // In every NT function; the rest of its placeholder stays what it was.
        for (const unsigned port : {0U, 2U}) {
            write(port, "PTCSTS", ones);
            BOOST_TEST(read(port, "PTCSTS") == 0U);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
