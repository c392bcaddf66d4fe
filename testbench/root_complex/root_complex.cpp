// SPDX-License-Identifier: Apache-2.0
#include "testbench/root_complex/root_complex.h"

#include <algorithm>
#include <cstring>

namespace ntb {
namespace {

std::uint64_t now_ps(const sc_core::sc_time& delay) {
    // The model demands a time resolution of 1 ps, so value() is picoseconds.
    return (sc_core::sc_time_stamp() + delay).value();
}

} // namespace

root_complex::root_complex(const sc_core::sc_module_name& name, requester_id id,
                           std::uint64_t ram_bytes)
    : sc_module(name), config_socket("config"), bar_sockets("bar", bar_count),
      upstream_socket("upstream"), id_(id), ram_(ram_bytes) {
    upstream_socket.register_b_transport(this, &root_complex::receive);
}

completion root_complex::config_read(std::uint64_t offset, unsigned size, unsigned byte_enables) {
    return access(config_socket, tlp_kind::config, tlm::TLM_READ_COMMAND, offset, 0, size,
                  byte_enables);
}

completion root_complex::config_write(std::uint64_t offset, std::uint64_t value, unsigned size,
                                      unsigned byte_enables) {
    return access(config_socket, tlp_kind::config, tlm::TLM_WRITE_COMMAND, offset, value, size,
                  byte_enables);
}

completion root_complex::bar_read(bar_number bar, std::uint64_t offset, unsigned size,
                                  unsigned byte_enables) {
    return access(bar_sockets[bar.value()], tlp_kind::memory, tlm::TLM_READ_COMMAND, offset, 0,
                  size, byte_enables);
}

completion root_complex::bar_write(bar_number bar, std::uint64_t offset, std::uint64_t value,
                                   unsigned size, unsigned byte_enables) {
    return access(bar_sockets[bar.value()], tlp_kind::memory, tlm::TLM_WRITE_COMMAND, offset, value,
                  size, byte_enables);
}

completion root_complex::config_write_poisoned(std::uint64_t offset, std::uint64_t value,
                                               unsigned size, unsigned byte_enables) {
    return access(config_socket, tlp_kind::config, tlm::TLM_WRITE_COMMAND, offset, value, size,
                  byte_enables, true);
}

completion root_complex::bar_write_poisoned(bar_number bar, std::uint64_t offset,
                                            std::uint64_t value, unsigned size,
                                            unsigned byte_enables) {
    return access(bar_sockets[bar.value()], tlp_kind::memory, tlm::TLM_WRITE_COMMAND, offset, value,
                  size, byte_enables, true);
}

tlm::tlm_response_status root_complex::bar_transfer(bar_number bar, tlm::tlm_command command,
                                                    std::uint64_t offset, unsigned char* data,
                                                    unsigned length) {
    bool poisoned = false;
    return transfer(bar_sockets[bar.value()], tlp_kind::memory, command, offset, data, length,
                    nullptr, poisoned);
}

completion root_complex::access(initiator& socket, tlp_kind kind, tlm::tlm_command command,
                                std::uint64_t offset, std::uint64_t value, unsigned size,
                                unsigned byte_enables, bool poisoned) {
    std::array<unsigned char, 8> data{};
    std::array<unsigned char, 8> enables{};
    size = std::min(size, 8U);
    bool all = true;
    for (unsigned i = 0; i < size; ++i) {
        data.at(i) = static_cast<unsigned char>(value >> (8 * i) & 0xFFU);
        const bool enabled = (byte_enables >> i & 1U) != 0;
        enables.at(i) = enabled ? TLM_BYTE_ENABLED : TLM_BYTE_DISABLED;
        all = all && enabled;
    }
    completion out;
    bool poison = poisoned;
    out.status = transfer(socket, kind, command, offset, data.data(), size,
                          all ? nullptr : enables.data(), poison);
    out.poisoned = poison && command == tlm::TLM_READ_COMMAND;
    for (unsigned i = 0; i < size; ++i) {
        const unsigned byte = out.ok() ? data.at(i) : 0xFFU;
        out.data |= static_cast<std::uint64_t>(byte) << (8 * i);
    }
    return out;
}

tlm::tlm_response_status root_complex::transfer(initiator& socket, tlp_kind kind,
                                                tlm::tlm_command command, std::uint64_t offset,
                                                unsigned char* data, unsigned length,
                                                unsigned char* enables, bool& poisoned) {
    const access_pool::lease used = pool_.acquire();
    used->extension.kind = kind;
    used->extension.requester = id_;
    used->extension.requester_valid = true;
    used->extension.poisoned = poisoned;
    tlm::tlm_generic_payload& payload = used->payload;
    payload.set_command(command);
    payload.set_address(offset);
    payload.set_data_ptr(data);
    payload.set_data_length(length);
    payload.set_streaming_width(length);
    payload.set_byte_enable_ptr(enables);
    payload.set_byte_enable_length(enables != nullptr ? length : 0);
    payload.set_dmi_allowed(false);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket->b_transport(payload, delay);
    if (delay != sc_core::SC_ZERO_TIME)
        wait(delay);
    poisoned = used->extension.poisoned;
    return payload.get_response_status();
}

bool root_complex::receive_message(tlp_kind kind, std::uint64_t now) {
    switch (kind) {
    case tlp_kind::assert_intx:
    case tlp_kind::deassert_intx:
        interrupts_.set_intx(kind == tlp_kind::assert_intx, now);
        return true;
    case tlp_kind::err_cor:
        interrupts_.add_message(host_message::err_cor, now);
        return true;
    case tlp_kind::err_nonfatal:
        interrupts_.add_message(host_message::err_nonfatal, now);
        return true;
    case tlp_kind::err_fatal:
        interrupts_.add_message(host_message::err_fatal, now);
        return true;
    case tlp_kind::pme_to_ack:
        interrupts_.add_message(host_message::pme_to_ack, now);
        return true;
    case tlp_kind::memory:
    case tlp_kind::config:
    case tlp_kind::msi:
        return false;
    }
    return false;
}

std::optional<std::uint32_t> root_complex::behind_link(requester_id function,
                                                       std::uint32_t offset) const {
    const auto found = behind_link_.find(std::uint64_t{function.value()} << 12 | offset);
    return found != behind_link_.end() ? std::optional(found->second) : std::nullopt;
}

void root_complex::receive_config(tlm::tlm_generic_payload& payload,
                                  const pcie_extension& extension) {
    config_requester_ = extension.requester;
    if (answers_ == host_answers::never) {
        payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        return;
    }
    const auto found = behind_link_.find(payload.get_address());
    if (found == behind_link_.end() || payload.get_data_length() != 4) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    if (payload.is_write())
        std::memcpy(&found->second, payload.get_data_ptr(), 4);
    else
        std::memcpy(payload.get_data_ptr(), &found->second, 4);
}

void root_complex::receive(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    pcie_extension* extension = payload.get_extension<pcie_extension>();
    const tlp_kind kind = extension != nullptr ? extension->kind : tlp_kind::memory;
    const std::uint64_t address = payload.get_address();
    const unsigned length = payload.get_data_length();
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    if (receive_message(kind, now_ps(delay)))
        return;
    if (kind == tlp_kind::config) {
        receive_config(payload, *extension);
        return;
    }
    if (kind == tlp_kind::memory && answers_ == host_answers::unsupported) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    if (kind == tlp_kind::memory && payload.is_read() && answers_ == host_answers::never) {
        payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        return;
    }
    if (payload.is_write() && extension != nullptr && extension->poisoned) {
        ++poisoned_writes_;
        return;
    }
    if (payload.is_read() && extension != nullptr && answers_ == host_answers::poisoned)
        extension->poisoned = true;
    // The host knows an MSI by its address; the mark is what the device says of it.
    const bool in_window = address >= msi_window && address - msi_window < msi_window_size;
    if (payload.is_write() && (kind == tlp_kind::msi || in_window)) {
        msi_record record;
        record.time_ps = now_ps(delay);
        record.address = address;
        record.marked = kind == tlp_kind::msi;
        for (unsigned i = 0; i < std::min(length, 4U); ++i)
            record.data |= static_cast<std::uint32_t>(payload.get_data_ptr()[i]) << (8 * i);
        interrupts_.add_msi(record);
        return;
    }
    if (payload.get_byte_enable_ptr() != nullptr && payload.is_write()) {
        if (!ram_.contains(address, length)) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        const unsigned period = std::max(payload.get_byte_enable_length(), 1U);
        for (unsigned i = 0; i < length; ++i)
            if (payload.get_byte_enable_ptr()[i % period] == TLM_BYTE_ENABLED)
                ram_.write(address + i, payload.get_data_ptr() + i, 1);
        return;
    }
    const bool done = payload.is_write() ? ram_.write(address, payload.get_data_ptr(), length)
                                         : ram_.read(address, payload.get_data_ptr(), length);
    if (!done)
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

} // namespace ntb
