// SPDX-License-Identifier: Apache-2.0
// Topology "seed": two hosts in one partition (docs/topologies.md). A compatibility topology, not
// claimed for silicon; each rule of it has a test here.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "model/regs/all_maps.h"
#include "testbench/config/topology_file.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

class seed_hosts : public several_hosts {
public:
    seed_hosts() : several_hosts(config::load_topology("seed").topology) {}

    /// The driver's link enable at that port (behaviour B20.2).
    void enable_ntb_link(unsigned port) {
        write(port, "NTCTL", 2);
        write(port, "NTMTBLADDR", 0);
        write(port, "NTMTBLDATA", mapping(read(port, "REQIDCAP"), 0));
    }
    /// A register of the function at that port, without asking its host.
    [[nodiscard]] std::uint32_t function_register(unsigned port, std::string_view name) {
        return bench.device().global_read(port * 0x2000 + 0x1000 + regs::expand(name)->offset());
    }
    /// All of them, those of less than a dword as the dword that they are in.
    [[nodiscard]] std::map<std::string, std::uint32_t> function_registers(unsigned port) {
        std::map<std::string, std::uint32_t> all;
        regs::for_each_member([&](const regs::member& m) {
            const std::string name(regs::member_name(m).view());
            if (m.in->base == 0 && m.offset() < 0xFF8)
                all[name] = function_register(port, name);
        });
        return all;
    }
    void unmask(unsigned port, std::uint32_t interrupts) {
        write(port, "INDBELLMSK", 0);
        write(port, "MSGSTSMSK", 0);
        write(port, "NTINTMSK", int_all & ~interrupts);
    }
    /// Both ports and the partition may signal their events.
    void unmask_events() {
        for (const char* name : {"SEPMSK", "SEMSK", "SELINKUPMSK", "SELINKDNMSK", "SEHRSTMSK",
                                 "SEFRSTMSK", "SEGSIGMSK"})
            global_write(0, name, 0);
        for (const char* name :
             {"SELINKUPSTS", "SELINKDNSTS", "SEHRSTSTS", "SEFRSTSTS", "SEGSIGSTS"})
            global_write(0, name, 0xFFFFFFFF);
        settle();
        for (const unsigned port : {0U, 2U})
            write(port, "NTINTSTS", int_sevent);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(seed)

BOOST_FIXTURE_TEST_CASE(both_ports_are_in_partition_0_and_all_else_is_disabled, seed_hosts) {
    run([this] {
        for (const unsigned asking : {0U, 2U}) {
            for (unsigned p = 0; p < max_ports; ++p) {
                const std::uint32_t status =
                    global_read(asking, "SWPORT" + std::to_string(p) + "STS");
                const bool used = p == 0 || p == 2;
                BOOST_TEST((status >> 6 & 0xFU) == (used ? 3U : 0U));
                BOOST_TEST((status >> 10 & 7U) == 0U);
            }
            for (unsigned p = 0; p < max_partitions; ++p)
                BOOST_TEST((global_read(asking, "SWPART" + std::to_string(p) + "STS") >> 5 & 3U) ==
                           (p == 0 ? 1U : 0U));
            BOOST_TEST(read(asking, "PCIELCAP") >> 24 == asking);
        }
        const std::uint32_t partition = global_read(0, "SWPART0STS");
        BOOST_TEST((partition >> 8 & 1U) == 1U);    // US
        BOOST_TEST((partition >> 9 & 0x1FU) == 0U); // USID: the lower port
    });
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_sets_the_status_of_both_the_senders_too, seed_hosts) {
    run([this] {
        for (const unsigned port : {0U, 2U})
            unmask(port, int_dbell);
        for (const unsigned sender : {0U, 2U}) {
            const std::uint64_t before0 = msis(0);
            const std::uint64_t before2 = msis(2);
            write(sender, "OUTDBELLSET", 0x11);
            settle();
            BOOST_TEST(read(0, "INDBELLSTS") == 0x11U);
            BOOST_TEST(read(2, "INDBELLSTS") == 0x11U);
            BOOST_TEST(msis(0) == before0 + 1);
            BOOST_TEST(msis(2) == before2 + 1);
            write(0, "INDBELLSTS", 0x11); // clearing one leaves the other
            BOOST_TEST(read(0, "INDBELLSTS") == 0U);
            BOOST_TEST(read(2, "INDBELLSTS") == 0x11U);
            write(2, "INDBELLSTS", 0x11);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(global_doorbell_masks_hold_for_the_partition_and_so_for_both,
                        seed_hosts) { // B5.2
    run([this] {
        global_write(0, "GODBELLMSK3", 1);
        global_write(0, "GIDBELLMSK4", 1);
        write(0, "OUTDBELLSET", 0x38);
        write(2, "OUTDBELLSET", 0x38);
        settle();
        BOOST_TEST(read(0, "INDBELLSTS") == 0x20U);
        BOOST_TEST(read(2, "INDBELLSTS") == 0x20U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_message_to_the_own_partition_goes_to_the_other_function, seed_hosts) {
    run([this] {
        for (const unsigned port : {0U, 2U})
            unmask(port, int_msg);
        for (const unsigned sender : {0U, 2U}) {
            const unsigned other = 2 - sender;
            const std::uint64_t heard = msis(sender);
            write(sender, "OUTMSG1", 0xA0 + sender); // routes are 0: register 0 of partition 0
            BOOST_TEST(read(sender, "MSGSTS") == 0U);
            settle();
            BOOST_TEST(read(other, "MSGSTS") == full(0));
            BOOST_TEST(read(other, "INMSG0") == 0xA0U + sender);
            BOOST_TEST(read(other, "INMSGSRC0") == 0U);
            BOOST_TEST(msis(sender) == heard);
            write(sender, "OUTMSG2", 0xFF); // it is full: the old one stays, the sender is told
            BOOST_TEST(read(sender, "MSGSTS") == lost(2));
            BOOST_TEST(read(other, "INMSG0") == 0xA0U + sender);
            write(sender, "MSGSTS", lost(2));
            write(other, "MSGSTS", full(0));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(message_routes_are_the_partitions_and_so_common_to_both, seed_hosts) {
    run([this] {
        global_write(2, "SWP0MSGCTL1", 0x03); // register 3 of partition 0
        BOOST_TEST(global_read(0, "SWP0MSGCTL1") == 0x03U);
        write(0, "OUTMSG1", 0x77);
        settle();
        BOOST_TEST(read(2, "INMSG3") == 0x77U);
        global_write(0, "SWP0MSGCTL1", 0x13); // a partition that has no function refuses
        write(0, "OUTMSG1", 0x78);
        BOOST_TEST(read(0, "MSGSTS") == lost(1));
    });
}

BOOST_FIXTURE_TEST_CASE(both_hosts_share_mapping_entry_0, seed_hosts) {
    run([this] {
        enable_ntb_link(0);
        write(2, "NTMTBLADDR", 0);
        BOOST_TEST(read(2, "NTMTBLDATA") == mapping(0, 0));
        write(2, "NTMTBLDATA", mapping(0x123, 0)); // the last one to write it has it
        BOOST_TEST(read(0, "NTMTBLDATA") == mapping(0x123, 0));
        write(2, "NTMTBLDATA", 0); // one link disabled, none valid
        BOOST_TEST(read(0, "NTMTBLDATA") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_window_leads_to_the_other_host, seed_hosts) {
    run([this] {
        for (const unsigned port : {0U, 2U}) {
            enable_ntb_link(port);
            write(port, "BARLTBASE2", 0x4000);
            write(port, "LUTOFFSET", 0x400);
            write(port, "LUTLDATA", 0x8000);
            write(port, "LUTMDATA", 0);
            write(port, "LUTUDATA", 0x80000000); // valid, partition 0
        }
        for (const unsigned port : {0U, 2U}) {
            BOOST_TEST(host(port).bar_write(bar_number(2), 0x10, 0xD0 + port).ok());
            BOOST_TEST(host(port).bar_write(bar_number(4), 0x10, 0xE0 + port).ok());
        }
        settle();
        for (const unsigned port : {0U, 2U}) { // what came from there
            std::uint32_t direct = 0;
            std::uint32_t table = 0;
            BOOST_TEST_REQUIRE(host(2 - port).ram().read(
                0x4010, reinterpret_cast<unsigned char*>(&direct), sizeof direct));
            BOOST_TEST_REQUIRE(host(2 - port).ram().read(
                0x8010, reinterpret_cast<unsigned char*>(&table), sizeof table));
            BOOST_TEST(direct == 0xD0U + port);
            BOOST_TEST(table == 0xE0U + port);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_clients_reset_touches_only_its_function, seed_hosts) {
    run([this] {
        for (const bool reset : {true, false}) { // and the same for a disconnection
            for (const unsigned port : {0U, 2U})
                BOOST_TEST_REQUIRE(enumerate(host(port)).present);
            enable_ntb_link(0);
            enable_ntb_link(2);
            write(0, "OUTDBELLSET", 0xF0);
            write(0, "OUTMSG0", 0x55);
            unmask_events();
            const auto untouched = function_registers(2);
            if (reset) {
                bench.hot_reset(port_number(0));
            } else {
                bench.set_link(port_number(0), false);
                bench.set_link(port_number(0), true);
            }
            settle();
            BOOST_TEST(function_register(0, "NTCTL") == 0U); // CPEN
            BOOST_TEST(function_register(0, "INDBELLSTS") == 0U);
            auto now = function_registers(2);
            now["NTINTSTS"] &= ~int_sevent; // it hears of the link
            for (const auto& [name, value] : untouched)
                BOOST_TEST(now.at(name) == value, name);
            write(2, "NTMTBLADDR", 0);
            BOOST_TEST(read(2, "NTMTBLDATA") == mapping(0, 0)); // is the other host's as well
            BOOST_TEST(global_read(2, "SELINKDNSTS") == 1U);
            BOOST_TEST(global_read(2, "SELINKUPSTS") == 1U);
            BOOST_TEST(global_read(2, "SEHRSTSTS") == 0U); // the partition was not reset
            write(2, "INDBELLSTS", 0xF0);
            write(2, "MSGSTS", full(0));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_fundamental_reset_of_the_partition_resets_both, seed_hosts) {
    run([this] {
        enable_ntb_link(0);
        enable_ntb_link(2);
        bench.fundamental_reset(partition_number(0));
        for (const unsigned port : {0U, 2U}) {
            BOOST_TEST(function_register(port, "NTCTL") == 0U);
            BOOST_TEST(bench.device().link_up(port_number(port)));
        }
        BOOST_TEST_REQUIRE(enumerate(host(2)).present);
        write(2, "NTMTBLADDR", 0);
        BOOST_TEST(read(2, "NTMTBLDATA") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_global_signal_and_a_link_event_reach_both, seed_hosts) { // B11.6
    run([this] {
        unmask_events();
        write(2, "NTGSIGNAL", 1);
        settle();
        for (const unsigned port : {0U, 2U}) {
            BOOST_TEST((read(port, "NTINTSTS") & int_sevent) == int_sevent);
            write(port, "NTINTSTS", int_sevent);
        }
        BOOST_TEST(global_read(0, "SEGSIGSTS") == 1U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
