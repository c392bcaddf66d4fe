// SPDX-License-Identifier: Apache-2.0
// The DMA function of a port: its configuration header, in the port modes that have one (B3.1). The
// engine is not modelled, because its layout is unknown: no source gives a register's offset or a
// descriptor's bits (B17.6). What software reads or writes behind the header reads 0, changes
// nothing, and is counted, so that a waveform shows that it tried.
//
// Not confirmed: the values in the header, and that the function has number 1 behind an NT
// function. Units: bytes. Threading: the SystemC thread; nothing waits. Errors:
// TLM_ADDRESS_ERROR_RESPONSE, all ones, outside the space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tlm>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/register_bank.h"
#include "model/trace_sink.h"
#include "model/types.h"

namespace ntb {

class switch_core;

class dma_function {
public:
    static constexpr std::uint32_t space_size = 0x1000;
    static constexpr std::uint32_t header_size = 0x40; ///< PCI 3.0 section 6.1

    dma_function(const topology_config& topology, switch_core& core, const core_clock& clock);

    /// A configuration request; `debug` looks and stores without being counted.
    void access(tlm::tlm_generic_payload& p, requester_id who, bool debug);
    void reset_fundamental() { bank_.reset_fundamental(); }
    void reset_hot() { bank_.reset_hot(); }
    /// Times that something behind the header was accessed.
    [[nodiscard]] std::uint32_t touches() const { return touches_; }
    /// Declares its signals. Elaboration only.
    void trace(trace_sink& sink, std::string_view scope);

private:
    static constexpr std::size_t register_dwords = space_size / 4;
    using plan = bank_plan<dma_function, register_dwords>;
    static const plan& register_plan();
    void touched(const register_access& a);

    const core_clock& clock_;
    register_bank<dma_function, register_dwords> bank_;
    std::uint32_t touches_ = 0;
    trace_sink* sink_ = nullptr;
    signal_id touch_wire_;
    signal_id touch_count_;
};

} // namespace ntb
