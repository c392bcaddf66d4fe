// SPDX-License-Identifier: Apache-2.0
// What one function's bridge tells of its traffic with the outside world: everything that came in,
// and what went out, in the order in which it happened. A capture is made of it (docs/capture.md).
//
// An input is told when it acts, before the model has done anything about it, so at one instant the
// order of the calls is that of the acts. Units: bytes. Threading: the SystemC thread; the time of
// a call is sc_time_stamp(). Views are valid during the call. Errors: none are reported back.
#pragma once

#include <cstdint>

#include "model/pcie_extension.h"
#include "tlm_bridge/device.h"
#include "tlm_bridge/interrupts.h"
#include "tlm_bridge/upstream_memory.h"

namespace ntb::bridge {

class input_log {
public:
    input_log() = default;
    input_log(const input_log&) = delete;
    input_log& operator=(const input_log&) = delete;
    virtual ~input_log() = default;

    // What comes in (device.h).
    virtual void connected() = 0;
    virtual void disconnected() = 0;
    virtual void reset() = 0;
    virtual void reads(std::uint32_t region, std::uint64_t offset, std::size_t size) = 0;
    virtual void writes(std::uint32_t region, std::uint64_t offset, const_bytes data) = 0;
    /// With the errno that the client got, 0 = done.
    virtual void mapped(const dma_mapping& mapping, bool with_file, int error) = 0;
    virtual void unmapped(const dma_range& range, int error) = 0;
    virtual void irqs_set(const irq_request& request, int error) = 0;
    /// By the eventfd that the client gave for it.
    virtual void intx_unmasked() = 0;

    // What goes out.
    /// The end of the read under way, with what the client gets.
    virtual void completed(const_bytes data) = 0;
    /// MSI, INTx and other messages; `became` of an MSI only.
    virtual void sent(tlp_kind kind, interrupts::outcome became) = 0;

    // What goes out and brings something in: requests to the client's memory, and its answers.
    /// `data` counts only where the status is `ok`.
    virtual void memory_read(std::uint64_t iova, const_bytes data, memory_status status) = 0;
    virtual void memory_written(std::uint64_t iova, std::size_t size, memory_status status) = 0;
};

} // namespace ntb::bridge
