// SPDX-License-Identifier: Apache-2.0
// The NT mapping table, REQIDCAP (docs/reference/behaviour.md section 7) and the lookup tables'
// registers (B9.7).
#include <boost/test/unit_test.hpp>

#include "model/lookup_tables.h"
#include "model/mapping_table.h"
#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/raw_access.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

class table_hosts : public two_hosts {
public:
    void put(root_complex& host, unsigned index, std::uint32_t entry) {
        write(host, "NTMTBLADDR", index);
        write(host, "NTMTBLDATA", entry);
    }
    std::uint32_t entry(root_complex& host, unsigned index) {
        write(host, "NTMTBLADDR", index);
        return read(host, "NTMTBLDATA");
    }
    static constexpr std::uint64_t data_offset = 0x4D8;
};

} // namespace

BOOST_AUTO_TEST_SUITE(the_mapping_table)

BOOST_FIXTURE_TEST_CASE(has_64_entries_that_are_invalid_after_reset, table_hosts) { // B7.1 B4.3
    run([this] {
        enumerate_both();
        for (unsigned i = 0; i < mapping_table_size; ++i)
            BOOST_TEST(entry(host0, i) == 0U);
        for (unsigned i = 0; i < mapping_table_size; ++i)
            put(host0, i, mapping(0x100 + i, i % 8));
        for (unsigned i = 0; i < mapping_table_size; ++i)
            BOOST_TEST(entry(host0, i) == mapping(0x100 + i, i % 8));
        BOOST_TEST(read(host0, "NTMTBLSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(is_common_to_all_partitions_and_its_index_is_not, table_hosts) { // B7.1
    run([this] {
        enumerate_both();
        put(host0, 5, mapping(0x1234, 0));
        put(host2, 6, mapping(0x5678, 1));
        BOOST_TEST(read(host0, "NTMTBLADDR") == 5U);
        BOOST_TEST(entry(host2, 5) == mapping(0x1234, 0));
        BOOST_TEST(entry(host0, 6) == mapping(0x5678, 1));
    });
}

BOOST_FIXTURE_TEST_CASE(keeps_the_fields_of_an_entry_and_no_reserved_bit, table_hosts) { // B7.2
    run([this] {
        enumerate_both();
        put(host0, 0, 0xFFFFFFFF);
        BOOST_TEST(entry(host0, 0) == 0xE00FFFFFU);
        put(host0, 0, 0);
        BOOST_TEST(entry(host0, 0) == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(ignores_an_index_out_of_range_and_says_so, table_hosts) { // B7.8
    run([this] {
        enumerate_both();
        put(host0, 0, mapping(1, 0));
        put(host0, 64, 0xFFFFFFFF);
        BOOST_TEST(read(host0, "NTMTBLSTS") == 1U);
        BOOST_TEST(entry(host0, 0) == mapping(1, 0)); // not wrapped
        write(host0, "NTMTBLSTS", 1);
        BOOST_TEST(read(host0, "NTMTBLSTS") == 0U);
        BOOST_TEST(entry(host0, 127) == 0U);
        BOOST_TEST(read(host0, "NTMTBLSTS") == 1U);
        BOOST_TEST(read(host2, "NTMTBLSTS") == 0U); // of this function alone
        write(host0, "NTMTBLADDR", 0xFFFFFFFF);
        BOOST_TEST(read(host0, "NTMTBLADDR") == 0x7FU);
    });
}

BOOST_FIXTURE_TEST_CASE(is_written_in_whole_dwords_only, table_hosts) { // B7.8
    run([this] {
        enumerate_both();
        put(host0, 3, mapping(0x4321, 1));
        for (const unsigned size : {1U, 2U}) {
            BOOST_TEST(host0.bar_write(bar_number(0), data_offset, 0, size).ok());
            BOOST_TEST(read(host0, "NTMTBLSTS") == 1U);
            write(host0, "NTMTBLSTS", 1);
            BOOST_TEST(entry(host0, 3) == mapping(0x4321, 1));
        }
        BOOST_TEST(host0.config_write(data_offset, 0, 4, 0b0111).ok());
        BOOST_TEST(read(host0, "NTMTBLSTS") == 1U);
        BOOST_TEST(entry(host0, 3) == mapping(0x4321, 1));
    });
}

BOOST_FIXTURE_TEST_CASE(reads_zero_in_parts_and_says_so, table_hosts) { // B7.8
    run([this] {
        enumerate_both();
        put(host0, 3, 0xFFFFFFFF);
        for (const unsigned offset : {0U, 2U}) {
            BOOST_TEST(host0.bar_read(bar_number(0), data_offset + offset, 2).data == 0U);
            BOOST_TEST(read(host0, "NTMTBLSTS") == 1U);
            write(host0, "NTMTBLSTS", 1);
        }
        BOOST_TEST(host0.config_read(data_offset + 3, 1).data == 0U);
        BOOST_TEST(read(host0, "NTMTBLSTS") == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(shows_a_debugger_its_entries_without_a_trace, table_hosts) {
    run([this] {
        enumerate_both();
        write(host0, "NTMTBLADDR", 70);
        raw_access raw;
        raw.read(data_offset, 4);
        BOOST_TEST(host0.bar_sockets[0]->transport_dbg(raw.payload) == 4U);
        raw.read(data_offset, 2);
        BOOST_TEST(host0.bar_sockets[0]->transport_dbg(raw.payload) == 2U);
        BOOST_TEST(read(host0, "NTMTBLSTS") == 0U);
    });
}

BOOST_AUTO_TEST_CASE(finds_a_valid_entry_by_requester_and_partition) { // B7.4
    mapping_table table;
    BOOST_TEST(table.find(partition_number(1), requester_id(0x1234)) == -1);
    table.write(63, mapping(0x1234, 1) | 0xE0000000U); // attributes do not matter
    table.write(2, mapping(0x1234, 2));
    table.write(1, mapping(0x1234, 3) & ~1U); // not valid
    BOOST_TEST(table.find(partition_number(1), requester_id(0x1234)) == 63);
    BOOST_TEST(table.find(partition_number(2), requester_id(0x1234)) == 2);
    BOOST_TEST(table.find(partition_number(3), requester_id(0x1234)) == -1);
    BOOST_TEST(table.find(partition_number(1), requester_id(0x1235)) == -1);
}

BOOST_AUTO_TEST_CASE(forgets_the_valid_entries_of_a_partition_that_is_reset) { // B4.3
    mapping_table table;
    table.write(0, mapping(1, 0));
    table.write(1, mapping(1, 1));
    table.write(2, mapping(2, 1));
    table.write(3, mapping(3, 1) & ~1U);
    table.invalidate(partition_number(1));
    BOOST_TEST(table.read(0) == mapping(1, 0));
    BOOST_TEST(table.read(1) == 0U);
    BOOST_TEST(table.read(2) == 0U);
    BOOST_TEST(table.read(3) == (mapping(3, 1) & ~1U));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(requester_id_capture)

BOOST_FIXTURE_TEST_CASE(a_read_returns_the_requester_of_that_read, table_hosts) { // B7.7
    run([this] {
        enumerate_both();
        raw_access raw;
        for (const unsigned id : {0x0000U, 0x00F8U, 0xABCDU, 0xFFFFU}) {
            raw.extension.requester = requester_id(id);
            raw.extension.requester_valid = true;
            BOOST_TEST(raw.read(0x4DC, 4).over(host0.config_socket) == tlm::TLM_OK_RESPONSE);
            BOOST_TEST(raw.value() == id);
            BOOST_TEST(raw.read(0x4DC, 4).over(host0.bar_sockets[0]) == tlm::TLM_OK_RESPONSE);
            BOOST_TEST(raw.value() == id);
            write(host0, "GASAADDR", 2 * 0x2000 + 0x1000 + 0x4DC); // port 2's, by host 0
            BOOST_TEST(raw.read(0xFFC, 4).over(host0.bar_sockets[0]) == tlm::TLM_OK_RESPONSE);
            BOOST_TEST(raw.value() == id);
            write(host0, "REQIDCAP", 0x1234); // read-only
        }
    });
}

BOOST_AUTO_TEST_CASE(a_door_that_names_no_requester_stands_for_the_topology_s_host) { // B7.7
    topology_config topology = four_partitions();
    topology.ports.at(4).host_requester = requester_id(0x0142);
    several_hosts hosts(topology);
    hosts.run([&hosts] {
        raw_access raw;
        raw.extension.requester = requester_id(0x7777);
        raw.extension.requester_valid = false;
        raw.read(0x4DC, 4).over(hosts.host(4).config_socket);
        BOOST_TEST(raw.value() == 0x0142U);
        raw.payload.clear_extension(&raw.extension);
        raw.read(0x4DC, 4).over(hosts.host(4).bar_sockets[0]);
        BOOST_TEST(raw.value() == 0x0142U);
    });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_lookup_tables)

BOOST_FIXTURE_TEST_CASE(have_24_entries_for_bar_2_and_for_bar_4, two_hosts) { // B9.7
    run([this] {
        enumerate_both();
        for (const unsigned bar : {2U, 4U})
            for (unsigned i = 0; i < 24; ++i) {
                write(host0, "LUTOFFSET", bar << 8 | i);
                write(host0, "LUTLDATA", 0x1000 * (bar + i) | 3U); // two bits not implemented
                write(host0, "LUTMDATA", 0x20000 + bar * 32 + i);
                write(host0, "LUTUDATA", 0x80000000U | (i & 7U));
            }
        for (const unsigned bar : {2U, 4U})
            for (unsigned i = 0; i < 24; ++i) {
                write(host0, "LUTOFFSET", bar << 8 | i);
                BOOST_TEST(read(host0, "LUTLDATA") == 0x1000 * (bar + i));
                BOOST_TEST(read(host0, "LUTMDATA") == 0x20000 + bar * 32 + i);
                BOOST_TEST(read(host0, "LUTUDATA") == (0x80000000U | (i & 7U)));
            }
        write(host2, "LUTOFFSET", 2U << 8);
        BOOST_TEST(read(host2, "LUTUDATA") == 0U); // each function has its own
    });
}

BOOST_FIXTURE_TEST_CASE(read_zero_and_ignore_writes_where_there_is_no_entry, two_hosts) { // B9.7
    run([this] {
        enumerate_both();
        for (const std::uint32_t select : {0x000U, 0x100U, 0x300U, 0x500U, 0x218U, 0x41FU}) {
            write(host0, "LUTOFFSET", select);
            for (const char* part : {"LUTLDATA", "LUTMDATA", "LUTUDATA"}) {
                write(host0, part, 0xFFFFFFFF);
                BOOST_TEST(read(host0, part) == 0U);
            }
        }
        for (const unsigned bar : {2U, 4U})
            for (unsigned i = 0; i < 24; ++i) {
                write(host0, "LUTOFFSET", bar << 8 | i);
                BOOST_TEST(read(host0, "LUTUDATA") == 0U);
            }
    });
}

BOOST_FIXTURE_TEST_CASE(take_single_bytes_of_the_selected_entry, two_hosts) { // B9.7
    run([this] {
        enumerate_both();
        write(host0, "LUTOFFSET", 0x201);
        write(host0, "LUTMDATA", 0x11223344);
        write(host0, "LUTOFFSET", 0x202);
        write(host0, "LUTMDATA", 0xAABBCCDD);
        BOOST_TEST(host0.bar_write(bar_number(0), 0x4E8 + 1, 0x55, 1).ok());
        BOOST_TEST(read(host0, "LUTMDATA") == 0xAABB55DDU);
        write(host0, "LUTOFFSET", 0x201); // the rest comes from that entry, not the last write
        BOOST_TEST(host0.bar_write(bar_number(0), 0x4E8 + 3, 0x66, 1).ok());
        BOOST_TEST(read(host0, "LUTMDATA") == 0x66223344U);
    });
}

BOOST_FIXTURE_TEST_CASE(show_every_entry_in_a_waveform, two_hosts) {
    run([this] {
        enumerate_both();
        write(host0, "LUTOFFSET", 0x403);
        write(host0, "LUTLDATA", 0x00300000);
        write(host0, "LUTMDATA", 0x12);
        write(host0, "LUTUDATA", 0x80000001);
        BOOST_TEST(signals.last("switch.port0.nt.lut4_3_base") == 0x1200300000U);
        BOOST_TEST(signals.last("switch.port0.nt.lut4_3_upper") == 0x80000001U);
        BOOST_TEST(signals.last("switch.port0.nt.lut4_2_upper") == 0U);
        write(host0, "NTMTBLADDR", 5);
        write(host0, "NTMTBLDATA", 0x20001); // valid, 00:00.0, partition 1
        BOOST_TEST(signals.last("switch.ntmtbl_5") == 0x20001U);
        BOOST_TEST(signals.last("switch.port2.bridge.p2pvid") == 0x111DU);
        write(host0, "NTMTBLDATA", 0);
        BOOST_TEST(signals.last("switch.ntmtbl_5") == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
