// SPDX-License-Identifier: Apache-2.0
// The way of a message from OUTMSGn to the inbound register that its route (SWPxMSGCTLn, read at
// the moment of the write) names, and the outcome back to the sender's OUTMSGSTSn (B6.1, B6.2).
//
// Units: core-clock cycles. Threading: the SystemC thread; send() waits when the switch holds
// `capacity` messages already, or the other part owes as many outcomes, so call it from an
// SC_THREAD.
#pragma once

#include <cstdint>

#include "model/core_clock.h"
#include "model/delay_line.h"
#include "model/types.h"

namespace ntb {

class nt_function;
class switch_core;

class message_router {
public:
    static constexpr std::size_t capacity = 256;

    message_router(switch_core& core, std::uint32_t delay_cycles)
        : core_(core), delay_(delay_cycles) {}

    /// Sends `data` from OUTMSG`n` of the function at `from` to INMSG`destination_register` of
    /// `destination`. The sender is told the outcome by nt_function::message_finished(), for a
    /// function of the other part when that has told it (crossing::what::message_outcome).
    void send(nt_function& from, unsigned n, partition_number destination,
              unsigned destination_register, std::uint32_t data);

    /// The outcome of a message to the other part is there.
    void crossed();

    /// Nothing that is on its way arrives; the senders are told.
    void reset();

    [[nodiscard]] sc_core::sc_event& due() { return line_.event(); }
    void deliver();

private:
    struct message {
        nt_function* from = nullptr;
        std::uint8_t outbound = 0;
        std::uint8_t inbound = 0;
        partition_number destination{};
        std::uint32_t data = 0;
    };

    void arrive(const message& m);

    switch_core& core_;
    std::uint32_t delay_;
    delay_line<message, capacity> line_;
    std::size_t crossing_ = 0; ///< messages to the other part without an outcome
    sc_core::sc_event room_;
};

} // namespace ntb
