// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/kernel/port_bridge.h"

#include <cerrno>

namespace ntb::bridge {

port_bridge::port_bridge(const sc_core::sc_module_name& name, port_control& control,
                         std::shared_ptr<spdlog::logger> logger)
    : sc_module(name), config("config"), upstream("upstream"), control_(control),
      memory_(std::move(logger), this->name()) {
    for (unsigned b = 0; b < bars.size(); ++b)
        bars[b] = std::make_unique<initiator>(("bar" + std::to_string(b)).c_str());
    upstream.register_b_transport(this, &port_bridge::upstream_transport);
    describe();
}

void port_bridge::describe() {
    for (std::uint32_t b = 0; b < bars.size(); ++b) {
        const std::uint64_t size = control_.bar_size(b);
        description_.regions[b] = region_description{size, size != 0, size != 0};
    }
    description_.regions[region_config] = region_description{config_space_size, true, true};
}

void port_bridge::await_turn() {
    if (gate_ != nullptr)
        gate_->enter(source_);
}

void port_bridge::connected() {
    await_turn();
    if (log_ != nullptr)
        log_->connected();
    describe();
    control_.set_link(true);
}

void port_bridge::disconnected() {
    await_turn();
    if (log_ != nullptr)
        log_->disconnected();
    control_.set_link(false);
    memory_.unmap_all();
    interrupts_.disconnect();
}

void port_bridge::transact(std::uint32_t region, tlm::tlm_command command, std::uint64_t offset,
                           unsigned char* data, std::size_t size) {
    payload_.set_command(command);
    payload_.set_address(offset);
    payload_.set_data_ptr(data);
    payload_.set_data_length(static_cast<unsigned>(size));
    payload_.set_streaming_width(static_cast<unsigned>(size));
    payload_.set_byte_enable_ptr(nullptr);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time none = sc_core::SC_ZERO_TIME;
    initiator& socket = region == region_config ? config : *bars[region];
    socket->b_transport(payload_, none);
}

int port_bridge::region_read(std::uint32_t region, std::uint64_t offset, mutable_bytes data) {
    await_turn();
    if (log_ != nullptr)
        log_->reads(region, offset, data.size);
    transact(region, tlm::TLM_READ_COMMAND, offset, data.data, data.size);
    if (log_ != nullptr)
        log_->completed({data.data, data.size});
    return 0;
}

int port_bridge::region_write(std::uint32_t region, std::uint64_t offset, const_bytes data) {
    await_turn();
    if (log_ != nullptr)
        log_->writes(region, offset, data);
    // A TLM payload has one pointer for both directions; a write does not change the data.
    transact(region, tlm::TLM_WRITE_COMMAND, offset, const_cast<unsigned char*>(data.data),
             data.size);
    return 0;
}

int port_bridge::dma_map(const dma_mapping& mapping, unique_fd file) {
    const bool with_file = static_cast<bool>(file);
    const int error = memory_.map(mapping, std::move(file));
    if (log_ != nullptr)
        log_->mapped(mapping, with_file, error);
    return error;
}

int port_bridge::dma_unmap(const dma_range& range) {
    const int error = memory_.unmap(range);
    if (log_ != nullptr)
        log_->unmapped(range, error);
    return error;
}

int port_bridge::reset() {
    await_turn();
    if (log_ != nullptr)
        log_->reset();
    control_.hot_reset();
    return 0;
}

int port_bridge::set_irqs(const irq_request& request) {
    const int error = interrupts_.set(request);
    if (log_ != nullptr)
        log_->irqs_set(request, error);
    return error;
}

void port_bridge::service_unmask_fd() {
    interrupts_.service_unmask_fd();
    if (log_ != nullptr)
        log_->intx_unmasked();
}

memory_status port_bridge::access_memory(const tlm::tlm_generic_payload& p) {
    const std::uint64_t address = p.get_address();
    const mutable_bytes data{p.get_data_ptr(), p.get_data_length()};
    if (p.is_read()) {
        const memory_status status = upstream_memory_->read(address, data);
        if (log_ != nullptr)
            log_->memory_read(address, {data.data, data.size}, status);
        return status;
    }
    const memory_status status = upstream_memory_->write(address, {data.data, data.size});
    if (log_ != nullptr)
        log_->memory_written(address, data.size, status);
    return status;
}

void port_bridge::send(tlp_kind kind) {
    interrupts::outcome became = interrupts::outcome::delivered;
    switch (kind) {
    case tlp_kind::msi:
        became = interrupts_.trigger_msi();
        break;
    case tlp_kind::assert_intx:
    case tlp_kind::deassert_intx:
        interrupts_.set_intx(kind == tlp_kind::assert_intx);
        break;
    default: // vfio-user's ERR interrupt would stop a guest: AER tells of errors
        break;
    }
    if (log_ != nullptr)
        log_->sent(kind, became);
}

void port_bridge::upstream_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
    if (delay != sc_core::SC_ZERO_TIME) {
        sc_core::wait(delay);
        delay = sc_core::SC_ZERO_TIME;
    }
    const pcie_extension* const e = p.get_extension<pcie_extension>();
    const tlp_kind kind = e != nullptr ? e->kind : tlp_kind::memory;
    memory_status status = memory_status::ok;
    if (kind == tlp_kind::memory)
        status = access_memory(p);
    else if (kind == tlp_kind::config)
        status = memory_status::not_mapped; // does not go upstream
    else
        send(kind);
    p.set_response_status(status == memory_status::ok ? tlm::TLM_OK_RESPONSE
                                                      : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

} // namespace ntb::bridge
