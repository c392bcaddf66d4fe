// SPDX-License-Identifier: Apache-2.0
// One TLM transaction with nothing set for the test's convenience: what a root complex would never
// send can be sent.
//
// Units: bytes. Threading: SC_THREADs.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <systemc>
#include <tlm>

#include "model/pcie_extension.h"

namespace ntb::test {

class raw_access {
public:
    raw_access() { payload.set_extension(&extension); }
    ~raw_access() { payload.clear_extension(&extension); }
    raw_access(const raw_access&) = delete;
    raw_access& operator=(const raw_access&) = delete;

    tlm::tlm_generic_payload payload{};
    pcie_extension extension{};
    std::array<unsigned char, 64> data{};

    raw_access& read(std::uint64_t address, unsigned length) {
        data.fill(0xA5);
        return set(tlm::TLM_READ_COMMAND, address, length);
    }
    raw_access& write(std::uint64_t address, std::uint64_t value, unsigned length) {
        data.fill(0);
        std::memcpy(data.data(), &value, 8);
        return set(tlm::TLM_WRITE_COMMAND, address, length);
    }
    template <class Socket>
    tlm::tlm_response_status over(Socket& socket) {
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        socket->b_transport(payload, delay);
        return payload.get_response_status();
    }
    /// The first eight bytes, those beyond the length as 0.
    [[nodiscard]] std::uint64_t value() const {
        std::uint64_t v = 0;
        for (unsigned i = 0; i < 8 && i < payload.get_data_length(); ++i)
            v |= static_cast<std::uint64_t>(data.at(i)) << (8 * i);
        return v;
    }

private:
    raw_access& set(tlm::tlm_command command, std::uint64_t address, unsigned length) {
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(data.data());
        payload.set_data_length(length);
        payload.set_streaming_width(length);
        payload.set_byte_enable_ptr(nullptr);
        payload.set_byte_enable_length(0);
        payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        return *this;
    }
};

} // namespace ntb::test
