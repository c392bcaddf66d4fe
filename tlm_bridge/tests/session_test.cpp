// SPDX-License-Identifier: Apache-2.0
// The protocol: first what must be refused, then what must work.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <linux/vfio.h>

#include "tlm_bridge/tests/client_fixture.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;
using ntb::vfio_user::progress;
using wire::command;

namespace {

byte_vector map_message(std::uint64_t address, std::uint64_t size, std::uint64_t offset = 0,
                        std::uint32_t flags = 3) {
    return message(command::dma_map, bytes_of(wire::dma_map{32, flags, offset, address, size}));
}
byte_vector unmap_message(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0) {
    return message(command::dma_unmap, bytes_of(wire::dma_unmap{24, flags, address, size}));
}
byte_vector irq_message(std::uint32_t flags, std::uint32_t index, std::uint32_t start,
                        std::uint32_t count, const byte_vector& data = {}) {
    byte_vector p = bytes_of(wire::irq_set{20, flags, index, start, count});
    append_all(p, data);
    return message(command::device_set_irqs, p);
}
constexpr std::uint32_t connect_eventfd = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
constexpr std::uint32_t switch_off = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;

byte_vector multi_payload(std::uint64_t count, const std::vector<wire::single_write>& writes) {
    byte_vector p = bytes_of(wire::write_multi{count});
    for (const auto& w : writes) {
        append(p, w);
    }
    return p;
}

} // namespace

BOOST_AUTO_TEST_SUITE(opening)

BOOST_FIXTURE_TEST_CASE(a_command_before_version_is_refused_and_ends_the_connection, raw_client) {
    const auto r = ask(read_message(0, 0, 4));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(r[0].error() == EINVAL);
    BOOST_TEST(closed());
    BOOST_TEST(device.reads == 0U);
    BOOST_TEST(device.connects == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_version_shorter_than_its_numbers_is_refused, raw_client) {
    BOOST_TEST(ask(message(command::version, {0, 0})).at(0).error() == EINVAL);
    BOOST_TEST(closed());
}

BOOST_FIXTURE_TEST_CASE(another_major_version_is_refused, raw_client) {
    BOOST_TEST(ask(message(command::version, version_payload("{}", 1))).at(0).error() == EINVAL);
    BOOST_TEST(closed());
    BOOST_TEST(log.has("1.0"));
}

BOOST_AUTO_TEST_CASE(capabilities_that_are_no_json_object_of_the_right_types_are_refused) {
    const std::string long_text = "{\"x\":\"" + std::string(5000, 'x') + "\"}";
    const std::string deep = std::string(2000, '[') + std::string(2000, ']');
    const std::string deep_object = "{\"capabilities\":" + std::string(2000, '[');
    for (const std::string& text :
         {std::string("rubbish"), std::string("[]"), std::string("{"), std::string("3"),
          std::string(R"({"capabilities":3})"), std::string(R"({"capabilities":[]})"),
          std::string(R"({"capabilities":{"max_msg_fds":"many"}})"),
          std::string(R"({"capabilities":{"max_msg_fds":-1}})"),
          std::string(R"({"capabilities":{"max_msg_fds":0}})"),
          std::string(R"({"capabilities":{"max_data_xfer_size":1e300}})"),
          std::string(R"({"capabilities":{"max_data_xfer_size":99999999999999999999999}})"),
          std::string(R"({"capabilities":{"max_dma_maps":null}})"),
          std::string(R"({"capabilities":{"write_multiple":1}})"), std::string("{\xff\xfe}"),
          std::string("{}\0{}", 5), long_text, deep, deep_object}) {
        raw_client c;
        const auto r = c.ask(message(command::version, version_payload(text)));
        BOOST_TEST_CONTEXT(text.substr(0, 60)) {
            BOOST_REQUIRE_EQUAL(r.size(), 1U);
            BOOST_TEST(r[0].error() == EINVAL);
            BOOST_TEST(c.closed());
            BOOST_TEST(c.device.connects == 0U);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(capabilities_without_terminating_zero_are_refused, raw_client) {
    byte_vector p = version_payload("{}");
    p.pop_back();
    BOOST_TEST(ask(message(command::version, p)).at(0).error() == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(version_without_capabilities_is_accepted, raw_client) {
    const auto r = ask(message(command::version, bytes_of(wire::version{0, 0})));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(!r[0].is_error());
    BOOST_TEST(device.connects == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_reply_has_no_higher_version_and_only_proposed_capabilities,
                        raw_client) {
    const auto r = ask(
        message(command::version, version_payload(R"({"capabilities":{"max_dma_maps":7}})", 0, 3)));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    const auto v = wire::load<wire::version>(r[0].payload.data());
    BOOST_TEST(+v.major == 0);
    BOOST_TEST(+v.minor == 0);
    const std::string text(r[0].payload.begin() + 4, r[0].payload.end() - 1);
    BOOST_TEST(text ==
               R"({"capabilities":{"max_data_xfer_size":65536,"max_dma_maps":7,"max_msg_fds":8}})");
    BOOST_TEST(r[0].payload.back() == 0);
}

BOOST_FIXTURE_TEST_CASE(write_multiple_is_offered_to_clients_that_ask_for_it, raw_client) {
    const auto r = ask(
        message(command::version, version_payload(R"({"capabilities":{"write_multiple":true}})")));
    const std::string text(r.at(0).payload.begin() + 4, r.at(0).payload.end() - 1);
    BOOST_TEST(text.find("\"write_multiple\":true") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_second_version_is_refused_and_changes_nothing, client) {
    BOOST_TEST(error_of(version_message()) == EINVAL);
    BOOST_TEST(device.connects == 1U);
    BOOST_TEST(error_of(read_message(0, 0, 4)) == 0);
}

BOOST_FIXTURE_TEST_CASE(the_device_hears_of_the_end_of_a_client_that_was_there, client) {
    link.end();
    BOOST_TEST(device.disconnects == 1U);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_obeyed_after_the_end, client) {
    link.end();
    link.end();
    BOOST_TEST(device.disconnects == 1U);
    BOOST_TEST(ask(write_message(0, 0, {1})).empty());
    BOOST_TEST(closed());
    BOOST_TEST(device.writes == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_device_does_not_hear_of_a_client_that_never_said_version, raw_client) {
    transport.arrive_end();
    BOOST_TEST((link.pump(1) == progress::closed));
    link.end();
    BOOST_TEST(device.disconnects == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(messages)

BOOST_FIXTURE_TEST_CASE(an_unknown_command_is_refused, client) {
    BOOST_TEST(error_of(message(static_cast<command>(77))) == ENOSYS);
    BOOST_TEST(error_of(message(static_cast<command>(0))) == ENOSYS);
    BOOST_TEST(error_of(read_message(0, 0, 4)) == 0);
}

BOOST_FIXTURE_TEST_CASE(commands_for_the_other_direction_are_refused, client) {
    BOOST_TEST(error_of(message(command::dma_read, byte_vector(16))) == EINVAL);
    BOOST_TEST(error_of(message(command::dma_write, byte_vector(16))) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(commands_that_are_not_offered_are_refused, client) {
    for (const command c :
         {command::device_get_region_io_fds, command::dirty_pages_or_old_write_multi,
          command::device_feature, command::mig_data_read, command::mig_data_write}) {
        BOOST_TEST(error_of(message(c, byte_vector(16))) == ENOTSUP);
    }
}

BOOST_FIXTURE_TEST_CASE(a_reply_to_nothing_ends_the_connection, client) {
    BOOST_TEST(ask(message(command::region_read, byte_vector(16), wire::type_reply)).empty());
    BOOST_TEST(closed());
}

BOOST_FIXTURE_TEST_CASE(an_undefined_message_type_is_refused, client) {
    BOOST_TEST(error_of(message(command::region_read, byte_vector(16), 2)) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(a_reply_repeats_id_and_command, client) {
    const auto r = ask(read_message(0, 0, 4, 0xbeef));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(+r[0].header.message_id == 0xbeef);
    BOOST_TEST(+r[0].header.command == 9);
    BOOST_TEST(+r[0].header.flags == wire::type_reply);
}

BOOST_FIXTURE_TEST_CASE(an_error_reply_is_a_header_alone, client) {
    const auto r = ask(read_message(0, 1 << 20, 4));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(+r[0].header.flags == (wire::type_reply | wire::flag_error));
    BOOST_TEST(r[0].payload.empty());
}

BOOST_FIXTURE_TEST_CASE(nothing_with_the_no_reply_flag_is_ever_answered, client) {
    for (std::uint16_t c = 0; c < 20; ++c) {
        for (const std::size_t size : {0U, 4U, 16U, 24U, 32U}) {
            BOOST_TEST(ask(message(static_cast<command>(c), byte_vector(size), wire::flag_no_reply))
                           .empty());
        }
    }
}

BOOST_FIXTURE_TEST_CASE(payloads_of_the_wrong_length_are_refused, client) {
    const std::pair<command, byte_vector> good[] = {
        {command::dma_map, bytes_of(wire::dma_map{0xffff, 3, 0, 0x1000, 0x1000})},
        {command::dma_unmap, bytes_of(wire::dma_unmap{0xffff, 0, 0x1000, 0x1000})},
        {command::device_get_info, bytes_of(wire::device_info{0xffff, 0, 0, 0})},
        {command::device_get_region_info, bytes_of(wire::region_info{0xffff, 0, 0, 0, 0, 0})},
        {command::device_get_irq_info, bytes_of(wire::irq_info{0xffff, 0, 0, 0})},
        {command::region_read, bytes_of(wire::region_access{0, 0, 4})}};
    for (const auto& [c, payload] : good) {
        BOOST_TEST_CONTEXT(wire::name_of(static_cast<std::uint16_t>(c))) {
            BOOST_TEST(error_of(message(c, payload)) == 0);
            for (const int change : {-1, 1, 4096}) {
                byte_vector wrong = payload;
                wrong.resize(static_cast<std::size_t>(static_cast<long>(payload.size()) + change));
                BOOST_TEST(error_of(message(c, wrong)) == EINVAL);
            }
            BOOST_TEST(error_of(message(c)) == EINVAL);
        }
    }
    BOOST_TEST(error_of(message(command::device_reset, {0})) == EINVAL);
    BOOST_TEST(error_of(message(command::device_set_irqs, byte_vector(19))) == EINVAL);
    BOOST_TEST(error_of(message(command::region_write, byte_vector(15))) == EINVAL);
    BOOST_TEST(device.resets == 0U);
}

BOOST_FIXTURE_TEST_CASE(reply_space_that_is_too_small_is_refused, client) {
    BOOST_TEST(error_of(message(command::device_get_info,
                                bytes_of(wire::device_info{15, 0, 0, 0}))) == EINVAL);
    BOOST_TEST(error_of(message(command::device_get_region_info,
                                bytes_of(wire::region_info{31, 0, 0, 0, 0, 0}))) == EINVAL);
    BOOST_TEST(error_of(message(command::device_get_irq_info,
                                bytes_of(wire::irq_info{15, 0, 0, 0}))) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(unwanted_descriptors_are_closed_and_logged_with_their_command, client) {
    unique_fd fd = new_eventfd();
    const int number = fd.get();
    const int error = error_of(read_message(0, 0, 4), fd_list(std::move(fd)));
    BOOST_TEST(error == 0);
    BOOST_TEST(!is_open(number));
    BOOST_TEST(log.has("closed 1 unwanted file descriptor(s) that came with REGION_READ"));
}

BOOST_FIXTURE_TEST_CASE(more_descriptors_than_any_command_takes_are_closed, client) {
    std::vector<unique_fd> many;
    std::vector<int> numbers;
    for (int i = 0; i < 40; ++i) {
        many.push_back(new_eventfd());
        numbers.push_back(many.back().get());
    }
    const int error = error_of(map_message(0, 4096), std::move(many));
    BOOST_TEST(error == EINVAL);
    for (const int n : numbers) {
        BOOST_TEST(!is_open(n));
    }
    BOOST_TEST(log.has("closed 40 unwanted file descriptor(s) that came with DMA_MAP"));
}

BOOST_FIXTURE_TEST_CASE(log_lines_that_a_client_causes_are_limited, client) {
    for (int i = 0; i < 1000; ++i) {
        (void)ask(message(static_cast<command>(99)));
    }
    BOOST_TEST(log.count("refused") < 30U);
    BOOST_TEST(log.count("refused") > 3U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(memory_maps)

BOOST_FIXTURE_TEST_CASE(overlapping_maps_are_refused, client) {
    BOOST_TEST(error_of(map_message(0x10000, 0x4000), fd_list(new_memory(0x4000))) == 0);
    BOOST_TEST(error_of(map_message(0x10000, 0x4000), fd_list(new_memory(0x4000))) == EEXIST);
    BOOST_TEST(error_of(map_message(0x13000, 0x2000), fd_list(new_memory(0x2000))) == EEXIST);
    BOOST_TEST(error_of(map_message(0xf000, 0x2000), fd_list(new_memory(0x2000))) == EEXIST);
    BOOST_TEST(error_of(map_message(0, 0x100000)) == EEXIST);
    BOOST_TEST(error_of(map_message(0x11000, 0x1000)) == EEXIST);
    BOOST_TEST(error_of(map_message(0x14000, 0x1000), fd_list(new_memory(0x1000))) == 0);
    BOOST_TEST(error_of(map_message(0xf000, 0x1000), fd_list(new_memory(0x1000))) == 0);
}

BOOST_FIXTURE_TEST_CASE(wrapping_and_endless_and_empty_maps_are_refused, client) {
    BOOST_TEST(error_of(map_message(0xfffffffffffff000, 0x2000)) == EINVAL);
    BOOST_TEST(error_of(map_message(1, ~std::uint64_t{0})) != 0);
    BOOST_TEST(error_of(map_message(0, 0)) == EINVAL);
    BOOST_TEST(error_of(map_message(0x1000, 1ULL << 62), fd_list(new_memory(4096))) == EINVAL);
    BOOST_TEST(error_of(map_message(0, 0x1000, 0xfffffffffffff000), fd_list(new_memory(4096))) ==
               EINVAL);
    BOOST_TEST(device.memory.map_count() == 0U);
    // The topmost page does not wrap.
    BOOST_TEST(error_of(map_message(0xfffffffffffff000, 0x1000), fd_list(new_memory(4096))) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_map_longer_than_its_file_is_refused, client) {
    BOOST_TEST(error_of(map_message(0, 0x2000), fd_list(new_memory(0x1000))) == EINVAL);
    BOOST_TEST(error_of(map_message(0, 0x1000, 0x1000), fd_list(new_memory(0x1000))) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(a_map_of_what_cannot_be_mapped_is_refused, client) {
    BOOST_TEST(error_of(map_message(0, 0x1000), fd_list(new_eventfd())) != 0);
    BOOST_TEST(error_of(map_message(0, 0x1000, 1), fd_list(new_memory(0x2000))) == EINVAL);
    BOOST_TEST(device.memory.map_count() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_map_that_needs_a_descriptor_and_has_none_is_refused, client) {
    BOOST_TEST(error_of(map_message(0, 0x1000, 0, 3 | wire::dma_map_by_mmap)) == EINVAL);
    BOOST_TEST(error_of(map_message(0, 0x1000, 0, 3 | wire::dma_map_by_file_io),
                        fd_list(new_memory(0x1000))) == ENOTSUP);
    BOOST_TEST(error_of(map_message(0, 0x1000, 0, 0x80)) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(a_map_whose_descriptor_was_lost_on_the_way_is_refused, client) {
    // Else it would be taken for memory without a file, which the device cannot reach.
    BOOST_TEST(error_of(map_message(0, 0x1000), {}, 1) == EMFILE);
    BOOST_TEST(device.memory.map_count() == 0U);
    BOOST_TEST(error_of(map_message(0, 0x1000), fd_list(new_memory(0x1000))) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_map_with_two_descriptors_is_refused, client) {
    BOOST_TEST(error_of(map_message(0, 0x1000), fd_list(new_memory(0x1000), new_memory(0x1000))) ==
               EINVAL);
    BOOST_TEST(log.has("closed 2 unwanted"));
}

BOOST_FIXTURE_TEST_CASE(the_number_of_maps_is_bounded, client) {
    std::uint64_t made = 0;
    while (made < 5000 && error_of(map_message(made * 0x1000, 0x1000)) == 0) {
        ++made;
    }
    BOOST_TEST(made == max_dma_maps);
    BOOST_TEST(error_of(map_message(1ULL << 40, 0x1000)) == ENOSPC);
    BOOST_TEST(error_of(unmap_message(0, 0x1000)) == 0);
    BOOST_TEST(error_of(map_message(1ULL << 40, 0x1000)) == 0);
}

BOOST_FIXTURE_TEST_CASE(unmapping_what_is_not_mapped_exactly_so_is_refused, client) {
    BOOST_TEST(error_of(map_message(0x1000, 0x3000)) == 0);
    BOOST_TEST(error_of(unmap_message(0x1000, 0x1000)) == ENOENT);
    BOOST_TEST(error_of(unmap_message(0x2000, 0x2000)) == ENOENT);
    BOOST_TEST(error_of(unmap_message(0, 0x10000)) == ENOENT);
    BOOST_TEST(error_of(unmap_message(0x1000, 0)) == ENOENT);
    BOOST_TEST(error_of(unmap_message(0x1000, 0x3000, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)) ==
               ENOTSUP);
    BOOST_TEST(error_of(unmap_message(0x1000, 0x3000, VFIO_DMA_UNMAP_FLAG_ALL)) == EINVAL);
    BOOST_TEST(device.memory.map_count() == 1U);
}

BOOST_FIXTURE_TEST_CASE(unmapping_answers_with_the_request, client) {
    BOOST_TEST(error_of(map_message(0x1000, 0x3000)) == 0);
    const auto r = ask(unmap_message(0x1000, 0x3000));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(r[0].payload == bytes_of(wire::dma_unmap{24, 0, 0x1000, 0x3000}));
    BOOST_TEST(device.memory.map_count() == 0U);
}

BOOST_FIXTURE_TEST_CASE(all_maps_go_at_once, client) {
    BOOST_TEST(error_of(map_message(0x1000, 0x1000)) == 0);
    BOOST_TEST(error_of(map_message(0x8000, 0x1000)) == 0);
    BOOST_TEST(error_of(unmap_message(0, 0, VFIO_DMA_UNMAP_FLAG_ALL)) == 0);
    BOOST_TEST(device.memory.map_count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(description)

BOOST_FIXTURE_TEST_CASE(the_device_has_nine_regions_and_five_interrupt_kinds, client) {
    const auto r = ask(message(command::device_get_info, bytes_of(wire::device_info{16, 0, 0, 0})));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(r[0].payload == bytes_of(wire::device_info{
                                   16, VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI, 9, 5}));
}

BOOST_FIXTURE_TEST_CASE(regions_are_described_and_none_can_be_mapped, client) {
    for (std::uint32_t i = 0; i < region_count; ++i) {
        const auto r = ask(message(command::device_get_region_info,
                                   bytes_of(wire::region_info{32, 0, i, 0, 0, 0})));
        BOOST_REQUIRE_EQUAL(r.size(), 1U);
        const auto info = wire::load<wire::region_info>(r[0].payload.data());
        const std::uint64_t size = i == 0 || i == region_config ? 4096 : 0;
        BOOST_TEST(+info.argsz == 32U);
        BOOST_TEST(+info.index == i);
        BOOST_TEST(+info.size == size);
        BOOST_TEST(+info.flags == (size == 0 ? 0U : 3U));
    }
    BOOST_TEST(error_of(message(command::device_get_region_info,
                                bytes_of(wire::region_info{32, 0, 9, 0, 0, 0}))) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(intx_and_msi_are_offered_and_no_error_interrupt, client) {
    for (std::uint32_t i = 0; i < irq_index_count; ++i) {
        const auto r =
            ask(message(command::device_get_irq_info, bytes_of(wire::irq_info{16, 0, i, 0})));
        BOOST_REQUIRE_EQUAL(r.size(), 1U);
        const auto info = wire::load<wire::irq_info>(r[0].payload.data());
        BOOST_TEST(+info.count == (i <= irq_msi ? 1U : 0U));
        BOOST_TEST(((info.flags & VFIO_IRQ_INFO_AUTOMASKED) != 0) == (i == irq_intx));
    }
    BOOST_TEST(error_of(message(command::device_get_irq_info,
                                bytes_of(wire::irq_info{16, 0, 5, 0}))) == EINVAL);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(interrupt_setup)

BOOST_FIXTURE_TEST_CASE(a_descriptor_that_is_no_eventfd_is_refused, client) {
    BOOST_TEST(error_of(irq_message(connect_eventfd, irq_msi, 0, 1), fd_list(new_memory(4096))) ==
               EINVAL);
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    unique_fd input(ends[0]);
    BOOST_TEST(error_of(irq_message(connect_eventfd, irq_msi, 0, 1), fd_list(unique_fd(ends[1]))) ==
               EINVAL);
    BOOST_TEST(log.has("no eventfd"));
    BOOST_TEST(!is_open(ends[1]));
}

BOOST_FIXTURE_TEST_CASE(interrupts_that_do_not_exist_are_refused, client) {
    const std::uint32_t huge = 0xffffffff;
    BOOST_TEST(error_of(irq_message(switch_off, 5, 0, 0)) == EINVAL);
    BOOST_TEST(error_of(irq_message(switch_off, irq_msi, 0, 2)) == EINVAL);
    BOOST_TEST(error_of(irq_message(switch_off, irq_msi, 1, 1)) == EINVAL);
    BOOST_TEST(error_of(irq_message(switch_off, irq_msi, huge, 1)) == EINVAL);
    BOOST_TEST(error_of(irq_message(switch_off, irq_msi, 1, huge)) == EINVAL);
    BOOST_TEST(error_of(irq_message(connect_eventfd, irq_err, 0, 1), fd_list(new_eventfd())) ==
               EINVAL);
}

BOOST_FIXTURE_TEST_CASE(contradictory_interrupt_flags_are_refused, client) {
    for (const std::uint32_t flags : {0U, 0x1U, 0x20U, 0x23U, 0x31U, 0x39U, 0x61U, 0x25U}) {
        BOOST_TEST(error_of(irq_message(flags, irq_intx, 0, 1)) == EINVAL);
    }
    // Count 0 means "switch off" only in one combination.
    BOOST_TEST(error_of(irq_message(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, irq_intx, 0,
                                    0)) == EINVAL);
    BOOST_TEST(error_of(irq_message(connect_eventfd, irq_msi, 0, 0)) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(more_or_fewer_descriptors_and_flags_than_interrupts_are_refused, client) {
    BOOST_TEST(error_of(irq_message(connect_eventfd, irq_msi, 0, 1),
                        fd_list(new_eventfd(), new_eventfd())) == EINVAL);
    BOOST_TEST(error_of(irq_message(switch_off, irq_msi, 0, 1), fd_list(new_eventfd())) == EINVAL);
    BOOST_TEST(error_of(irq_message(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, irq_msi,
                                    0, 1)) == EINVAL);
    BOOST_TEST(error_of(irq_message(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, irq_msi,
                                    0, 1, {1, 1})) == EINVAL);
    BOOST_TEST(error_of(irq_message(switch_off, irq_msi, 0, 1, {1})) == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(an_msi_reaches_the_connected_eventfd, client) {
    const unique_fd event = new_eventfd();
    BOOST_TEST(error_of(irq_message(connect_eventfd, irq_msi, 0, 1), fd_list(duplicate(event))) ==
               0);
    (void)ask(write_message(0, plain_device::reg_msi, {1, 0, 0, 0}, wire::flag_no_reply));
    BOOST_TEST(take_count(event) == 1U);
}

BOOST_FIXTURE_TEST_CASE(interrupts_can_be_switched_off_and_disconnected, client) {
    const unique_fd event = new_eventfd();
    for (const bool off : {true, false}) {
        BOOST_TEST(
            error_of(irq_message(connect_eventfd, irq_msi, 0, 1), fd_list(duplicate(event))) == 0);
        BOOST_TEST(error_of(off ? irq_message(switch_off, irq_msi, 0, 0)
                                : irq_message(connect_eventfd, irq_msi, 0, 1)) == 0);
        (void)ask(write_message(0, plain_device::reg_msi, {1, 0, 0, 0}, wire::flag_no_reply));
        BOOST_TEST(take_count(event) == 0U);
    }
}

BOOST_FIXTURE_TEST_CASE(the_client_can_trigger_an_interrupt_itself, client) {
    const unique_fd event = new_eventfd();
    BOOST_TEST(error_of(irq_message(connect_eventfd, irq_msi, 0, 1), fd_list(duplicate(event))) ==
               0);
    BOOST_TEST(error_of(irq_message(switch_off, irq_msi, 0, 1)) == 0);
    BOOST_TEST(take_count(event) == 1U);
    const std::uint32_t by_flag = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER;
    BOOST_TEST(error_of(irq_message(by_flag, irq_msi, 0, 1, {0})) == 0);
    BOOST_TEST(take_count(event) == 0U);
    BOOST_TEST(error_of(irq_message(by_flag, irq_msi, 0, 1, {1})) == 0);
    BOOST_TEST(take_count(event) == 1U);
}

BOOST_FIXTURE_TEST_CASE(msi_cannot_be_masked_by_the_client, client) {
    BOOST_TEST(error_of(irq_message(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, irq_msi, 0,
                                    1)) == ENOTTY);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(accesses)

BOOST_FIXTURE_TEST_CASE(accesses_outside_a_region_are_refused, client) {
    for (const auto& m :
         {read_message(0, 4096, 4), read_message(0, 4093, 4), read_message(0, ~0ULL, 4),
          read_message(0, ~0ULL - 3, 4), read_message(9, 0, 4), read_message(0xffffffff, 0, 4),
          read_message(1, 0, 4), read_message(0, 0, 0), read_message(0, 0, 0xffffffff),
          read_message(0, 0, 4097), write_message(0, 4094, {1, 2, 3, 4}), write_message(6, 0, {1}),
          write_message(0, ~0ULL, {1}), write_message(0, 0, {})}) {
        BOOST_TEST(error_of(m) == EINVAL);
    }
    BOOST_TEST(device.reads == 0U);
    BOOST_TEST(device.writes == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_write_whose_count_lies_is_refused, client) {
    for (const std::uint32_t count : {0U, 3U, 5U, 0xffffffffU}) {
        byte_vector p = bytes_of(wire::region_access{0, 0, count});
        append_all(p, {1, 2, 3, 4});
        BOOST_TEST(error_of(message(command::region_write, p)) == EINVAL);
    }
    BOOST_TEST(device.writes == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_error_of_the_device_is_the_clients_answer, client) {
    device.next_error = EIO;
    BOOST_TEST(error_of(read_message(0, 0, 4)) == EIO);
    BOOST_TEST(error_of(write_message(0, 0, {1})) == EIO);
    BOOST_TEST(error_of(message(command::device_reset)) == EIO);
    BOOST_TEST(ask(write_message(0, 0, {1}, wire::flag_no_reply)).empty());
}

BOOST_FIXTURE_TEST_CASE(a_read_returns_what_was_written, client) {
    const auto w = ask(write_message(0, 0x20, {0xde, 0xad, 0xbe, 0xef}));
    BOOST_REQUIRE_EQUAL(w.size(), 1U);
    BOOST_TEST(w[0].payload == bytes_of(wire::region_access{0x20, 0, 4}));
    const auto r = ask(read_message(0, 0x20, 4));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    byte_vector expected = bytes_of(wire::region_access{0x20, 0, 4});
    append_all(expected, {0xde, 0xad, 0xbe, 0xef});
    BOOST_TEST(r[0].payload == expected);
}

BOOST_FIXTURE_TEST_CASE(posted_writes_happen_in_order_without_answers, client) {
    byte_vector burst;
    for (std::uint8_t i = 1; i <= 100; ++i) {
        append_all(burst, write_message(0, 0x20, {i}, wire::flag_no_reply, i));
    }
    append_all(burst, read_message(0, 0x20, 1, 777));
    const auto r = ask(burst);
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(+r[0].header.message_id == 777);
    BOOST_TEST(r[0].payload.back() == 100);
    BOOST_TEST(device.writes == 100U);
}

BOOST_FIXTURE_TEST_CASE(a_multi_write_writes_all_in_order, client) {
    const auto r = ask(message(command::region_write_multi,
                               multi_payload(3, {{0x20, 0, 4, {1, 2, 3, 4}},
                                                 {0x24, 0, 8, {5, 6, 7, 8, 9, 10, 11, 12}},
                                                 {0x20, 0, 1, {99}}})));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(r[0].payload == bytes_of(wire::write_multi{3}));
    const byte_vector expected{99, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    BOOST_TEST(byte_vector(&device.bar[0x20], &device.bar[0x2c]) == expected);
}

BOOST_FIXTURE_TEST_CASE(a_multi_write_under_the_old_number_is_understood_where_it_is_posted,
                        client) {
    const auto payload = multi_payload(1, {{0x20, 0, 1, {7}}});
    BOOST_TEST(ask(message(command::dirty_pages_or_old_write_multi, payload, wire::flag_no_reply))
                   .empty());
    BOOST_TEST(device.bar[0x20] == 7);
    BOOST_TEST(error_of(message(command::dirty_pages_or_old_write_multi, payload)) == ENOTSUP);
}

BOOST_FIXTURE_TEST_CASE(a_multi_write_whose_count_lies_is_refused, client) {
    const std::vector<wire::single_write> one{{0x20, 0, 1, {7}}};
    for (const std::uint64_t count : {0ULL, 2ULL, ~0ULL, 1ULL << 61}) {
        BOOST_TEST(error_of(message(command::region_write_multi, multi_payload(count, one))) ==
                   EINVAL);
    }
    auto crooked = multi_payload(1, one);
    crooked.push_back(0);
    BOOST_TEST(error_of(message(command::region_write_multi, crooked)) == EINVAL);
    BOOST_TEST(error_of(message(command::region_write_multi, {1, 2})) == EINVAL);
    BOOST_TEST(device.writes == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_bad_write_in_a_multi_write_does_not_take_the_others_along, client) {
    BOOST_TEST(error_of(message(
                   command::region_write_multi,
                   multi_payload(3, {{0x20, 0, 1, {7}}, {0x20, 0, 9, {8}}, {0x21, 0, 1, {9}}}))) ==
               EINVAL);
    BOOST_TEST(device.bar[0x20] == 7);
    BOOST_TEST(device.bar[0x21] == 9);
}

BOOST_FIXTURE_TEST_CASE(a_reset_reaches_the_device, client) {
    BOOST_TEST(error_of(message(command::device_reset)) == 0);
    BOOST_TEST(device.resets == 1U);
}

BOOST_FIXTURE_TEST_CASE(another_session_may_run_while_a_device_call_waits, client) {
    // Stands for a coroutine switch: a second client is served inside the first one's access.
    client other;
    device.on_access = [&] {
        device.on_access = nullptr;
        BOOST_TEST(other.error_of(write_message(0, 0x40, byte_vector(64, 0xff))) == 0);
        BOOST_TEST(other.error_of(read_message(0, 0x40, 64)) == 0);
    };
    device.bar[0x40] = 0x11;
    const auto r = ask(read_message(0, 0x40, 1, 5));
    BOOST_REQUIRE_EQUAL(r.size(), 1U);
    BOOST_TEST(+r[0].header.message_id == 5);
    BOOST_TEST(r[0].payload.back() == 0x11);
}

BOOST_AUTO_TEST_SUITE_END()
