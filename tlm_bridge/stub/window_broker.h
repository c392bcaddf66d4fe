// SPDX-License-Identifier: Apache-2.0
// Lets guests with a stub reach each other's memory without a transaction for each access: asks the
// model where windows lead, finds the memory there among what the other client has mapped, and
// tells the stub. Before anything changes that windows depend on, everything is revoked, and the
// change waits until the stubs have let go.
//
// A stub that does not answer in time is cut off: a guest that is stuck holds up the others for no
// longer than revoke_limit. Its QEMU may still reach the memory when it goes on (docs/stub.md).
//
// A function's windows are mapped from its first trapped access on: who uses none pays nothing.
// keep_trapped() ends that for windows that are not mapped yet: who traces wants every access.
// Units: bytes. Threading: the SystemC thread; windows_change() blocks the process until the stubs
// have answered. Errors: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "model/trace_sink.h"
#include "model/types.h"
#include "model/window_ranges.h"
#include "tlm_bridge/host_memory.h"
#include "tlm_bridge/kernel/port_control.h"

namespace ntb::bridge {

class stub_port;

class window_broker final : public window_observer {
public:
    static constexpr auto revoke_limit = std::chrono::seconds(1);

    /// Adds an NT function. `stub` null: it is a target only. Elaboration only; all outlive this.
    void add(port_number port, stub_port* stub, const port_control& control,
             const host_memory& memory);
    /// Declares `switch.portP.windows_mapped`, the number of stretches that port's host reaches
    /// directly; `now_ps` tells simulated time. Elaboration only.
    void trace(trace_sink& sink, std::uint64_t (*now_ps)());

    void windows_change() noexcept override;
    /// Brings what is mapped up to date, if something has changed.
    void update();
    /// A stub has come, or wants its windows mapped.
    void refresh() { stale_ = true; }
    /// Nothing more is mapped, or all may be again. What is mapped stays until windows change: to
    /// take it from a guest in the middle of its writes would lose some.
    void keep_trapped(bool trapped) {
        trapped_ = trapped;
        stale_ = true;
    }

private:
    struct member {
        port_number port{};
        stub_port* stub = nullptr;
        const port_control* control = nullptr;
        const host_memory* memory = nullptr;
        unsigned mapped = 0; ///< messages `map` since the last `revoke`
        signal_id signal{};
    };
    void map_windows(member& m);
    /// Tells the stub of one window, in as many stretches as the target's memory has.
    void map_range(member& m, const window_range& r);
    [[nodiscard]] const host_memory* memory_of(port_number port) const;
    void show(const member& m) const;

    std::vector<member> members_;
    trace_sink* sink_ = nullptr;
    std::uint64_t (*now_ps_)() = nullptr;
    window_list list_{};
    bool stale_ = false;
    bool trapped_ = false;
};

} // namespace ntb::bridge
