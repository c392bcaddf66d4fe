// SPDX-License-Identifier: Apache-2.0
// A TLM access to registers of a function, as the dwords that it touches: byte lanes and byte
// enables become the mask of each, in order of address.
//
// Units: bytes. Threading: the SystemC thread; nothing waits here. Errors: TLM responses for what
// no TLP can be; the caller has refused what is outside the space.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <systemc>
#include <tlm>

#include "model/register_bank.h"
#include "model/types.h"

namespace ntb {

/// `read` gives the dword of a register_access, `write` takes one; neither is called where no byte
/// is enabled. `debug`: looks and stores, nothing happens.
template <class Read, class Write>
void access_dwords(tlm::tlm_generic_payload& p, requester_id who, bool debug, Read&& read,
                   Write&& write) {
    const std::uint32_t length = p.get_data_length();
    unsigned char* const data = p.get_data_ptr();
    const bool is_write = p.get_command() == tlm::TLM_WRITE_COMMAND;
    const unsigned char* const enables = p.get_byte_enable_ptr();
    const std::uint32_t enables_length = p.get_byte_enable_length();
    if (p.get_streaming_width() < length) {
        p.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    if (enables != nullptr && enables_length == 0) {
        p.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        return;
    }
    std::uint32_t done = 0;
    while (done < length) {
        const auto at = static_cast<std::uint32_t>(p.get_address()) + done;
        const unsigned lane = at & 3U;
        const std::uint32_t n = std::min(4U - lane, length - done);
        register_access a{};
        a.offset = at & ~3U;
        a.requester = who;
        a.debug = debug;
        a.silent = debug;
        if (n != 4 || enables != nullptr) {
            a.byte_mask = 0;
            for (std::uint32_t i = 0; i < n; ++i) {
                const bool on =
                    enables == nullptr || enables[(done + i) % enables_length] == TLM_BYTE_ENABLED;
                if (on)
                    a.byte_mask |= 0xFFU << ((lane + i) * 8U);
            }
        }
        if (is_write) {
            std::memcpy(reinterpret_cast<unsigned char*>(&a.data) + lane, data + done, n);
            if (a.byte_mask != 0)
                write(a);
        } else {
            const std::uint32_t v = a.byte_mask != 0 ? read(a) : 0;
            if (n == 4 && enables == nullptr) {
                std::memcpy(data + done, &v, 4);
            } else {
                for (std::uint32_t i = 0; i < n; ++i)
                    if (((a.byte_mask >> ((lane + i) * 8U)) & 0xFFU) != 0)
                        data[done + i] = static_cast<unsigned char>(v >> ((lane + i) * 8U));
            }
        }
        done += n;
    }
    p.set_response_status(tlm::TLM_OK_RESPONSE);
}

} // namespace ntb
