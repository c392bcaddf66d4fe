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
    describe();
    control_.set_link(true);
}

void port_bridge::disconnected() {
    await_turn();
    control_.set_link(false);
    memory_.unmap_all();
    interrupts_.disconnect();
}

void port_bridge::transact(std::uint32_t region, tlm::tlm_command command, std::uint64_t offset,
                           unsigned char* data, std::size_t size) {
    await_turn();
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
    transact(region, tlm::TLM_READ_COMMAND, offset, data.data, data.size);
    return 0;
}

int port_bridge::region_write(std::uint32_t region, std::uint64_t offset, const_bytes data) {
    // A TLM payload has one pointer for both directions; a write does not change the data.
    transact(region, tlm::TLM_WRITE_COMMAND, offset, const_cast<unsigned char*>(data.data),
             data.size);
    return 0;
}

int port_bridge::dma_map(const dma_mapping& mapping, unique_fd file) {
    return memory_.map(mapping, std::move(file));
}

int port_bridge::dma_unmap(const dma_range& range) {
    return memory_.unmap(range);
}

int port_bridge::reset() {
    await_turn();
    control_.hot_reset();
    return 0;
}

int port_bridge::set_irqs(const irq_request& request) {
    return interrupts_.set(request);
}

void port_bridge::upstream_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
    if (delay != sc_core::SC_ZERO_TIME) {
        sc_core::wait(delay);
        delay = sc_core::SC_ZERO_TIME;
    }
    const pcie_extension* const e = p.get_extension<pcie_extension>();
    const tlp_kind kind = e != nullptr ? e->kind : tlp_kind::memory;
    memory_status status = memory_status::ok;
    switch (kind) {
    case tlp_kind::msi:
        interrupts_.trigger_msi();
        break;
    case tlp_kind::assert_intx:
        interrupts_.set_intx(true);
        break;
    case tlp_kind::deassert_intx:
        interrupts_.set_intx(false);
        break;
    case tlp_kind::err_cor: // vfio-user's ERR interrupt would stop a guest: AER tells it
    case tlp_kind::err_nonfatal:
    case tlp_kind::err_fatal:
    case tlp_kind::pme_to_ack:
        break;
    case tlp_kind::config:
        status = memory_status::not_mapped;
        break; // does not go upstream
    case tlp_kind::memory:
        status = p.is_read() ? memory_.read(p.get_address(),
                                            mutable_bytes{p.get_data_ptr(), p.get_data_length()})
                             : memory_.write(p.get_address(),
                                             const_bytes{p.get_data_ptr(), p.get_data_length()});
        break;
    }
    p.set_response_status(status == memory_status::ok ? tlm::TLM_OK_RESPONSE
                                                      : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

} // namespace ntb::bridge
