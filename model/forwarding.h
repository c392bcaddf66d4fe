// SPDX-License-Identifier: Apache-2.0
// What one port needs of another to send it a translated request: the target's side of a memory
// window, and payloads for requests on their way. This is where a window request leaves one port's
// part of the switch: the target is timing_config::cross_request cycles away, and its completion
// cross_completion cycles; the target counts both.
//
// Threading: the SystemC thread; forward() and acquire() wait, so only from SC_THREADs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "model/pcie_extension.h"
#include "model/types.h"

namespace ntb {

/// How a translated request ended in the other host.
enum class forward_result : std::uint8_t {
    done,          ///< a write: it is on its way; nobody learns of its end
    unsupported,   ///< a read: completed with status UR
    no_completion, ///< none came within the completion time-out
    lost,          ///< with the link, on its way
};

/// A port as the others use it.
class forwarding_target {
public:
    forwarding_target() = default;
    forwarding_target(const forwarding_target&) = delete;
    forwarding_target& operator=(const forwarding_target&) = delete;
    virtual ~forwarding_target() = default;

    /// Whether requests may be emitted there: link up, BME set, D0, partition active.
    [[nodiscard]] virtual bool accepts_requests() const = 0;
    /// Takes a translated request for that port's host. A write is posted: it returns when the port
    /// has taken it (waiting for room), while it moves on by itself behind the posted requests
    /// before it. A read returns when its completion is back, or its time is over. What the target
    /// must log of that is logged there. Poison of a completion is in the extension.
    [[nodiscard]] virtual forward_result forward(tlm::tlm_generic_payload& request) = 0;
    /// The same where it is known that the port is executed here: what the other part of the switch
    /// sends (other_part.h).
    [[nodiscard]] virtual forward_result forward_here(tlm::tlm_generic_payload& request) = 0;
    /// Which port it is.
    [[nodiscard]] virtual port_number number() const = 0;
    /// Bus number for the requester ID of requests emitted there (B7.5).
    [[nodiscard]] virtual unsigned bus_number() const = 0;
};

/// Payloads with their extension, made at elaboration. Who finds none waits for one.
class payload_pool {
public:
    static constexpr std::size_t size = 8;
    struct entry {
        tlm::tlm_generic_payload payload;
        pcie_extension extension;
        bool busy = false;
    };

    payload_pool() {
        for (entry& e : entries_)
            e.payload.set_extension(&e.extension);
    }
    payload_pool(const payload_pool&) = delete;
    payload_pool& operator=(const payload_pool&) = delete;
    ~payload_pool() {
        for (entry& e : entries_)
            e.payload.clear_extension(&e.extension); // or the payload would free it
    }

    [[nodiscard]] entry& acquire() {
        for (;;) {
            for (entry& e : entries_) {
                if (!e.busy) {
                    e.busy = true;
                    return e;
                }
            }
            sc_core::wait(released_);
        }
    }
    void release(entry& e) {
        e.busy = false;
        released_.notify();
    }

private:
    std::array<entry, size> entries_;
    sc_core::sc_event released_;
};

} // namespace ntb
