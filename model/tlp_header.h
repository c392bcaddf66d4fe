// SPDX-License-Identifier: Apache-2.0
// The header of a request as AER's header log shows it (PCI Express Base 2.1 sections 2.2.1, 2.2.7
// and 7.10.8): dword 1 holds bytes 0 to 3 of the TLP, byte 0 in its bits 31:24.
//
// Units: bytes. Pure functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <tlm>

#include "model/pcie_extension.h"

namespace ntb {

struct tlp_header {
    std::array<std::uint32_t, 4> dwords{};
    /// Whether the request is answered by a completion: all but memory writes and messages.
    bool non_posted = false;
};

namespace detail {

/// Byte enables of the dword that begins at `at`, which may lie before the payload's address.
[[nodiscard]] inline std::uint32_t byte_enables(const tlm::tlm_generic_payload& p,
                                                std::uint64_t at) {
    std::uint32_t out = 0;
    for (std::uint64_t i = 0; i < 4; ++i) {
        const std::uint64_t byte = at + i - p.get_address(); // wraps to a large number before it
        const bool inside = byte < p.get_data_length();
        const unsigned char* const enables = p.get_byte_enable_ptr();
        const std::uint32_t period = p.get_byte_enable_length();
        if (inside &&
            (enables == nullptr || (period != 0 && enables[byte % period] == TLM_BYTE_ENABLED)))
            out |= 1U << i;
    }
    return out;
}

[[nodiscard]] inline tlp_header request_header(const tlm::tlm_generic_payload& p,
                                               std::uint32_t format_and_type, requester_id who) {
    const pcie_extension* const e = p.get_extension<pcie_extension>();
    const bool is_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    const std::uint64_t first = p.get_address() & ~std::uint64_t{3};
    const std::uint32_t length = p.get_data_length();
    const std::uint64_t last =
        length == 0 ? first : (p.get_address() + length - 1) & ~std::uint64_t{3};
    const auto dwords = static_cast<std::uint32_t>((last - first) / 4 + 1);
    tlp_header h{};
    // Format and type; poisoned (EP); length in dwords, where 0 stands for 1024.
    h.dwords[0] = (format_and_type << 24) | (dwords & 0x3FFU);
    if (e != nullptr && e->poisoned && is_write)
        h.dwords[0] |= 1U << 14;
    h.dwords[1] = (static_cast<std::uint32_t>(who.value()) << 16) |
                  (static_cast<std::uint32_t>(e != nullptr ? e->tag : 0) << 8) |
                  (dwords > 1 ? byte_enables(p, last) << 4 : 0) | byte_enables(p, first);
    return h;
}

} // namespace detail

/// Of a memory request; `base` is the bus address of the payload's address 0.
[[nodiscard]] inline tlp_header memory_header(const tlm::tlm_generic_payload& p, std::uint64_t base,
                                              requester_id who) {
    const std::uint64_t address = (base + p.get_address()) & ~std::uint64_t{3};
    const bool wide = (address >> 32) != 0;
    const bool is_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    tlp_header h = detail::request_header(p, (is_write ? 0x40U : 0U) | (wide ? 0x20U : 0U), who);
    h.non_posted = !is_write;
    if (wide) {
        h.dwords[2] = static_cast<std::uint32_t>(address >> 32);
        h.dwords[3] = static_cast<std::uint32_t>(address);
    } else {
        h.dwords[2] = static_cast<std::uint32_t>(address);
    }
    return h;
}

/// Of a configuration request of type 0 to function `completer`.
[[nodiscard]] inline tlp_header config_header(const tlm::tlm_generic_payload& p,
                                              requester_id completer, requester_id who) {
    const bool is_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    tlp_header h = detail::request_header(p, is_write ? 0x44U : 0x04U, who);
    h.non_posted = true;
    h.dwords[2] = (static_cast<std::uint32_t>(completer.value()) << 16) |
                  (static_cast<std::uint32_t>(p.get_address()) & 0xFFCU);
    return h;
}

/// Of a poisoned completion of a memory read; who completed it is not in the model.
[[nodiscard]] inline tlp_header completion_header(const tlm::tlm_generic_payload& p) {
    tlp_header h{};
    h.dwords[0] = 0x4A000000U | (1U << 14) | ((p.get_data_length() + 3) / 4 & 0x3FFU);
    h.dwords[1] = p.get_data_length() & 0xFFFU;
    return h;
}

} // namespace ntb
