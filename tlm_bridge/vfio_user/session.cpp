// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/vfio_user/session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/vfio.h>
#include <utility>

#include "tlm_bridge/eventfd.h"
#include "tlm_bridge/vfio_user/capabilities.h"

namespace ntb::vfio_user {

using bridge::const_bytes;
using wire::command;

session::session(bridge::device& device, reply_sink& replies, bridge::guest_log& log)
    : device_(device), replies_(replies), log_(log), reply_(wire::max_message_size) {}

void session::end() {
    const bool was_ready = state_ == state::ready;
    state_ = state::ended;
    if (was_ready) {
        device_.disconnected();
    }
}

// --- Replies ---------------------------------------------------------------------------------

void session::send_reply(const wire::header& request, std::size_t payload_size) {
    if ((request.flags & wire::flag_no_reply) != 0) {
        return; // an answer would be taken for that of another command
    }
    wire::header h{};
    h.message_id = request.message_id;
    h.command = request.command;
    h.message_size = static_cast<std::uint32_t>(sizeof h + payload_size);
    h.flags = wire::type_reply;
    std::memcpy(reply_.data(), &h, sizeof h);
    replies_.send({reply_.data(), h.message_size});
}

void session::reply_error(const wire::header& request, int error) {
    log_.warn("{} refused: {}", wire::name_of(request.command), std::strerror(error));
    if ((request.flags & wire::flag_no_reply) != 0) {
        return;
    }
    wire::header h{};
    h.message_id = request.message_id;
    h.command = request.command;
    h.message_size = sizeof h;
    h.flags = wire::type_reply | wire::flag_error;
    h.error_no = static_cast<std::uint32_t>(error);
    std::memcpy(reply_.data(), &h, sizeof h);
    replies_.send({reply_.data(), sizeof h});
}

void session::reply_status(const wire::header& request, int error) {
    if (error != 0) {
        reply_error(request, error);
    } else {
        send_reply(request, 0);
    }
}

template <class T>
void session::reply_with(const wire::header& request, const T& payload) {
    std::memcpy(reply_payload(), &payload, sizeof payload);
    send_reply(request, sizeof payload);
}

// --- Messages --------------------------------------------------------------------------------

session::verdict session::handle(message& m) {
    work_ = 1;
    const std::uint32_t type = m.header.flags & wire::flag_type_mask;
    if (type == wire::type_reply) {
        log_.warn("a reply ({}) to a command that was never sent; closing the connection",
                  wire::name_of(m.header.command));
        return verdict::close;
    }
    verdict v = verdict::keep;
    if (type != wire::type_command) {
        reply_error(m.header, EINVAL);
    } else if (state_ == state::ready) {
        dispatch(m);
    } else if (state_ == state::ended) {
        v = verdict::close;
    } else if (m.header.command == static_cast<std::uint16_t>(command::version)) {
        v = handle_version(m);
    } else {
        log_.warn("{} came before VERSION; closing the connection",
                  wire::name_of(m.header.command));
        reply_error(m.header, EINVAL);
        v = verdict::close;
    }
    if (!m.fds->empty()) {
        close_unwanted(m);
    }
    return v;
}

void session::close_unwanted(message& m) {
    std::size_t unwanted = m.fds->refused();
    for (std::size_t i = 0; i < m.fds->size(); ++i) {
        unwanted += (*m.fds)[i] ? 1 : 0; // those taken by the command are empty now
    }
    if (unwanted != 0) {
        log_.warn("closed {} unwanted file descriptor(s) that came with {}", unwanted,
                  wire::name_of(m.header.command));
    }
    m.fds->clear();
}

session::verdict session::handle_version(const message& m) {
    if (m.payload.size < sizeof(wire::version)) {
        reply_error(m.header, EINVAL);
        return verdict::close;
    }
    const auto asked = wire::load<wire::version>(m.payload.data);
    if (asked.major != wire::protocol_major) {
        log_.warn("the client speaks vfio-user {}.{}, this server {}.{}; closing the connection",
                  +asked.major, +asked.minor, wire::protocol_major, wire::protocol_minor);
        reply_error(m.header, EINVAL);
        return verdict::close;
    }
    const auto client = parse_capabilities(
        {m.payload.data + sizeof(wire::version), m.payload.size - sizeof(wire::version)});
    if (!client.valid) {
        log_.warn("the client's capabilities cannot be read; closing the connection");
        reply_error(m.header, EINVAL);
        return verdict::close;
    }
    state_ = state::ready;
    device_.connected();

    const std::string ours = server_capabilities(client);
    const wire::version answer{wire::protocol_major, wire::protocol_minor};
    std::memcpy(reply_payload(), &answer, sizeof answer);
    std::memcpy(reply_payload() + sizeof answer, ours.c_str(), ours.size() + 1);
    send_reply(m.header, sizeof answer + ours.size() + 1);
    return verdict::keep;
}

void session::dispatch(message& m) {
    switch (static_cast<command>(m.header.command)) {
    case command::region_read:
        return region_read(m);
    case command::region_write:
        return region_write(m);
    case command::region_write_multi:
        return region_write_multi(m);
    case command::dma_map:
        return dma_map(m);
    case command::dma_unmap:
        return dma_unmap(m);
    case command::device_get_info:
        return get_info(m);
    case command::device_get_region_info:
        return get_region_info(m);
    case command::device_get_irq_info:
        return get_irq_info(m);
    case command::device_set_irqs:
        return set_irqs(m);
    case command::device_reset:
        return device_reset(m);
    case command::dirty_pages_or_old_write_multi:
        if (is_multi_write_of_old_clients(m)) {
            return region_write_multi(m);
        }
        return reply_error(m.header, ENOTSUP);
    case command::device_get_region_io_fds: // every access is a transaction of the model
    case command::device_feature:           // migration only
    case command::mig_data_read:
    case command::mig_data_write:
        return reply_error(m.header, ENOTSUP);
    case command::version:  // once is enough
    case command::dma_read: // these two go from server to client
    case command::dma_write:
        return reply_error(m.header, EINVAL);
    }
    reply_error(m.header, ENOSYS);
}

// --- Memory ----------------------------------------------------------------------------------

int session::do_dma_map(message& m) {
    if (m.payload.size != sizeof(wire::dma_map) || m.fds->size() > 1) {
        return EINVAL;
    }
    if (m.fds->refused() != 0) {
        return EMFILE; // not memory without a file: the guest would only find that out later
    }
    const auto request = wire::load<wire::dma_map>(m.payload.data);
    constexpr std::uint32_t modes = wire::dma_map_by_mmap | wire::dma_map_by_file_io;
    constexpr std::uint32_t known = wire::dma_map_readable | wire::dma_map_writeable | modes;
    const bool has_file = m.fds->size() == 1;
    if (request.argsz < sizeof request || (request.flags & ~known) != 0 ||
        ((request.flags & modes) != 0 && !has_file)) {
        return EINVAL;
    }
    if ((request.flags & modes) == wire::dma_map_by_file_io) {
        return ENOTSUP;
    }
    const bridge::dma_mapping mapping{request.address, request.size, request.offset,
                                      (request.flags & wire::dma_map_readable) != 0,
                                      (request.flags & wire::dma_map_writeable) != 0};
    return device_.dma_map(mapping, has_file ? std::move((*m.fds)[0]) : bridge::unique_fd());
}

void session::dma_map(message& m) {
    reply_status(m.header, do_dma_map(m));
}

void session::dma_unmap(const message& m) {
    if (m.payload.size < sizeof(wire::dma_unmap)) {
        return reply_error(m.header, EINVAL);
    }
    const auto request = wire::load<wire::dma_unmap>(m.payload.data);
    if ((request.flags & ~std::uint32_t{VFIO_DMA_UNMAP_FLAG_ALL}) != 0) {
        return reply_error(m.header, ENOTSUP); // dirty bitmaps
    }
    const bool all = request.flags != 0;
    if (m.payload.size != sizeof request || request.argsz < sizeof request ||
        (all && (request.address != 0 || request.size != 0))) {
        return reply_error(m.header, EINVAL);
    }
    if (const int error = device_.dma_unmap({request.address, request.size, all}); error != 0) {
        return reply_error(m.header, error);
    }
    reply_with(m.header, request);
}

// --- Description -----------------------------------------------------------------------------

void session::get_info(const message& m) {
    if (m.payload.size != sizeof(wire::device_info) ||
        wire::load<wire::device_info>(m.payload.data).argsz < sizeof(wire::device_info)) {
        return reply_error(m.header, EINVAL);
    }
    reply_with(m.header, wire::device_info{sizeof(wire::device_info),
                                           VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
                                           bridge::region_count, bridge::irq_index_count});
}

void session::get_region_info(const message& m) {
    if (m.payload.size != sizeof(wire::region_info)) {
        return reply_error(m.header, EINVAL);
    }
    const auto request = wire::load<wire::region_info>(m.payload.data);
    if (request.argsz < sizeof request || request.index >= bridge::region_count) {
        return reply_error(m.header, EINVAL);
    }
    const auto& region = device_.description().regions[request.index];
    wire::region_info answer{};
    answer.argsz = sizeof answer;
    answer.index = request.index;
    answer.size = region.size;
    // Never VFIO_REGION_INFO_FLAG_MMAP: one such region, and QEMU stops posting writes.
    if (region.size != 0) {
        answer.flags = (region.readable ? std::uint32_t{VFIO_REGION_INFO_FLAG_READ} : 0U) |
                       (region.writable ? std::uint32_t{VFIO_REGION_INFO_FLAG_WRITE} : 0U);
    }
    reply_with(m.header, answer);
}

void session::get_irq_info(const message& m) {
    if (m.payload.size != sizeof(wire::irq_info)) {
        return reply_error(m.header, EINVAL);
    }
    const auto request = wire::load<wire::irq_info>(m.payload.data);
    if (request.argsz < sizeof request || request.index >= bridge::irq_index_count) {
        return reply_error(m.header, EINVAL);
    }
    wire::irq_info answer{};
    answer.argsz = sizeof answer;
    answer.index = request.index;
    answer.count = device_.description().irq_counts[request.index];
    if (request.index == bridge::irq_intx) {
        answer.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
    } else {
        answer.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
    }
    reply_with(m.header, answer);
}

// --- Interrupts and reset --------------------------------------------------------------------

int session::do_set_irqs(message& m) {
    if (m.payload.size < sizeof(wire::irq_set)) {
        return EINVAL;
    }
    const auto request = wire::load<wire::irq_set>(m.payload.data);
    const const_bytes data{m.payload.data + sizeof request, m.payload.size - sizeof request};
    if (request.argsz < sizeof request || request.index >= bridge::irq_index_count) {
        return EINVAL;
    }
    const std::uint32_t available = device_.description().irq_counts[request.index];
    if (request.start > available || request.count > available - request.start) {
        return EINVAL;
    }

    bridge::irq_request irq;
    irq.index = request.index;
    irq.start = request.start;
    irq.count = request.count;
    switch (request.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) {
    case VFIO_IRQ_SET_ACTION_MASK:
        irq.action = bridge::irq_action::mask;
        break;
    case VFIO_IRQ_SET_ACTION_UNMASK:
        irq.action = bridge::irq_action::unmask;
        break;
    case VFIO_IRQ_SET_ACTION_TRIGGER:
        irq.action = bridge::irq_action::trigger;
        break;
    default:
        return EINVAL; // none, or several
    }
    std::size_t data_size = 0;
    std::size_t fds = 0;
    switch (request.flags & ~std::uint32_t{VFIO_IRQ_SET_ACTION_TYPE_MASK}) {
    case VFIO_IRQ_SET_DATA_NONE:
        irq.data = bridge::irq_data::none;
        break;
    case VFIO_IRQ_SET_DATA_BOOL:
        irq.data = bridge::irq_data::flags;
        irq.flags = data.data;
        data_size = request.count;
        break;
    case VFIO_IRQ_SET_DATA_EVENTFD:
        irq.data = bridge::irq_data::eventfd;
        fds = m.fds->size() == 0 ? 0 : request.count; // none = disconnect
        break;
    default:
        return EINVAL;
    }
    if (request.count == 0 && (request.start != 0 || irq.action != bridge::irq_action::trigger ||
                               irq.data != bridge::irq_data::none)) {
        return EINVAL;
    }
    if (data.size != data_size || m.fds->size() != fds || m.fds->refused() != 0) {
        return EINVAL;
    }
    for (std::size_t i = 0; i < fds; ++i) {
        if (!bridge::is_eventfd((*m.fds)[i].get())) {
            log_.warn("the interrupt descriptor that came with DEVICE_SET_IRQS is no eventfd");
            return EINVAL;
        }
    }
    irq.eventfds = fds == 0 ? nullptr : m.fds->data();
    return device_.set_irqs(irq);
}

void session::set_irqs(message& m) {
    reply_status(m.header, do_set_irqs(m));
}

void session::device_reset(const message& m) {
    if (m.payload.size != 0) {
        return reply_error(m.header, EINVAL);
    }
    reply_status(m.header, device_.reset());
}

// --- Register and window accesses ------------------------------------------------------------

int session::check_access(std::uint32_t region, std::uint64_t offset, std::uint64_t count,
                          bool write) const {
    if (region >= bridge::region_count) {
        return EINVAL;
    }
    const auto& r = device_.description().regions[region];
    if (count == 0 || count > wire::max_data_xfer_size || offset > r.size ||
        count > r.size - offset || !(write ? r.writable : r.readable)) {
        return EINVAL;
    }
    return 0;
}

void session::region_read(const message& m) {
    if (m.payload.size != sizeof(wire::region_access)) {
        return reply_error(m.header, EINVAL);
    }
    const auto access = wire::load<wire::region_access>(m.payload.data);
    int error = check_access(access.region, access.offset, access.count, false);
    if (error == 0) {
        error = device_.region_read(access.region, access.offset,
                                    {reply_payload() + sizeof access, access.count});
    }
    if (error != 0) {
        return reply_error(m.header, error);
    }
    std::memcpy(reply_payload(), &access, sizeof access);
    send_reply(m.header, sizeof access + access.count);
}

int session::write_one(std::uint32_t region, std::uint64_t offset, const_bytes data) {
    if (const int error = check_access(region, offset, data.size, true); error != 0) {
        return error;
    }
    return device_.region_write(region, offset, data);
}

void session::region_write(const message& m) {
    if (m.payload.size < sizeof(wire::region_access)) {
        return reply_error(m.header, EINVAL);
    }
    const auto access = wire::load<wire::region_access>(m.payload.data);
    if (m.payload.size - sizeof access != access.count) {
        return reply_error(m.header, EINVAL);
    }
    const int error =
        write_one(access.region, access.offset, {m.payload.data + sizeof access, access.count});
    if (error != 0) {
        return reply_error(m.header, error);
    }
    reply_with(m.header, access);
}

bool session::is_multi_write_of_old_clients(const message& m) const {
    // DIRTY_PAGES wants an answer and is never this long a multiple, so the two cannot be mixed up.
    return (m.header.flags & wire::flag_no_reply) != 0 &&
           m.payload.size >= sizeof(wire::write_multi) + sizeof(wire::single_write) &&
           wire::load<wire::write_multi>(m.payload.data).wr_cnt ==
               (m.payload.size - sizeof(wire::write_multi)) / sizeof(wire::single_write);
}

void session::region_write_multi(const message& m) {
    if (m.payload.size < sizeof(wire::write_multi)) {
        return reply_error(m.header, EINVAL);
    }
    const auto head = wire::load<wire::write_multi>(m.payload.data);
    const std::size_t body = m.payload.size - sizeof head;
    if (body % sizeof(wire::single_write) != 0 ||
        head.wr_cnt != body / sizeof(wire::single_write)) {
        return reply_error(m.header, EINVAL);
    }
    work_ = std::max(1U, static_cast<unsigned>(head.wr_cnt));
    int error = 0;
    for (std::size_t i = 0; i < head.wr_cnt; ++i) {
        const std::uint8_t* at = m.payload.data + sizeof head + i * sizeof(wire::single_write);
        const auto write = wire::load<wire::single_write>(at);
        // A bad write must not take the good ones behind it along: they are separate accesses.
        const int e = write.count > sizeof write.data
                          ? EINVAL
                          : write_one(write.region, write.offset,
                                      {at + offsetof(wire::single_write, data), write.count});
        error = error == 0 ? e : error;
    }
    if (error != 0) {
        return reply_error(m.header, error);
    }
    reply_with(m.header, head);
}

} // namespace ntb::vfio_user
