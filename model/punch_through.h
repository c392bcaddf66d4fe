// SPDX-License-Identifier: Apache-2.0
// Punch-through: the NT function of a port issues a configuration request on its own link, with
// device 0 function 4 of its bus as requester and tag 0 (B10.3). One at a time.
//
// By registers: PTCCTL0 has the target, PTCCTL1.OP says read or write, writing PTCDATA starts, and
// PTCSTS.BUSY is set until the end. None of these fields has a known position, so registers start
// something only where the topology's [layout] places all of OP, BDF and REG; without that there is
// request(), for tests and stimulus.
//
// Not confirmed: OP 1 is a write; the names BDF and REG; at the end DONE is set and PTCDATA has
// what was read, all ones without a successful completion; PTCDATA written while a request is under
// way starts nothing.
//
// Units: bytes. Threading: the SystemC thread; request() waits, so only from an SC_THREAD; run() is
// the body of one. Nothing is allocated. Errors: punch_result.
#pragma once

#include <cstdint>
#include <systemc>

#include "model/nt_interrupts.h"
#include "model/register_layout.h"
#include "model/types.h"

namespace ntb {

struct punch_request {
    bool write = false;
    requester_id target{};    ///< bus, device, function
    std::uint32_t offset = 0; ///< of the dword in its configuration space, below 4096
    std::uint32_t data = 0;   ///< of a write
};

enum class punch_result : std::uint8_t {
    done,
    unsupported,   ///< completed as an unsupported request
    no_completion, ///< in time
    lost,          ///< link down, or the function not in D0
    busy,          ///< another one is under way
};

/// Where the request leaves the function: the port's link.
class punch_output {
public:
    punch_output() = default;
    punch_output(const punch_output&) = delete;
    punch_output& operator=(const punch_output&) = delete;
    virtual ~punch_output() = default;
    /// Waits for the completion; what was read goes into `data`.
    [[nodiscard]] virtual punch_result send_config(const punch_request& request,
                                                   std::uint32_t& data) = 0;
};

class punch_through {
public:
    punch_through(nt_bank& bank, const register_layout& layout, punch_output& output)
        : bank_(bank), layout_(layout), output_(output) {}

    /// Whether registers can start a request, so that run() is needed.
    [[nodiscard]] bool by_registers() const;
    void run();
    /// PTCDATA was written.
    void data_written();
    /// A request by API. What was read goes into `data`.
    [[nodiscard]] punch_result request(const punch_request& what, std::uint32_t& data);
    /// The registers were reset: the end of what is under way does not show in them.
    void forget() { ++resets_; }

private:
    nt_bank& bank_;
    const register_layout& layout_;
    punch_output& output_;
    bool busy_ = false;
    std::uint32_t resets_ = 0;
    sc_core::sc_event started_;
};

} // namespace ntb
