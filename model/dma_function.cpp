// SPDX-License-Identifier: Apache-2.0
#include "model/dma_function.h"

#include <string>

#include "model/dword_access.h"
#include "model/regs/dma_refs.h"
#include "model/switch_core.h"

namespace ntb {

dma_function::dma_function(const topology_config& topology, switch_core& core,
                           const core_clock& clock)
    : clock_(clock), bank_(register_plan(), *this, 0, core.layout(), regs::space_id::dma,
                           std::array<plan::declared_behaviour, 0>{}) {
    bank_.set_reset(dma::DMADID.at(), dma::DMADID_DID, static_cast<std::uint32_t>(topology.device));
    bank_.reset_fundamental();
}

const dma_function::plan& dma_function::register_plan() {
    static constexpr plan p = plan::make(regs::dma_map, 0, std::array<plan::behaviour, 0>{});
    return p;
}

void dma_function::access(tlm::tlm_generic_payload& p, requester_id who, bool debug) {
    const std::uint64_t address = p.get_address();
    const std::uint32_t length = p.get_data_length();
    if (p.get_command() == tlm::TLM_IGNORE_COMMAND) {
        p.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
        return;
    }
    if (address >= space_size || length > space_size - address || length == 0) {
        if (p.get_command() == tlm::TLM_READ_COMMAND && length != 0)
            std::memset(p.get_data_ptr(), 0xFF, length);
        p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    access_dwords(
        p, who, debug,
        [this](const register_access& a) {
            touched(a);
            bool refused = false; // no dword-only register here
            return bank_.read(a, refused);
        },
        [this](const register_access& a) {
            touched(a);
            (void)bank_.write(a);
        });
}

void dma_function::touched(const register_access& a) {
    if (a.debug || a.offset < header_size)
        return;
    ++touches_;
    const std::uint64_t now = core_clock::now_ps();
    if (touch_wire_.traced())
        sink_->pulse(touch_wire_, now, now + clock_.period_ps(), 1);
    if (touch_count_.traced())
        sink_->set(touch_count_, now, touches_);
}

void dma_function::trace(trace_sink& sink, std::string_view scope) {
    sink_ = &sink;
    const std::string s(scope);
    touch_wire_ = sink.declare_bits(s + "not_modelled", 1, 0);
    touch_count_ = sink.declare_bits(s + "not_modelled_count", 32, 0);
}

} // namespace ntb
