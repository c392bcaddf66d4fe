// SPDX-License-Identifier: Apache-2.0
// The host model by itself: its accesses as a target sees them, and what reaches it upstream.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

#include "testbench/fixture/simulated_test.h"
#include "testbench/root_complex/enumeration.h"

using namespace ntb;

namespace {

/// A target that keeps what it saw of the last access and answers as told, after 10 ns.
class witness : public sc_core::sc_module {
public:
    explicit witness(const sc_core::sc_module_name& name)
        : sc_module(name), targets("target", 7), upstream("upstream") {
        for (unsigned i = 0; i < 7; ++i)
            targets[i].register_b_transport(this, &witness::transport);
    }
    void connect(root_complex& host) {
        host.config_socket.bind(targets[6]);
        for (unsigned b = 0; b < bar_count; ++b)
            host.bar_sockets[b].bind(targets[b]);
        upstream.bind(host.upstream_socket);
    }
    /// One transaction into the host.
    tlm::tlm_response_status send(tlm::tlm_command command, std::uint64_t to,
                                  std::vector<unsigned char>& bytes_of, tlp_kind kind,
                                  std::vector<unsigned char>* enabled = nullptr) {
        tlm::tlm_generic_payload p;
        pcie_extension extension;
        extension.kind = kind;
        p.set_extension(&extension);
        p.set_command(command);
        p.set_address(to);
        p.set_data_ptr(bytes_of.data());
        p.set_data_length(static_cast<unsigned>(bytes_of.size()));
        p.set_byte_enable_ptr(enabled != nullptr ? enabled->data() : nullptr);
        p.set_byte_enable_length(enabled != nullptr ? static_cast<unsigned>(enabled->size()) : 0);
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        upstream->b_transport(p, delay);
        p.clear_extension(&extension);
        return p.get_response_status();
    }

    sc_core::sc_vector<tlm_utils::simple_target_socket<witness>> targets;
    tlm_utils::simple_initiator_socket<witness> upstream;
    tlm::tlm_response_status answer = tlm::TLM_OK_RESPONSE;
    std::vector<unsigned char> read_data{1, 2, 3, 4, 5, 6, 7, 8};
    pcie_extension seen{};
    std::uint64_t address = 0;
    std::vector<unsigned char> data{};
    std::vector<unsigned char> enables{};
    unsigned under_way = 0;
    unsigned most_under_way = 0;
    unsigned accesses = 0;

private:
    void transport(tlm::tlm_generic_payload& p, sc_core::sc_time&) {
        ++accesses;
        most_under_way = std::max(most_under_way, ++under_way);
        sc_core::wait(10, sc_core::SC_NS);
        --under_way;
        const auto* extension = p.get_extension<pcie_extension>();
        seen = *extension;
        address = p.get_address();
        const unsigned length = p.get_data_length();
        if (p.is_read())
            std::memcpy(p.get_data_ptr(), read_data.data(), std::min<std::size_t>(length, 8));
        data.assign(p.get_data_ptr(), p.get_data_ptr() + length);
        enables.clear();
        if (p.get_byte_enable_ptr() != nullptr)
            enables.assign(p.get_byte_enable_ptr(), p.get_byte_enable_ptr() + length);
        p.set_response_status(answer);
    }
};

struct bench {
    witness target{"witness"};
    root_complex host{"host", requester_id(0x0108), 1 << 20};
    ntb::test::simulated_test test{};
    bench() { target.connect(host); }
};

using bytes = std::vector<unsigned char>;

} // namespace

BOOST_AUTO_TEST_SUITE(root_complex_alone)

BOOST_FIXTURE_TEST_CASE(an_access_carries_kind_requester_address_and_data, bench) {
    test.run([this] {
        const completion written = host.bar_write(bar_number(2), 0x1234, 0x11223344);
        BOOST_TEST(written.ok());
        BOOST_TEST((target.seen.kind == tlp_kind::memory));
        BOOST_TEST(target.seen.requester_valid);
        BOOST_TEST(target.seen.requester.value() == 0x0108U);
        BOOST_TEST(target.address == 0x1234U);
        BOOST_TEST((target.data == bytes{0x44, 0x33, 0x22, 0x11}));
        BOOST_TEST(target.enables.empty());
        BOOST_TEST(host.config_read(0x40, 2).data == 0x0201U);
        BOOST_TEST((target.seen.kind == tlp_kind::config));
        BOOST_TEST(host.bar_read(bar_number(0), 0, 8).data == 0x0807060504030201U);
    });
}

BOOST_FIXTURE_TEST_CASE(byte_enables_are_passed_on, bench) {
    test.run([this] {
        host.bar_write(bar_number(0), 0, 0xAABBCCDD, 4, 0x5);
        BOOST_TEST((target.enables == bytes{0xFF, 0, 0xFF, 0}));
    });
}

BOOST_FIXTURE_TEST_CASE(a_failed_read_gives_all_ones_of_its_size, bench) {
    test.run([this] {
        target.answer = tlm::TLM_ADDRESS_ERROR_RESPONSE;
        const completion dword = host.bar_read(bar_number(0), 0);
        BOOST_TEST(!dword.ok());
        BOOST_TEST(dword.data == 0xFFFFFFFFU);
        BOOST_TEST(host.config_read(0, 1).data == 0xFFU);
        BOOST_TEST(host.bar_read(bar_number(0), 0, 8).data == ~std::uint64_t{0});
    });
}

BOOST_FIXTURE_TEST_CASE(accesses_beyond_the_tags_wait_for_one, bench) {
    unsigned done = 0;
    test.run([&] {
        for (unsigned i = 0; i < 40; ++i)
            sc_core::sc_spawn([&] {
                host.bar_read(bar_number(0), 0);
                ++done;
            });
        sc_core::wait(15, sc_core::SC_NS);
        BOOST_TEST(done == 32U);
        sc_core::wait(10, sc_core::SC_NS);
        BOOST_TEST(done == 40U);
        BOOST_TEST(target.most_under_way == access_pool::size);
    });
}

BOOST_FIXTURE_TEST_CASE(memory_is_one_bounded_range, bench) {
    test.run([this] {
        bytes data{1, 2, 3, 4};
        BOOST_TEST(target.send(tlm::TLM_WRITE_COMMAND, 0xFFFFC, data, tlp_kind::memory) ==
                   tlm::TLM_OK_RESPONSE);
        bytes back(4);
        BOOST_TEST(target.send(tlm::TLM_READ_COMMAND, 0xFFFFC, back, tlp_kind::memory) ==
                   tlm::TLM_OK_RESPONSE);
        BOOST_TEST((back == data));
        for (const std::uint64_t outside :
             {std::uint64_t{0xFFFFD}, std::uint64_t{0x100000}, ~std::uint64_t{0}})
            for (const auto command : {tlm::TLM_READ_COMMAND, tlm::TLM_WRITE_COMMAND})
                BOOST_TEST(target.send(command, outside, back, tlp_kind::memory) ==
                           tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

BOOST_FIXTURE_TEST_CASE(byte_enables_of_a_write_into_memory_repeat, bench) {
    test.run([this] {
        bytes data{1, 2, 3, 4};
        bytes enables{0xFF, 0};
        target.send(tlm::TLM_WRITE_COMMAND, 0x100, data, tlp_kind::memory, &enables);
        bytes back(4);
        host.ram().read(0x100, back.data(), 4);
        BOOST_TEST((back == bytes{1, 0, 3, 0}));
        BOOST_TEST(target.send(tlm::TLM_WRITE_COMMAND, 0xFFFFE, data, tlp_kind::memory, &enables) ==
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
        host.ram().read(0xFFFFE, back.data(), 2);
        BOOST_TEST(back[0] == 0);
    });
}

BOOST_FIXTURE_TEST_CASE(a_write_to_the_msi_window_is_an_interrupt_marked_or_not, bench) {
    test.run([this] {
        bytes data{0x41, 0, 0, 0};
        sc_core::wait(5, sc_core::SC_NS);
        target.send(tlm::TLM_WRITE_COMMAND, root_complex::msi_window, data, tlp_kind::msi);
        BOOST_TEST(host.interrupts().msi_count() == 1U);
        BOOST_TEST(host.interrupts().last_msi().time_ps == 5000U);
        BOOST_TEST(host.interrupts().last_msi().data == 0x41U);
        BOOST_TEST(host.interrupts().last_msi().marked);
        target.send(tlm::TLM_WRITE_COMMAND, root_complex::msi_window + 0x1000, data,
                    tlp_kind::memory);
        BOOST_TEST(host.interrupts().msi_count() == 2U);
        BOOST_TEST(!host.interrupts().last_msi().marked);
        BOOST_TEST(host.interrupts().last_msi().address == root_complex::msi_window + 0x1000);
    });
}

BOOST_FIXTURE_TEST_CASE(intx_messages_set_and_drop_the_level, bench) {
    test.run([this] {
        bytes data(4);
        target.send(tlm::TLM_WRITE_COMMAND, 0, data, tlp_kind::assert_intx);
        target.send(tlm::TLM_WRITE_COMMAND, 0, data, tlp_kind::assert_intx);
        BOOST_TEST(host.interrupts().intx());
        BOOST_TEST(host.interrupts().intx_count() == 1U);
        target.send(tlm::TLM_WRITE_COMMAND, 0, data, tlp_kind::deassert_intx);
        BOOST_TEST(!host.interrupts().intx());
        BOOST_TEST(host.interrupts().msi_count() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(a_capability_list_that_bites_its_tail_ends, bench) {
    // The witness reads the same bytes everywhere: every pointer leads to itself.
    target.read_data = {0x10, 0x40, 0x10, 0x40, 0x10, 0x40, 0x10, 0x40};
    test.run([this] {
        const enumerated_function& f = enumerate(host);
        BOOST_TEST(f.present);
        BOOST_TEST(target.accesses < 2000U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
