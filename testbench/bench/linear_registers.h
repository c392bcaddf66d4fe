// SPDX-License-Identifier: Apache-2.0
// The peer of the register benchmark: registers as objects in a list that an access searches from
// its front, as general register-modelling libraries do it. Written for comparison only, and
// leaner than those: no callbacks, no tracing, no endianness.
//
// Threading: the SystemC thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

namespace ntb::bench {

/// One register: knows its range and what may be done with it.
class listed_register {
public:
    listed_register(std::uint64_t offset, std::uint32_t value) : offset_(offset), value_(value) {}
    listed_register(const listed_register&) = delete;
    listed_register& operator=(const listed_register&) = delete;
    virtual ~listed_register() = default;

    [[nodiscard]] bool overlaps(std::uint64_t address, std::uint64_t length) const {
        return address < offset_ + sizeof value_ && offset_ < address + length;
    }
    virtual void receive(tlm::tlm_generic_payload& p) {
        const std::uint64_t skip = p.get_address() - offset_;
        if (p.get_address() < offset_ || skip + p.get_data_length() > sizeof value_) {
            p.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
            return;
        }
        auto* const bytes = reinterpret_cast<unsigned char*>(&value_) + skip;
        if (p.is_read() && readable_)
            std::memcpy(p.get_data_ptr(), bytes, p.get_data_length());
        else if (p.is_write() && writable_)
            std::memcpy(bytes, p.get_data_ptr(), p.get_data_length());
        else
            return p.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
        p.set_response_status(tlm::TLM_OK_RESPONSE);
    }

private:
    std::uint64_t offset_;
    std::uint32_t value_;
    bool readable_ = true;
    bool writable_ = true;
};

class linear_registers : public sc_core::sc_module {
public:
    linear_registers(const sc_core::sc_module_name& name, const std::vector<std::uint32_t>& offsets)
        : sc_module(name), socket("socket") {
        socket.register_b_transport(this, &linear_registers::b_transport);
        for (const std::uint32_t offset : offsets)
            list_.push_back(std::make_unique<listed_register>(offset, offset));
    }
    tlm_utils::simple_target_socket<linear_registers> socket;

private:
    void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
        if (delay != sc_core::SC_ZERO_TIME) {
            wait(delay);
            delay = sc_core::SC_ZERO_TIME;
        }
        p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        for (const auto& r : list_)
            if (r->overlaps(p.get_address(), p.get_data_length())) {
                r->receive(p);
                return;
            }
    }

    std::vector<std::unique_ptr<listed_register>> list_{};
};

} // namespace ntb::bench
