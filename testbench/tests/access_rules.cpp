// SPDX-License-Identifier: Apache-2.0
// What an access does, whatever its door, size, alignment and byte enables: the contracts of
// model/register_bank.h and model/nt_function.h, one case for each of their statements.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/regs/all_maps.h"
#include "testbench/fixture/two_hosts.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/raw_access.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr bar_number bar0(0);
constexpr std::uint32_t gasa_address = 0xFF8;
constexpr std::uint32_t gasa_data = 0xFFC;
constexpr std::uint32_t nt_of_port(unsigned port) {
    return port * 0x2000 + 0x1000;
}
// Sixteen bytes of plain storage: NTMCG0PA to NTMCG3PA.
constexpr std::uint32_t storage = 0x600;

enum class through { config, bar, own_window, peer_s_window };
constexpr through every_door[] = {through::config, through::bar, through::own_window,
                                  through::peer_s_window};

class open_doors : public two_hosts_ideal {
public:
    /// A dword of host 0's function.
    std::uint32_t get(through door, std::uint32_t offset) {
        switch (door) {
        case through::config:
            return low(host0.config_read(offset));
        case through::bar:
            return low(host0.bar_read(bar0, offset));
        case through::own_window:
            return window_read(host0, nt_of_port(0) + offset);
        case through::peer_s_window:
            return window_read(host2, nt_of_port(0) + offset);
        }
        return 0;
    }
    void put(through door, std::uint32_t offset, std::uint32_t value) {
        switch (door) {
        case through::config:
            BOOST_TEST(host0.config_write(offset, value).ok());
            break;
        case through::bar:
            BOOST_TEST(host0.bar_write(bar0, offset, value).ok());
            break;
        case through::own_window:
            window_write(host0, nt_of_port(0) + offset, value);
            break;
        case through::peer_s_window:
            window_write(host2, nt_of_port(0) + offset, value);
            break;
        }
    }
    static std::uint32_t window_read(root_complex& host, std::uint32_t address) {
        BOOST_TEST(host.config_write(gasa_address, address).ok());
        return low(host.config_read(gasa_data));
    }
    static void window_write(root_complex& host, std::uint32_t address, std::uint32_t value) {
        BOOST_TEST(host.config_write(gasa_address, address).ok());
        BOOST_TEST(host.config_write(gasa_data, value).ok());
    }
    /// The sixteen bytes of storage.
    std::vector<unsigned> bytes() {
        std::vector<unsigned> out;
        for (unsigned i = 0; i < 16; ++i)
            out.push_back(low(host0.config_read(storage + i, 1)));
        return out;
    }

private:
    static std::uint32_t low(const completion& c) {
        BOOST_TEST(c.ok());
        return static_cast<std::uint32_t>(c.data);
    }
};

/// What the register holds after `written` was written to it while it held `before`, by the
/// policies in its row.
std::uint32_t after_write(const regs::reg& row, std::uint32_t before, std::uint32_t written) {
    std::uint32_t expected = 0;
    for (std::size_t i = 0; i < row.field_count(); ++i) {
        const regs::field& f = row.fields.at(i);
        switch (f.policy) {
        case regs::access::ro:
            expected |= before & f.mask();
            break;
        case regs::access::rw:
            expected |= written & f.mask();
            break;
        case regs::access::rw1c:
            expected |= before & ~written & f.mask();
            break;
        case regs::access::rw1s:
            expected |= (before | written) & f.mask();
            break;
        case regs::access::wo:
        case regs::access::reserved:
            break;
        }
    }
    return expected;
}

/// Registers whose stored value depends on more than their own policy; other files test them.
bool has_rules_of_its_own(std::string_view name) {
    return name == "BAR{n}" || name == "BARLIMIT{n}" || name == "NTMTBLDATA" ||
           name == "LUTLDATA" || name == "LUTMDATA" || name == "LUTUDATA" || name == "REQIDCAP" ||
           name == "GASAADDR" || name == "GASADATA";
}

/// The written value with what would close a door left open.
std::uint32_t harmless(std::string_view name, std::uint32_t value) {
    if (name == "PCICMD")
        return value | cmd_memory;
    if (name == "PMCSR")
        return value & ~3U;
    if (name == "BARSETUP{n}")
        return value | 0x80000400U;
    return value;
}

} // namespace

BOOST_AUTO_TEST_SUITE(access_rules)

// --- one register, many doors ------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(every_register_takes_a_write_from_every_door_by_its_policy,
                        open_doors) { // B1.7 B1.12
    run([this] {
        enumerate_both();
        std::mt19937 random(0x89117);
        for (const regs::reg& row : regs::nt_map) {
            if (has_rules_of_its_own(row.name))
                continue;
            for (unsigned member = 0; member < row.first.count; ++member) {
                const std::uint32_t offset = row.offset_of(member);
                const unsigned in_dword = (offset & 3U) * 8U;
                const std::uint32_t ones = row.size == 4 ? 0xFFFFFFFFU : (1U << row.size * 8U) - 1U;
                for (const through door : every_door)
                    for (const std::uint32_t pattern :
                         {0U, 0xFFFFFFFFU, static_cast<std::uint32_t>(random())}) {
                        const std::uint32_t dword = get(through::config, offset & ~3U);
                        const std::uint32_t before = dword >> in_dword & ones;
                        const std::uint32_t value = harmless(row.name, pattern) & ones;
                        // Its neighbours in the dword: 1s to none of their RW1C bits.
                        const std::uint32_t around =
                            row.size == 4 ? 0 : 0x00000006U & ~(ones << in_dword);
                        if (row.size == 4 || door == through::own_window ||
                            door == through::peer_s_window)
                            put(door, offset & ~3U, value << in_dword | around);
                        else if (door == through::config)
                            BOOST_TEST(host0.config_write(offset, value, row.size).ok());
                        else
                            BOOST_TEST(host0.bar_write(bar0, offset, value, row.size).ok());
                        const std::uint32_t after =
                            get(through::config, offset & ~3U) >> in_dword & ones;
                        BOOST_TEST(after == after_write(row, before, value),
                                   std::string(row.name)
                                       << " member " << member << " by door "
                                       << static_cast<int>(door) << ": wrote " << value << " over "
                                       << before << ", got " << after);
                    }
            }
        }
    });
}

BOOST_FIXTURE_TEST_CASE(every_dword_reads_the_same_through_every_door, open_doors) { // B1.7 B1.12
    run([this] {
        enumerate_both();
        std::mt19937 random(4711);
        for (const regs::reg& row : regs::nt_map)
            if (!has_rules_of_its_own(row.name))
                for (unsigned member = 0; member < row.first.count; ++member)
                    put(through::config, row.offset_of(member) & ~3U,
                        harmless(row.name, static_cast<std::uint32_t>(random())) | cmd_memory);
        config_write(host0, "PMCSR", 0);
        for (std::uint32_t offset = 0; offset < gasa_address; offset += 4) {
            const std::uint32_t value = get(through::config, offset);
            for (const through door : every_door)
                BOOST_TEST(get(door, offset) == value);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(every_register_of_the_switch_is_the_same_for_all_hosts,
                        open_doors) { // B1.7
    run([this] {
        enumerate_both();
        std::mt19937 random(24);
        for (const regs::reg& row : regs::sw_map)
            for (unsigned i = 0; i < row.first.count; ++i)
                for (unsigned j = 0; j < row.second.count; ++j)
                    for (const std::uint32_t pattern :
                         {0U, 0xFFFFFFFFU, static_cast<std::uint32_t>(random())}) {
                        const std::uint32_t address = row.offset_of(i, j);
                        const std::uint32_t before = window_read(host0, address);
                        // Another mode or state would take the hosts' own doors away.
                        const bool theirs = (row.name == "SWPART{x}CTL" && i < 2) ||
                                            (row.name == "SWPORT{x}CTL" && (i == 0 || i == 2));
                        const std::uint32_t value = theirs ? before : pattern;
                        window_write(host0, address, value);
                        const std::uint32_t expected = after_write(row, before, value);
                        BOOST_TEST(window_read(host2, address) == expected,
                                   std::string(row.name) << " " << i << " " << j);
                        BOOST_TEST(window_read(host0, address) == expected);
                        BOOST_TEST(bench.device().global_read(address) == expected);
                    }
    });
}

BOOST_FIXTURE_TEST_CASE(what_is_not_in_the_map_reads_zero_and_ignores_writes,
                        open_doors) { // register_bank.h 2
    run([this] {
        enumerate_both();
        std::vector<bool> mapped(0x1000 / 4);
        for (const regs::reg& row : regs::nt_map)
            for (unsigned i = 0; i < row.first.count; ++i)
                mapped.at(row.offset_of(i) / 4) = true;
        unsigned holes = 0;
        for (std::uint32_t offset = 0; offset < 0x1000; offset += 4) {
            if (mapped.at(offset / 4))
                continue;
            ++holes;
            for (const through door : every_door) {
                put(door, offset, 0xFFFFFFFF);
                BOOST_TEST(get(door, offset) == 0U);
            }
        }
        BOOST_TEST(holes > 500U);
    });
}

BOOST_FIXTURE_TEST_CASE(holes_of_the_global_space_read_zero_and_ignore_writes,
                        open_doors) { // B1.7
    run([this] {
        enumerate_both();
        std::vector<bool> mapped(0x40000 / 4);
        for (const regs::reg& row : regs::nt_map)
            for (unsigned i = 0; i < row.first.count; ++i)
                for (const unsigned port : {0U, 2U})
                    mapped.at((nt_of_port(port) + row.offset_of(i)) / 4) = true;
        for (const regs::reg& row : regs::port_map)
            for (const unsigned port : {0U, 2U, 4U, 6U, 8U, 12U}) // those of the device (B1.3)
                mapped.at((port * 0x2000 + row.offset) / 4) = true;
        for (const regs::reg& row : regs::sw_map)
            for (unsigned i = 0; i < row.first.count; ++i)
                for (unsigned j = 0; j < row.second.count; ++j)
                    mapped.at(row.offset_of(i, j) / 4) = true;
        unsigned holes = 0;
        for (std::uint32_t address = 0; address < 0x40000; address += 4) {
            if (mapped.at(address / 4))
                continue;
            ++holes;
            bench.device().global_write(address, 0xFFFFFFFF);
            if (bench.device().global_read(address) != 0)
                BOOST_ERROR("hole at " << address);
        }
        BOOST_TEST(holes > 60'000U);
        // The same by the window, at one place of each kind.
        for (const std::uint32_t address :
             {0x00054U, 0x02000U, nt_of_port(1), nt_of_port(4), 0x30000U, 0x3DFFCU, 0x3E00CU,
              0x3F1ECU, 0x3F200U, 0x3FFFCU}) {
            window_write(host0, address, 0xFFFFFFFF);
            BOOST_TEST(window_read(host0, address) == 0U);
        }
    });
}

// --- size, alignment, byte enables -------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(an_access_of_any_size_and_alignment_reaches_just_its_bytes,
                        open_doors) { // nt_function.h 1, register_bank.h 1
    run([this] {
        enumerate_both();
        std::vector<unsigned> expected(16, 0);
        unsigned counter = 0;
        for (unsigned from = 0; from < 16; ++from)
            for (unsigned size = 1; size <= 8 && from + size <= 16; ++size)
                for (const bool by_config : {true, false}) {
                    std::uint64_t value = 0;
                    for (unsigned i = 0; i < size; ++i) {
                        expected.at(from + i) = ++counter & 0xFFU;
                        value |= static_cast<std::uint64_t>(counter & 0xFFU) << (8 * i);
                    }
                    const completion written =
                        by_config ? host0.config_write(storage + from, value, size)
                                  : host0.bar_write(bar0, storage + from, value, size);
                    BOOST_TEST(written.ok());
                    BOOST_TEST(bytes() == expected, boost::test_tools::per_element());
                    const completion again = by_config ? host0.bar_read(bar0, storage + from, size)
                                                       : host0.config_read(storage + from, size);
                    BOOST_TEST(again.data == value);
                }
    });
}

BOOST_FIXTURE_TEST_CASE(only_enabled_bytes_are_written, open_doors) { // register_bank.h 1
    run([this] {
        enumerate_both();
        for (unsigned enables = 0; enables < 256; ++enables) {
            std::vector<unsigned> expected(16, 0x11);
            for (unsigned i = 0; i < 16; i += 8)
                BOOST_TEST(host0.bar_write(bar0, storage + i, 0x1111111111111111U, 8).ok());
            BOOST_TEST(host0.bar_write(bar0, storage + 2, 0x8877665544332211U, 8, enables).ok());
            for (unsigned i = 0; i < 8; ++i)
                if ((enables >> i & 1U) != 0)
                    expected.at(2 + i) = 0x11 * (i + 1);
            BOOST_TEST(bytes() == expected, boost::test_tools::per_element());
        }
    });
}

BOOST_FIXTURE_TEST_CASE(only_enabled_bytes_are_read, open_doors) { // register_bank.h 1
    run([this] {
        enumerate_both();
        put(through::config, storage, 0x44332211);
        raw_access raw;
        for (unsigned enables = 0; enables < 16; ++enables) {
            std::array<unsigned char, 4> pattern{};
            std::uint32_t expected = 0;
            for (unsigned i = 0; i < 4; ++i) {
                const bool on = (enables >> i & 1U) != 0;
                pattern.at(i) = on ? TLM_BYTE_ENABLED : TLM_BYTE_DISABLED;
                expected |= (on ? 0x11U * (i + 1) : 0xA5U) << (8 * i);
            }
            raw.read(storage, 4);
            raw.payload.set_byte_enable_ptr(pattern.data());
            raw.payload.set_byte_enable_length(4);
            BOOST_TEST(raw.over(host0.bar_sockets[0]) == tlm::TLM_OK_RESPONSE);
            BOOST_TEST(raw.value() == expected);
        }
    });
}

// A switch that nobody watches and that takes no time answers plain reads in a short way.
BOOST_AUTO_TEST_CASE(the_short_way_of_a_read_gives_what_the_long_way_gives) { // nt_function.h
    simulated_test test;
    recorded_signals signals;
    const topology_config topology = topology_of({{0, 0}, {2, 1}});
    platform watched("watched", topology, ideal_timing(), &signals); // the long way
    platform alone("alone", topology, ideal_timing());
    test.run([&] {
        std::mt19937 random(1);
        const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
        for (platform* p : {&watched, &alone}) {
            p->power_on();
            BOOST_TEST_REQUIRE(enumerate(p->host(port_number(0))).present);
        }
        raw_access raw;
        raw.extension.requester_valid = true;
        unsigned errors = 0;
        for (unsigned i = 0; i < 20'000; ++i) {
            // Now and then another state: no memory space, D3hot, BAR0 disabled, link down.
            const std::uint32_t command = below(100) == 0 ? cmd_master : cmd_master | cmd_memory;
            const std::uint32_t power = below(100) == 0 ? 3 : 0;
            const std::uint32_t setup = below(100) == 0 ? 0x000004C0 : 0x800004C0;
            const bool up = below(100) != 0;
            const bool by_config = below(2) == 0;
            const std::uint64_t address = below(20) == 0  ? 0xFF8 + below(16)
                                          : below(2) == 0 ? 4 * below(1024)
                                                          : below(4096);
            const unsigned length = below(2) == 0 ? 4 : 1 + below(8);
            const unsigned streaming = below(20) == 0 ? length - 1 : length;
            std::array<unsigned char, 8> enables{};
            for (unsigned char& e : enables)
                e = below(2) == 0 ? TLM_BYTE_DISABLED : TLM_BYTE_ENABLED;
            const bool has_enables = below(4) == 0;
            const std::uint32_t value = static_cast<std::uint32_t>(random());
            raw.extension.requester = requester_id(value & 0xFFFFU);
            std::array<std::uint64_t, 2> got{};
            std::array<tlm::tlm_response_status, 2> status{};
            for (platform* p : {&watched, &alone}) {
                const unsigned which = p == &watched ? 0 : 1;
                root_complex& host = p->host(port_number(0));
                BOOST_TEST(host.config_write(storage, value).ok());
                BOOST_TEST(host.config_write(0x004, command, 2).ok());
                BOOST_TEST(host.config_write(0x0C4, power).ok());
                BOOST_TEST(host.config_write(0x470, setup).ok());
                p->set_link(port_number(0), up);
                raw.read(address, length);
                raw.payload.set_streaming_width(streaming);
                if (has_enables) {
                    raw.payload.set_byte_enable_ptr(enables.data());
                    raw.payload.set_byte_enable_length(length);
                }
                status.at(which) =
                    by_config ? raw.over(host.config_socket) : raw.over(host.bar_sockets[0]);
                got.at(which) = raw.value();
                p->set_link(port_number(0), true);
            }
            if (status.at(0) != tlm::TLM_OK_RESPONSE)
                ++errors;
            BOOST_TEST(status.at(0) == status.at(1), "status at " << address << "+" << length);
            BOOST_TEST(got.at(0) == got.at(1), "value at " << address << "+" << length);
        }
        BOOST_TEST(errors > 500U); // there was something to refuse
        BOOST_TEST(errors < 10'000U);
        // Everything that the accesses left behind is the same.
        for (std::uint32_t address = 0; address < 0x40000; address += 4)
            BOOST_TEST(watched.device().global_read(address) ==
                       alone.device().global_read(address));
    });
}

BOOST_FIXTURE_TEST_CASE(a_short_byte_enable_pattern_repeats, open_doors) { // TLM-2.0
    run([this] {
        enumerate_both();
        raw_access raw;
        std::array<unsigned char, 2> odd_bytes{TLM_BYTE_DISABLED, TLM_BYTE_ENABLED};
        raw.write(storage, 0x8877665544332211U, 8);
        raw.payload.set_byte_enable_ptr(odd_bytes.data());
        raw.payload.set_byte_enable_length(2);
        BOOST_TEST(raw.over(host0.bar_sockets[0]) == tlm::TLM_OK_RESPONSE);
        BOOST_TEST(host0.bar_read(bar0, storage, 8).data == 0x8800660044002200U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_write_without_enabled_bytes_triggers_nothing,
                        open_doors) { // register_bank.h 1 5
    run([this] {
        enumerate_both();
        BOOST_TEST(host0.bar_write(bar0, 0x430, 0xFFFFFFFF, 4, 0).ok()); // OUTMSG0
        BOOST_TEST(signals.changes("switch.port0.nt.outmsg0_write").empty());
        BOOST_TEST(host0.bar_write(bar0, 0x430, 0x55, 1).ok()); // any byte does
        BOOST_TEST(signals.changes("switch.port0.nt.outmsg0_write").size() == 1U);
        BOOST_TEST(read(host0, "OUTMSG0") == 0x55U);
    });
}

BOOST_FIXTURE_TEST_CASE(ones_clear_only_in_enabled_bytes, open_doors) { // register_bank.h 1
    run([this] {
        enumerate_both();
        write(host0, "OUTDBELLSET", 0xFFFFFFFF);
        BOOST_TEST(host0.bar_write(bar0, 0x428 + 1, 0xFF, 1).ok());
        BOOST_TEST(read(host0, "INDBELLSTS") == 0xFFFF00FFU);
        BOOST_TEST(host0.bar_write(bar0, 0x428, 0xFFFFFFFF, 4, 0b1000).ok());
        BOOST_TEST(read(host0, "INDBELLSTS") == 0x00FF00FFU);
    });
}

BOOST_FIXTURE_TEST_CASE(a_long_access_takes_its_dwords_in_rising_order,
                        open_doors) { // nt_function.h 1
    run([this] {
        enumerate_both();
        // Address and data of the global window in one write, then in one read.
        const std::uint64_t place = nt_of_port(2) + 0x40C; // NTSDATA
        BOOST_TEST(host0.bar_write(bar0, gasa_address, place | 0x600DCAFEULL << 32, 8).ok());
        BOOST_TEST(read(host2, "NTSDATA") == 0x600DCAFEU);
        BOOST_TEST(host0.bar_read(bar0, gasa_address, 8).data == (place | 0x600DCAFEULL << 32));
    });
}

BOOST_FIXTURE_TEST_CASE(registers_of_16_bits_do_not_touch_their_neighbour, open_doors) { // B1.8
    run([this] {
        enumerate_both();
        const std::uint32_t command = config_read(host0, "PCICMD");
        BOOST_TEST(host0.bar_read(bar_number(5), 0).ok() == false); // makes PCIEDSTS.URD
        BOOST_TEST((config_read(host0, "PCIEDSTS") & saw_unsupported) != 0U);
        config_write(host0, "PCIEDCTL", 0x281F);
        BOOST_TEST((config_read(host0, "PCIEDSTS") & saw_unsupported) != 0U);
        config_write(host0, "PCIEDSTS", 0xFFFF);
        BOOST_TEST(config_read(host0, "PCIEDSTS") == 0U);
        BOOST_TEST(config_read(host0, "PCIEDCTL") == 0x201FU);
        config_write(host0, "PCISTS", 0xFFFF);
        BOOST_TEST(config_read(host0, "PCICMD") == command);
    });
}

// --- dword-only registers and the global window ------------------------------------------------

BOOST_FIXTURE_TEST_CASE(the_global_window_works_in_whole_dwords_only,
                        open_doors) { // B1.8, register_bank.h 3
    run([this] {
        enumerate_both();
        window_write(host0, nt_of_port(0) + 0x40C, 0x12345678);
        for (const unsigned size : {1U, 2U, 3U}) {
            BOOST_TEST(host0.bar_write(bar0, gasa_address, 0, size).ok());
            BOOST_TEST(host0.bar_write(bar0, gasa_data, 0, size).ok());
            BOOST_TEST(host0.bar_read(bar0, gasa_address, size).data == 0U);
            BOOST_TEST(host0.bar_read(bar0, gasa_data, size).data == 0U);
        }
        BOOST_TEST(read(host0, "GASAADDR") == nt_of_port(0) + 0x40CU);
        BOOST_TEST(read(host0, "GASADATA") == 0x12345678U);
        BOOST_TEST(read(host0, "NTMTBLSTS") == 0U); // that error is the mapping table's
    });
}

BOOST_FIXTURE_TEST_CASE(the_global_address_has_16_bits_of_dwords, open_doors) { // B1.8
    run([this] {
        enumerate_both();
        write(host0, "GASAADDR", 0xFFFFFFFF);
        BOOST_TEST(read(host0, "GASAADDR") == 0x0003FFFCU);
        write(host0, "GASAADDR", nt_of_port(0) + 0x40C + 3); // low bits are dropped
        write(host0, "GASADATA", 0x600D);
        BOOST_TEST(read(host0, "NTSDATA") == 0x600DU);
    });
}

BOOST_FIXTURE_TEST_CASE(the_global_window_does_not_see_itself, open_doors) { // B1.8
    run([this] {
        enumerate_both();
        write(host2, "NTSDATA", 7);
        write(host2, "GASAADDR", nt_of_port(2) + 0x40C);
        for (const unsigned port : {0U, 2U}) {
            write(host0, "GASAADDR", nt_of_port(port) + gasa_data);
            write(host0, "GASADATA", 0xBAD);
            BOOST_TEST(read(host0, "GASADATA") == 0U);
        }
        BOOST_TEST(read(host2, "NTSDATA") == 7U);
        write(host0, "GASAADDR", nt_of_port(2) + gasa_address); // the address is a register
        BOOST_TEST(read(host0, "GASADATA") == nt_of_port(2) + 0x40CU);
    });
}

BOOST_FIXTURE_TEST_CASE(each_function_has_a_window_of_its_own, open_doors) { // B1.8
    run([this] {
        enumerate_both();
        write(host0, "GASAADDR", 0x3E000);
        write(host2, "GASAADDR", 0x3E004);
        BOOST_TEST(read(host0, "GASAADDR") == 0x3E000U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_access_by_the_global_window_takes_its_cycles, two_hosts) {
    run([this] {
        enumerate_both();
        settle();
        write(host0, "GASAADDR", nt_of_port(2) + 0x40C);
        const timing_config t{};
        const expected_time expected(t);
        std::uint64_t begin = now_ps();
        (void)read(host0, "GASADATA");
        BOOST_TEST(now_ps() ==
                   expected.reaches_host(expected.acts(begin, expected_time::read_request) +
                                             expected.cycles(t.gasa),
                                         expected_time::completion_of_dword));
        settle();
        signals.clear();
        begin = now_ps();
        write(host0, "GASADATA", 0x1234);
        BOOST_TEST(signals.last_change_ps("switch.port2.nt.ntsdata") ==
                   expected.acts(begin, expected_time::write_of_dword) + expected.cycles(t.gasa));
    });
}

// --- refused -----------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(what_crosses_the_end_is_refused_as_a_whole,
                        open_doors) { // nt_function.h 2
    run([this] {
        enumerate_both();
        write(host0, "GASAADDR", nt_of_port(0) + 0x40C);
        const completion read = host0.bar_read(bar0, gasa_data, 8);
        BOOST_TEST(read.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(read.data == 0xFFFFFFFFFFFFFFFFU);
        BOOST_TEST(host0.bar_write(bar0, gasa_data, 0xBAD, 8).status ==
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(two_hosts::read(host0, "NTSDATA") == 0U);
        for (const std::uint64_t address : {0x1000ULL, 0x100000FF8ULL, 0xFFFFFFFFFFFFFFFCULL}) {
            BOOST_TEST(host0.bar_read(bar0, address).status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            BOOST_TEST(host0.config_read(address).status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        }
        raw_access raw;
        BOOST_TEST(raw.read(0x1000, 4).over(host0.bar_sockets[0]) ==
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(raw.value() == 0xFFFFFFFFU);
        BOOST_TEST(raw.read(0x400, 0).over(host0.bar_sockets[0]) ==
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

BOOST_FIXTURE_TEST_CASE(without_memory_space_enable_a_bar_is_refused, open_doors) { // B9.8
    run([this] {
        enumerate_both();
        config_write(host0, "PCICMD", cmd_master);
        const completion read = host0.bar_read(bar0, 0x400);
        BOOST_TEST(read.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(read.data == 0xFFFFFFFFU);
        BOOST_TEST(host0.bar_write(bar0, 0x40C, 1).status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(config_read(host0, "NTSDATA") == 0U);
        BOOST_TEST(config_read(host0, "AERCES") == aer_advisory);            // the read
        BOOST_TEST(config_read(host0, "AERUES") == aer_unsupported_request); // the write
        config_write(host0, "PCICMD", cmd_memory);
        BOOST_TEST(host0.bar_read(bar0, 0x400).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(bar_0_opens_the_registers_only_as_an_enabled_configuration_bar,
                        open_doors) { // B9.1 B2.3
    run([this] {
        enumerate_both();
        const std::uint32_t setup = config_read(host0, "BARSETUP0");
        BOOST_TEST(setup == 0x800004C0U);
        config_write(host0, "BARSETUP0", setup & ~0x80000000U);
        BOOST_TEST(!host0.bar_read(bar0, 0x400).ok());
        config_write(host0, "BARSETUP0", setup & ~0x00000400U); // a window
        BOOST_TEST(host0.bar_read(bar0, 0x000).data != 0x8091111DU);
        config_write(host0, "BARSETUP0", setup);
        BOOST_TEST(host0.bar_read(bar0, 0x000).data == 0x8091111DU);
    });
}

BOOST_FIXTURE_TEST_CASE(a_bar_that_is_disabled_is_refused, open_doors) { // B9.10
    run([this] {
        enumerate_both();
        for (const unsigned bar : {1U, 5U}) {
            const completion read = host0.bar_read(bar_number(bar), 0);
            BOOST_TEST(read.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            BOOST_TEST(read.data == 0xFFFFFFFFU);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(behind_a_dead_link_nothing_answers_and_nothing_is_logged, open_doors) {
    run([this] {
        enumerate_both();
        bench.set_link(port0, false);
        for (const completion& c :
             {host0.bar_read(bar0, 0x400), host0.config_read(0), host0.config_write(4, 6)})
            BOOST_TEST(c.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST(host0.config_read(0).data == 0xFFFFFFFFU);
        BOOST_TEST(window_read(host2, nt_of_port(0) + 0x104) == 0U); // AERUES
        BOOST_TEST(window_read(host2, nt_of_port(0) + 0x004) >> 16 == 0x0010U);
    });
}

// --- TLM-2.0 -----------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(what_the_payload_can_say_but_pcie_cannot_gets_its_tlm_error,
                        open_doors) { // nt_function.h 4
    run([this] {
        enumerate_both();
        raw_access raw;
        raw.read(0x400, 4).payload.set_command(tlm::TLM_IGNORE_COMMAND);
        for (auto* socket : {&host0.config_socket, &host0.bar_sockets[0], &host0.bar_sockets[2]}) {
            BOOST_TEST(raw.over(*socket) == tlm::TLM_COMMAND_ERROR_RESPONSE);
            BOOST_TEST(raw.value() == 0xA5A5A5A5U); // untouched
        }
        raw.write(storage, 0xFF, 8).payload.set_streaming_width(4);
        BOOST_TEST(raw.over(host0.bar_sockets[0]) == tlm::TLM_BURST_ERROR_RESPONSE);
        std::array<unsigned char, 4> enables{};
        raw.write(storage, 0xFF, 4).payload.set_byte_enable_ptr(enables.data());
        raw.payload.set_byte_enable_length(0);
        BOOST_TEST(raw.over(host0.bar_sockets[0]) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        BOOST_TEST(get(through::config, storage) == 0U);
        BOOST_TEST(config_read(host0, "AERUES") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_incoming_delay_passes_before_the_access_and_comes_back_as_zero,
                        two_hosts) {
    run([this] {
        enumerate_both();
        settle();
        const expected_time expected{timing_config{}};
        const std::uint64_t begin = now_ps();
        raw_access raw;
        raw.write(0x40C, 1, 4);
        sc_core::sc_time delay(3, sc_core::SC_US);
        host0.bar_sockets[0]->b_transport(raw.payload, delay);
        BOOST_TEST(delay.value() == 0U);
        BOOST_TEST(signals.last_change_ps("switch.port0.nt.ntsdata") ==
                   expected.acts(begin + 3'000'000, expected_time::write_of_dword));
    });
}

BOOST_FIXTURE_TEST_CASE(the_model_is_loosely_timed_without_direct_memory, open_doors) {
    run([this] {
        enumerate_both();
        raw_access raw;
        raw.read(0, 4);
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        BOOST_TEST(host0.config_socket->nb_transport_fw(raw.payload, phase, delay) ==
                   tlm::TLM_COMPLETED);
        BOOST_TEST(raw.payload.get_response_status() == tlm::TLM_GENERIC_ERROR_RESPONSE);
        tlm::tlm_dmi direct;
        BOOST_TEST(!host0.bar_sockets[0]->get_direct_mem_ptr(raw.payload, direct));
        // Backwards there is nothing either.
        BOOST_TEST(host0.upstream_socket->nb_transport_bw(raw.payload, phase, delay) ==
                   tlm::TLM_COMPLETED);
        host0.upstream_socket->invalidate_direct_mem_ptr(0, 1);
    });
}

BOOST_FIXTURE_TEST_CASE(a_debug_access_takes_no_time_waits_for_nothing_and_logs_nothing,
                        two_hosts) { // register_bank.h 6
    run([this] {
        enumerate_both();
        settle();
        write(host0, "OUTMSG0", 1); // to itself: its outcome is 8 cycles away
        const std::uint64_t begin = now_ps();
        raw_access raw;
        BOOST_TEST(host0.bar_sockets[0]->transport_dbg(raw.read(0x460, 4).payload) == 4U);
        BOOST_TEST(raw.value() == 0U); // not there yet, and not waited for
        BOOST_TEST(host0.config_socket->transport_dbg(raw.read(0, 4).payload) == 4U);
        BOOST_TEST(raw.value() == 0x8091111DU);
        BOOST_TEST(host0.config_socket->transport_dbg(raw.write(0x40C, 0x77, 4).payload) == 4U);
        BOOST_TEST(host0.config_socket->transport_dbg(raw.read(0x40C, 4).payload) == 4U);
        BOOST_TEST(raw.value() == 0x77U);
        for (auto* socket : {&host0.bar_sockets[0], &host0.bar_sockets[5]}) {
            BOOST_TEST((*socket)->transport_dbg(raw.read(0x1000, 4).payload) == 0U);
            BOOST_TEST(raw.value() == 0xFFFFFFFFU);
        }
        // The window too, and registers that it reaches.
        BOOST_TEST(host0.config_socket->transport_dbg(
                       raw.write(gasa_address, nt_of_port(2), 4).payload) == 4U);
        BOOST_TEST(host0.config_socket->transport_dbg(raw.read(gasa_data, 4).payload) == 4U);
        BOOST_TEST(raw.value() == 0x8091111DU);
        BOOST_TEST(now_ps() == begin);
        settle();
        BOOST_TEST(config_read(host0, "AERUES") == 0U);
        BOOST_TEST(config_read(host0, "PCIEDSTS") == 0U);
        bench.set_link(port0, false); // a debugger needs no link
        BOOST_TEST(host0.config_socket->transport_dbg(raw.read(0, 4).payload) == 4U);
        BOOST_TEST(raw.value() == 0x8091111DU);
    });
}

BOOST_AUTO_TEST_SUITE_END()
