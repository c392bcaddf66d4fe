// SPDX-License-Identifier: Apache-2.0
// Everything a client can send, from arbitrary bytes: LLVMFuzzerTestOneInput for libFuzzer
// (clang++ -fsanitize=fuzzer), driven over fixed seeds by fuzz_main.cpp in the unit tests.
//
// The input is a script of steps. Its first byte says whether VERSION has been agreed; then each
// step is an operation byte with operands: rubbish as it is, well-framed messages with arbitrary
// payload or with fields that nearly make sense, descriptors of the wrong kinds, a reader that
// stalls.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <spdlog/sinks/null_sink.h>

#include "tlm_bridge/tests/fuzz_script.h"
#include "tlm_bridge/tests/memory_transport.h"
#include "tlm_bridge/tests/messages.h"
#include "tlm_bridge/tests/plain_device.h"
#include "tlm_bridge/vfio_user/connection.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace ntb::bridge;
using namespace ntb::bridge::test;
using ntb::vfio_user::connection;
using ntb::vfio_user::progress;

std::vector<unique_fd> descriptors(script& s) {
    std::vector<unique_fd> fds;
    const std::uint8_t b = s.byte();
    const unsigned count = b < 128 ? b % 2U : b % 20U;
    for (unsigned i = 0; i < count; ++i) {
        fds.push_back(s.byte() % 2 == 0 ? new_memory(0x2000) : new_eventfd());
    }
    return fds;
}

byte_vector plausible_message(script& s) {
    const auto command = static_cast<wire::command>(s.byte() % 20);
    byte_vector p;
    switch (command) {
    case wire::command::dma_map:
        p = bytes_of(wire::dma_map{32, s.small(), s.number() & ~0xfffULL, s.number(), s.number()});
        break;
    case wire::command::dma_unmap:
        p = bytes_of(wire::dma_unmap{24, s.small() / 6, s.number(), s.number()});
        break;
    case wire::command::device_get_region_info:
        p = bytes_of(wire::region_info{32, 0, s.small(), 0, 0, 0});
        break;
    case wire::command::device_get_irq_info:
        p = bytes_of(wire::irq_info{16, 0, s.small(), 0});
        break;
    case wire::command::device_set_irqs:
        p = bytes_of(wire::irq_set{20, 1U << s.small() % 3 | 8U << s.small() % 3, s.small() % 3,
                                   s.small() % 2, s.small() % 3});
        append_all(p, s.bytes(s.small() % 3));
        break;
    case wire::command::region_read:
        p = bytes_of(wire::region_access{s.number(), s.small(), s.number32()});
        break;
    case wire::command::region_write: {
        const byte_vector body = s.bytes(s.small());
        p = bytes_of(
            wire::region_access{s.number(), s.small(), static_cast<std::uint32_t>(body.size())});
        append_all(p, body);
        break;
    }
    case wire::command::region_write_multi:
    case wire::command::dirty_pages_or_old_write_multi: {
        const std::uint32_t n = s.small();
        p = bytes_of(wire::write_multi{n});
        for (std::uint32_t i = 0; i < n; ++i) {
            append(p, wire::single_write{s.number(), s.small(), s.small(), {s.byte()}});
        }
        break;
    }
    case wire::command::version:
        p = version_payload(R"({"capabilities":{"max_msg_fds":8}})");
        break;
    default:
        p = s.bytes(std::size_t{s.small()} * 4);
        break;
    }
    const std::uint8_t twist = s.byte();
    if (twist % 16 == 0) {
        p.resize(p.size() + s.small());
    } else if (twist % 16 == 1 && !p.empty()) {
        p.resize(p.size() - 1);
    }
    std::uint32_t flags = twist % 4 == 2 ? wire::flag_no_reply : 0;
    flags |= twist == 255 ? s.byte() : 0U;
    return message(command, p, flags);
}

/// What must hold of the replies, whatever was asked.
void check(const byte_vector& sent) {
    std::size_t used = 0;
    for (const reply& r : replies_in(sent)) {
        used += r.header.message_size;
        if ((r.header.flags & wire::flag_type_mask) != wire::type_reply ||
            (r.is_error() && !r.payload.empty())) {
            std::abort();
        }
    }
    if (used != sent.size()) {
        std::abort(); // something that is no whole reply
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto logger =
        std::make_shared<spdlog::logger>("fuzz", std::make_shared<spdlog::sinks::null_sink_st>());
    script s(data, size);
    plain_device device(logger);
    memory_transport transport;
    ntb::bridge::guest_log log(logger, "fuzz");
    connection link(transport, device, log);
    if (s.byte() % 4 != 0) {
        transport.arrive(version_message());
    }
    progress p = link.pump(1U << 16);
    while (s.more() && p != progress::closed) {
        const std::uint8_t operation = s.byte();
        switch (operation % 32) {
        case 0: // mostly ends the connection, so not often
            transport.arrive(s.bytes(s.byte()), descriptors(s));
            break;
        case 1: // a message in two pieces
        {
            const byte_vector m = plausible_message(s);
            const auto cut = static_cast<std::ptrdiff_t>(s.byte() % m.size());
            if (cut != 0) {
                transport.arrive({m.begin(), m.begin() + cut}, descriptors(s));
            }
            transport.arrive({m.begin() + cut, m.end()}, descriptors(s));
            break;
        }
        case 2:
            transport.send_room = s.byte();
            break;
        case 3: {
            byte_vector several = plausible_message(s);
            append_all(several, plausible_message(s));
            transport.arrive(several, descriptors(s));
            break;
        }
        case 4: {
            const std::uint8_t word[4] = {s.byte(), s.byte(), s.byte(), s.byte()};
            (void)device.memory.write(s.number(), {word, sizeof word});
            (void)device.irqs.trigger_msi();
            device.irqs.set_intx((word[0] & 1) != 0);
            break;
        }
        default:
            transport.arrive(plausible_message(s), descriptors(s));
            break;
        }
        p = link.pump(1 + operation / 8U);
    }
    transport.send_room = memory_transport::unlimited;
    transport.arrive_end();
    while (p != progress::closed) {
        p = link.pump(100);
    }
    link.end();
    if (!link.wants_write()) {
        check(transport.output);
    }
    return 0;
}
