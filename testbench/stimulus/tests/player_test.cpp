// SPDX-License-Identifier: Apache-2.0
// The player against a device of this file: when statements start, what they do, and which
// expectations fail with which words.
#include <boost/test/unit_test.hpp>
#include <map>
#include <sstream>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "testbench/fixture/simulated_test.h"
#include "testbench/stimulus/parser.h"
#include "testbench/stimulus/player.h"

using namespace ntb;
using namespace ntb::stimulus;

namespace {

/// A device with plain registers: config and BARs are one space; an access takes 100 ns. A write
/// to 0x80 sends that many MSIs, 50 ns apart; a write to 0x84 sets the level of INTx 10 ns later;
/// a write of 0 to 3 to 0x88 sends ERR_COR, ERR_NONFATAL, ERR_FATAL or PME_TO_Ack. A poisoned write
/// does nothing and is counted.
class simple_device : public sc_core::sc_module {
public:
    explicit simple_device(const sc_core::sc_module_name& name)
        : sc_module(name), targets("target", 7), upstream("upstream") {
        for (auto& target : targets)
            target.register_b_transport(this, &simple_device::transport);
        payload_.set_extension(&extension_);
        sc_core::sc_spawn([this] { send(); }, "send");
    }
    ~simple_device() override { payload_.clear_extension(&extension_); }

    void connect(root_complex& host) {
        host.config_socket.bind(targets[6]);
        for (unsigned b = 0; b < bar_count; ++b)
            host.bar_sockets[b].bind(targets[b]);
        upstream.bind(host.upstream_socket);
    }

    sc_core::sc_vector<tlm_utils::simple_target_socket<simple_device>> targets;
    tlm_utils::simple_initiator_socket<simple_device> upstream;
    std::map<std::uint64_t, unsigned char> bytes{};
    std::vector<std::uint64_t> starts_ps{}; ///< of every access
    unsigned poisoned = 0;

private:
    void transport(tlm::tlm_generic_payload& p, sc_core::sc_time&) {
        starts_ps.push_back(sc_core::sc_time_stamp().value());
        sc_core::wait(100, sc_core::SC_NS);
        if (p.is_write() && p.get_extension<pcie_extension>()->poisoned) {
            ++poisoned;
            p.set_response_status(tlm::TLM_OK_RESPONSE);
            return;
        }
        const std::uint64_t at = p.get_address();
        p.set_response_status(tlm::TLM_OK_RESPONSE);
        if (at >= 0x1000) {
            p.set_response_status(at >= 0x2000 ? tlm::TLM_GENERIC_ERROR_RESPONSE
                                               : tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        for (unsigned i = 0; i < p.get_data_length(); ++i) {
            if (p.get_byte_enable_ptr() != nullptr &&
                p.get_byte_enable_ptr()[i] != TLM_BYTE_ENABLED)
                continue;
            if (p.is_write())
                bytes[at + i] = p.get_data_ptr()[i];
            else
                p.get_data_ptr()[i] = bytes[at + i];
        }
        if (p.is_write() && at == 0x80)
            msis_ = p.get_data_ptr()[0];
        if (p.is_write() && at == 0x88)
            post(std::array<tlp_kind, 4>{tlp_kind::err_cor, tlp_kind::err_nonfatal,
                                         tlp_kind::err_fatal, tlp_kind::pme_to_ack}
                     .at(p.get_data_ptr()[0]));
        if (p.is_write() && at == 0x84)
            level_ = p.get_data_ptr()[0] != 0;
        if (p.is_write())
            wake_.notify(sc_core::SC_ZERO_TIME);
    }
    void send() {
        for (;;) {
            sc_core::wait(wake_);
            for (; msis_ != 0; --msis_) {
                sc_core::wait(50, sc_core::SC_NS);
                post(tlp_kind::msi);
            }
            if (level_ != sent_level_) {
                sent_level_ = level_;
                sc_core::wait(10, sc_core::SC_NS);
                post(level_ ? tlp_kind::assert_intx : tlp_kind::deassert_intx);
            }
        }
    }
    void post(tlp_kind kind) {
        std::uint32_t data = 0x41;
        extension_.kind = kind;
        payload_.set_write();
        payload_.set_address(root_complex::msi_window);
        payload_.set_data_ptr(reinterpret_cast<unsigned char*>(&data));
        payload_.set_data_length(4);
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        upstream->b_transport(payload_, delay);
    }

    tlm::tlm_generic_payload payload_{};
    pcie_extension extension_{};
    sc_core::sc_event wake_{};
    unsigned msis_ = 0;
    bool level_ = false;
    bool sent_level_ = false;
};

class recorded_controls : public switch_controls {
public:
    [[nodiscard]] bool has_host(port_number p) const override { return p.value() == 0; }
    void set_link(port_number p, bool up) override {
        calls.push_back("link " + std::to_string(p.value()) + (up ? " up" : " down"));
    }
    void hot_reset(port_number p) override { calls.push_back("hot " + std::to_string(p.value())); }
    void fundamental_reset(partition_number p) override {
        calls.push_back("fundamental " + std::to_string(p.value()));
    }
    void fundamental_reset() override { calls.push_back("fundamental"); }
    void fail_over(unsigned capability, failover_kind kind) override {
        calls.push_back("failover " + std::to_string(capability) +
                        (kind == failover_kind::primary ? " primary" : " secondary"));
    }
    void inject(port_number p, const fault& f) override {
        calls.push_back("fault " + std::to_string(p.value()) + " " +
                        std::to_string(static_cast<unsigned>(f.kind)) + " " + std::to_string(f.ps));
    }
    void set_temperature(unsigned t) override { calls.push_back("temp " + std::to_string(t)); }
    [[nodiscard]] eeprom_status eeprom() const override { return status; }
    void pme_turn_off(port_number p) override {
        calls.push_back("pme-turn-off " + std::to_string(p.value()));
    }
    [[nodiscard]] punch_result punch(port_number p, const punch_request& r,
                                     std::uint32_t& data) override {
        calls.push_back("punch " + std::to_string(p.value()) + (r.write ? " write " : " read ") +
                        std::to_string(r.target.value()) + " " + std::to_string(r.offset) + " " +
                        std::to_string(r.data));
        data = r.write ? 0 : 0x1234;
        return r.offset == 0 ? punch_result::done : punch_result::unsupported;
    }
    [[nodiscard]] std::size_t smbus_write(const std::uint8_t* bytes, std::size_t n) override {
        calls.push_back("smbus write " + std::to_string(n) + " from " + std::to_string(bytes[0]));
        return acknowledged < n ? acknowledged : n;
    }
    [[nodiscard]] bool smbus_read(std::uint8_t code, std::uint8_t* out, std::size_t n) override {
        calls.push_back("smbus read " + std::to_string(n) + " by " + std::to_string(code));
        for (std::size_t i = 0; i < n; ++i)
            out[i] = static_cast<std::uint8_t>(i + 1);
        return acknowledged != 0;
    }
    void release_reset_halt() override { calls.push_back("release"); }
    [[nodiscard]] partition_number partition_of(port_number) const override {
        return partition_number(5);
    }
    std::vector<std::string> calls{};
    eeprom_status status{};
    std::size_t acknowledged = 99; ///< bytes of a transaction
};

struct bench {
    simple_device device{"device"};
    root_complex host{"host", requester_id(0)};
    recorded_controls controls{};
    host_table hosts{};
    std::ostringstream transcript{};
    ntb::test::simulated_test test{};
    std::vector<std::string> failures{};
    std::uint64_t expectations = 0;
    std::uint64_t end_ps = 0;
    sc_core::sc_time limit{1, sc_core::SC_SEC};

    bench() {
        device.connect(host);
        hosts[0] = &host;
    }
    /// Plays `body`, whose first line is line 2.
    void play(const std::string& body, std::uint64_t seed = 1) {
        const program p = parse("ntbstim 1\n" + body, "x.stim", model_register);
        player::check(p, hosts);
        player_options options;
        options.seed = seed;
        options.transcript = &transcript;
        player play(hosts, controls, options);
        test.run(
            [&] {
                play.play(p);
                end_ps = ntb::test::now_ps();
            },
            limit);
        expectations = play.expectations();
        for (const failure& f : play.failures())
            failures.push_back(f.text());
    }
};

void expect_list(const std::vector<std::string>& got, const std::vector<std::string>& expected) {
    BOOST_TEST(got == expected, boost::test_tools::per_element());
}
const std::vector<std::string> nothing{};

} // namespace

BOOST_AUTO_TEST_SUITE(stimulus_player)

BOOST_FIXTURE_TEST_CASE(statements_start_at_after_or_when_the_previous_completed, bench) {
    play("at 50ns port0.bar0 write +0x10 1\n"
         "port0.bar0 write +0x10 2\n"
         "after 7ns port0.config read +0x10 == 2\n"
         "after 3ns\n"
         "at 1us port0.bar0 read +0x10\n");
    expect_list(failures, nothing);
    const std::vector<std::uint64_t> starts{50'000, 150'000, 257'000, 1'000'000};
    BOOST_TEST(device.starts_ps == starts, boost::test_tools::per_element());
    BOOST_TEST(end_ps == 1'100'000U);
}

BOOST_FIXTURE_TEST_CASE(a_start_in_the_past_is_a_failure, bench) {
    play(
        "port0.bar0 write +0x10 1\nat 50ns port0.bar0 write +0x10 2\nport0.bar0 read +0x10 == 1\n");
    expect_list(failures, {"x.stim:3: expected to start at 50.000 ns, got there only at "
                           "100.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(a_repeat_that_starts_in_the_past_is_left_out_with_all_that_is_in_it,
                        bench) {
    play("port0.bar0 write +0x10 1\nat 50ns repeat 2\nport0.bar0 write +0x10 2\nend\n"
         "port0.bar0 read +0x10 == 1\nrepeat 2\nport0.bar0 read +0x10 == 1\nat 50ns end\n");
    BOOST_TEST(failures.size() == 3U); // the repeat, and each round's end
    BOOST_TEST(end_ps == 400'000U);
}

BOOST_FIXTURE_TEST_CASE(a_play_that_is_longer_than_simulated_time_fails_there_and_ends, bench) {
    limit = sc_core::sc_time::from_value(3 * longest_time_ps);
    play("after 4000000s\n"
         "repeat 100\n"
         "after 4000000s port0 expect no-msi for 1s\n"
         "end\n"
         "port0.bar0 read +0x1000 == 0\n");
    expect_list(failures, {"x.stim:5: expected to start within 53 days of simulated time, got "
                           "there only at 8000001000000000.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(a_failed_read_names_register_values_and_time_and_the_play_goes_on, bench) {
    play("port0.bar0 write INDBELLSTS 0x5\n"
         "port0.bar0 read INDBELLSTS == 0x4\n"
         "port0.bar0 read INDBELLSTS == 0x4 mask 0x4\n"
         "port0.bar0 read INDBELLSTS == 0x1 mask 0x3\n"
         "port0.bar0 read INDBELLSTS == 0x2 mask 0x3\n"
         "port0.bar0 read +0x1000 == 0xffffffff\n");
    expect_list(failures,
                {"x.stim:3: expected INDBELLSTS == 0x00000004, got 0x00000005 at 200.000 ns",
                 "x.stim:6: expected INDBELLSTS == 0x00000002 under mask 0x00000003, got "
                 "0x00000005 at 500.000 ns"});
    BOOST_TEST(expectations == 5U);
    BOOST_TEST(transcript.str().find("read +0x1000 == 0xffffffff -> 0xffffffff (unsupported") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_failed_read_says_why_it_brought_all_ones, bench) {
    play("port0.bar0 read +0x1000 == 0x0\n"
         "port0.bar0 read +0x2000 == 0x0\n");
    expect_list(failures, {"x.stim:2: expected +0x1000 == 0x00000000, got 0xffffffff (unsupported "
                           "request) at 100.000 ns",
                           "x.stim:3: expected +0x2000 == 0x00000000, got 0xffffffff (completion "
                           "timeout) at 200.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(sizes_and_byte_enables_reach_the_device, bench) {
    play("port0.bar2 write +0x10 0x1122334455667788 size 8\n"
         "port0.bar2 write +0x12 0xaa size 1\n"
         "port0.bar2 write +0x14 0xffffffff be 0x2\n"
         "port0.bar2 read +0x10 size 8 == 0x1122ff4455aa7788\n"
         "port0.bar2 read +0x11 size 2 == 0xaa77\n");
    expect_list(failures, nothing);
}

BOOST_FIXTURE_TEST_CASE(msis_count_from_the_start_of_the_expectation_and_once, bench) {
    play("port0.bar0 write +0x80 3\n"            // MSIs 50, 100, 150 ns after its end at 100
         "port0 expect msi count 2 within 1us\n" // at 200
         "port0 expect msi within 50ns\n"        // at 250, the last moment
         "port0 expect msi within 100ns\n"       // none left
         "port0 expect no-msi for 100ns\n");
    expect_list(failures, {"x.stim:5: expected 1 MSI at port 0 within 100.000 ns, got 0 at "
                           "350.000 ns"});
    BOOST_TEST(end_ps == 450'000U);
}

BOOST_FIXTURE_TEST_CASE(msis_before_the_expectation_do_not_count, bench) {
    play("port0.bar0 write +0x80 1\nafter 60ns port0 expect msi within 100ns\n");
    expect_list(failures, {"x.stim:3: expected 1 MSI at port 0 within 100.000 ns, got 0 at "
                           "260.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(an_msi_where_none_may_come_fails_at_once, bench) {
    play("port0.bar0 write +0x80 1\nport0 expect no-msi for 49ns\nport0 expect no-msi for 1us\n");
    expect_list(failures, {"x.stim:4: expected no MSI at port 0 for 1000.000 ns, got one after "
                           "1.000 ns at 150.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(intx_is_a_level, bench) {
    play("port0 expect no-intx for 10ns\n"
         "port0.bar0 write +0x84 1\n"
         "port0 expect intx within 1us\n"
         "after 500ns port0 expect intx within 1ns\n" // still asserted
         "port0 expect no-intx for 10ns\n"
         "port0.bar0 write +0x84 0\n"
         "after 20ns port0 expect no-intx for 10ns\n"
         "port0 expect intx within 10ns\n");
    BOOST_TEST_REQUIRE(failures.size() == 2U);
    BOOST_TEST(failures[0].find("x.stim:6: expected no INTx") == 0U);
    BOOST_TEST(failures[1].find("x.stim:9: expected 1 INTx") == 0U);
}

BOOST_FIXTURE_TEST_CASE(messages_are_expected_as_interrupts_are, bench) {
    play("port0.bar0 write +0x88 0\nport0 expect err-cor within 1ns\n"
         "port0.bar0 write +0x88 1\nport0 expect no-err-nonfatal for 1ns\n"
         "after 1ns port0 expect no-err-nonfatal for 1ns\n"
         "port0 expect pme-to-ack within 1ns\n");
    BOOST_TEST_REQUIRE(failures.size() == 2U);
    BOOST_TEST(failures[0].find("x.stim:5: expected no ERR_NONFATAL at port 0") == 0U);
    BOOST_TEST(failures[1].find("x.stim:7: expected 1 PME_TO_Ack at port 0") == 0U);
}

BOOST_FIXTURE_TEST_CASE(poisoned_writes_and_ways_to_complete_reach_device_and_host, bench) {
    play("port0.bar0 write +0x10 0x11 poisoned\nport0.config write +0x10 0x22 be 0x1 poisoned\n"
         "port0.bar0 read +0x10 == 0x0\nhost port0 completes poisoned\n");
    expect_list(failures, nothing);
    BOOST_TEST(device.poisoned == 2U);
}

BOOST_FIXTURE_TEST_CASE(memory_is_loaded_filled_and_checked, bench) {
    play("mem port0 0x1000 load deadbeef 01\n"
         "mem port0 0x1000 check ef be ad de 01\n"
         "mem port0 0x2000 fill 5 aabb\n"
         "mem port0 0x2000 check bb aa bb aa bb 00\n"
         "mem port0 0x1000 check ee\n"
         "mem port0 0x10000000 check 00\n");
    expect_list(failures,
                {"x.stim:6: expected memory ee, got ef (from 0x0000000000001000 on) at 0.000 ns",
                 "x.stim:7: expected addresses of RAM, got 0x0000000010000000 at 0.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(links_resets_and_temperature_reach_the_switch, bench) {
    play("link port0 down\nlink port0 up\nreset port0 hot\nreset port0 fundamental\n"
         "reset partition 5 hot\nreset partition 3 hot\nreset partition 3 fundamental\n"
         "temp 30.5\nfailover 2 primary\nfailover 1 secondary\nreset switch fundamental\n"
         "fault port0 msi delay 3ns\n");
    expect_list(controls.calls, {"link 0 down", "link 0 up", "hot 0", "fundamental 5", "hot 0",
                                 "fundamental 3", "temp 61", "failover 2 primary",
                                 "failover 1 secondary", "fundamental", "fault 0 7 3000"});
}

BOOST_FIXTURE_TEST_CASE(smbus_transactions_and_pme_turn_off_reach_the_switch, bench) {
    play("smbus 43 07\nsmbus 43 nack\nsmbus 43 read 3 == 01 02\nsmbus 43 read 2 == 01 03\n"
         "smbus 43 read nack\npme-turn-off port0\n");
    expect_list(failures,
                {"x.stim:3: expected a byte without acknowledge, got all acknowledged at 0.000 ns",
                 "x.stim:5: expected SMBus bytes 01 03, got 01 02 at 0.000 ns",
                 "x.stim:6: expected no acknowledge, got an answer at 0.000 ns"});
    expect_list(controls.calls,
                {"smbus write 2 from 67", "smbus write 1 from 67", "smbus read 3 by 67",
                 "smbus read 2 by 67", "smbus read 0 by 67", "pme-turn-off 0"});
}

BOOST_FIXTURE_TEST_CASE(punch_through_reaches_the_switch_and_hosts_answer_it, bench) {
    play("punch-through port0 read 02:1f.7 +0x0 == 0x1234\n"
         "punch-through port0 read 00:00.0 +0x4 == 0x1\n"
         "punch-through port0 write 01:00.0 +0x0 7\nhost port0 config 02:00.1 +0x10 0x99\n");
    expect_list(failures, {"x.stim:3: expected 0x00000001, got 0x00001234 (unsupported request) at "
                           "0.000 ns"});
    expect_list(controls.calls,
                {"punch 0 read 767 0 0", "punch 0 read 0 4 0", "punch 0 write 256 0 7"});
    BOOST_TEST(host.behind_link(requester_id(0x201), 0x10).value_or(0) == 0x99U);
}

BOOST_FIXTURE_TEST_CASE(a_byte_that_the_slave_does_not_acknowledge_fails, bench) {
    controls.acknowledged = 0;
    play("smbus 43 07 0f\nsmbus 43 nack\nsmbus 43 read 1\n");
    expect_list(failures,
                {"x.stim:2: expected every byte acknowledged, got no acknowledge of byte 0 at "
                 "0.000 ns",
                 "x.stim:4: expected an answer, got no acknowledge at 0.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(the_load_of_an_eeprom_is_an_expectation, bench) {
    controls.status.state = eeprom_state::halted;
    controls.status.fault = eeprom_fault::checksum;
    play("eeprom expect halted\neeprom expect halted checksum\neeprom expect halted cut_off\n"
         "eeprom expect done\neeprom release\n");
    expect_list(failures,
                {"x.stim:4: expected a switch halted by its EEPROM: cut_off, got a switch "
                 "halted by its EEPROM: checksum at 0.000 ns",
                 "x.stim:5: expected a finished EEPROM load, got a switch halted by its "
                 "EEPROM: checksum at 0.000 ns"});
    expect_list(controls.calls, {"release"});
}

BOOST_FIXTURE_TEST_CASE(without_an_eeprom_no_load_is_done_or_halted, bench) {
    play("eeprom expect done\neeprom expect halted\n");
    expect_list(failures, {"x.stim:2: expected a finished EEPROM load, got no start from an EEPROM "
                           "at 0.000 ns",
                           "x.stim:3: expected a switch halted by its EEPROM, got no start from an "
                           "EEPROM at 0.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(repeats_nest_and_only_their_first_round_is_told, bench) {
    play("repeat 3\nnote outer\nrepeat 2\nport0.bar0 read +0x10\nend\nend\n"
         "repeat 0\nnote never\nend\n");
    BOOST_TEST(device.starts_ps.size() == 6U);
    const std::string told = transcript.str();
    BOOST_TEST(told == "-- outer\n         0.000 ns  port0.bar0 read +0x10 -> 0x00000000\n"
                       "   ... and 1 more rounds\n   ... and 2 more rounds\n");
}

BOOST_FIXTURE_TEST_CASE(drawn_delays_lie_in_their_range_and_follow_the_seed, bench) {
    play("repeat 200\nafter 1ns..3ns port0.bar0 read +0x10\nend\n", 7);
    std::vector<std::uint64_t> delays;
    for (std::size_t i = 1; i < device.starts_ps.size(); ++i)
        delays.push_back(device.starts_ps[i] - device.starts_ps[i - 1] - 100'000);
    BOOST_TEST(*std::min_element(delays.begin(), delays.end()) >= 1000U);
    BOOST_TEST(*std::max_element(delays.begin(), delays.end()) <= 3000U);
    BOOST_TEST(*std::max_element(delays.begin(), delays.end()) -
                   *std::min_element(delays.begin(), delays.end()) >
               1500U);
    // The engine is the standard's, so its numbers are the same everywhere.
    std::mt19937_64 engine(7);
    BOOST_TEST(device.starts_ps[0] == 1000 + engine() % 2001);
    BOOST_TEST(delays[0] == 1000 + engine() % 2001);
}

BOOST_FIXTURE_TEST_CASE(a_device_that_does_not_answer_fails_its_enumeration, bench) {
    device.bytes[0] = device.bytes[1] = device.bytes[2] = device.bytes[3] = 0xFF;
    play("port0 enumerate\n");
    expect_list(failures, {"x.stim:2: expected a function behind port 0, got none at 100.000 ns"});
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_played_is_refused_before_the_start, bench) {
    const auto refused = [this](const std::string& body) {
        try {
            player::check(parse("ntbstim 1\nnote x\n" + body, "x.stim", model_register), hosts);
        } catch (const stimulus_error& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    BOOST_TEST(refused("port0.f1.bar0 read +0\n").find("x.stim:3:1: functions other than 0") == 0U);
    for (const char* body : {"port2.bar0 read +0\n", "port2 enumerate\n", "mem port2 0 check 00\n",
                             "port2 expect msi within 1ns\n", "link port2 up\n",
                             "reset port2 hot\n", "host port2 completes never\n"})
        BOOST_TEST(refused(body).find("x.stim:3:1: port 2 has no NT function") == 0U);
    BOOST_TEST(refused("reset partition 2 hot\nport0 enumerate\n") == "accepted");
    play("");
}

BOOST_AUTO_TEST_SUITE_END()
