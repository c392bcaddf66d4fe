// SPDX-License-Identifier: Apache-2.0
// Lets guests with a stub reach each other's memory without a transaction for each access: asks the
// model where windows lead, finds the memory there among what the other client has mapped, and
// tells the stub.
//
// When something changes that windows depend on, they are asked for anew in the same evaluation,
// and before a guest is told of the change's end. What does not lead there any more is taken away,
// and nothing goes on until the stubs have let go; what the change does not concern stays mapped
// throughout, so a guest that writes there loses nothing. What is new is mapped once no memory
// write is under way to a host: what a guest does without the model must not overtake what it did
// through it.
//
// A stub that does not answer in time is cut off: guests that are stuck hold up the others for no
// longer than let_go_limit, all together. Its QEMU may still reach the memory when it goes on
// (docs/stub.md).
//
// A function's windows are mapped from its first trapped access on: who uses none pays nothing.
// keep_trapped() ends that for windows that are not mapped yet: who traces wants every access.
// Units: bytes. Threading: the SystemC thread; what waits for stubs blocks the process. Errors:
// none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/trace_sink.h"
#include "model/types.h"
#include "model/window_ranges.h"
#include "tlm_bridge/host_memory.h"
#include "tlm_bridge/kernel/port_control.h"

namespace ntb::bridge {

class stub_port;

/// Where a switch is in two processes: the broker of the other one.
class window_partner {
public:
    window_partner() = default;
    window_partner(const window_partner&) = delete;
    window_partner& operator=(const window_partner&) = delete;
    virtual ~window_partner() = default;

    /// Whether what is changed over there is told before it acts, or nobody is there. While it is
    /// not, nothing is mapped: windows within this process depend on what both may write.
    [[nodiscard]] virtual bool tells_changes() const = 0;
    /// Whether guests over there may reach memory of this process's by themselves.
    [[nodiscard]] virtual bool may_map() const = 0;
    /// What windows depend on may have changed. Returns when guests over there reach nothing here
    /// that they must not reach any more.
    virtual void follow() = 0;
    /// Nobody over there reaches that port's memory any more when this returns.
    virtual void take_away(port_number port) = 0;
};

class window_broker final : public window_observer {
public:
    static constexpr auto let_go_limit = std::chrono::seconds(1);
    /// How long a guest's write is waited for until it is in the other's memory.
    static constexpr std::uint64_t settle_ps = 10'000'000;

    /// `ask` has update_now() called in the update phase of the evaluation (kernel/update_phase.h).
    /// Elaboration only.
    void set_update_phase(std::function<void()> ask) { ask_for_update_ = std::move(ask); }
    /// Adds an NT function. `stub` null: it is a target only. Elaboration only; all outlive this.
    void add(port_number port, stub_port* stub, port_control& control, const host_memory& memory);
    /// The other process, whose ports are added as targets only. Elaboration only; outlives this.
    void set_partner(window_partner& partner) { partner_ = &partner; }
    /// Declares `switch.portP.windows_mapped`, the number of stretches that port's host reaches
    /// directly; `now_ps` tells simulated time. Elaboration only.
    void trace(trace_sink& sink, std::uint64_t (*now_ps)());

    void windows_change() noexcept override;
    /// Brings what is mapped up to date, if something has changed.
    void update_now();
    /// A stub has come, has gone, or wants its windows mapped.
    void refresh() { stale_ = true; }
    /// Nothing more is mapped, or all may be again. What is mapped stays until it changes: to take
    /// it from a guest in the middle of its writes would lose some.
    void keep_trapped(bool trapped) {
        trapped_ = trapped;
        stale_ = true;
    }

    /// Nothing is mapped of that stub any more when this returns.
    void take_from(const stub_port& stub);
    /// Nobody reaches that memory any more when this returns.
    void take_away(const stub_port& owner_of_memory);
    /// Nobody in this process reaches that port's memory any more when this returns.
    void take_away_here(port_number owner);
    /// Takes away what leads nowhere any more, in this process; what is new waits for update_now().
    /// From the partner, also while this one waits for it.
    void take_away_stale();
    /// Whether some stub has accessed a window.
    [[nodiscard]] bool wants_windows() const;
    /// Whether what that stub's guest writes to that BAR is to be in memory before it goes on: its
    /// next access, or another guest's, may not go through the model.
    [[nodiscard]] bool may_be_overtaken(const stub_port& stub, unsigned bar) const;
    /// Whether something has changed, or waits to be mapped.
    [[nodiscard]] bool stale() const { return stale_; }
    /// Waits for the memory writes that are under way. False: not all were there in time. Only from
    /// an SC_THREAD.
    [[nodiscard]] bool await_writes();

private:
    /// A stretch of a window that is memory.
    struct stretch {
        std::uint8_t bar = 0;
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
        port_number target{};
        int file = -1;
        std::uint64_t file_offset = 0;
        [[nodiscard]] bool operator==(const stretch& o) const {
            return bar == o.bar && offset == o.offset && size == o.size && target == o.target &&
                   file == o.file && file_offset == o.file_offset;
        }
    };
    using stretches = std::vector<stretch>;

    struct member {
        port_number port{};
        stub_port* stub = nullptr;
        port_control* control = nullptr;
        const host_memory* memory = nullptr;
        stretches mapped{};
        bool told = false;       ///< of a change that it has not committed yet
        std::uint32_t mixed = 0; ///< mixed_bars() of it
        signal_id signal{};
    };

    [[nodiscard]] bool writes_under_way() const;
    /// Whether some guest reaches memory without the model.
    [[nodiscard]] bool somebody_maps() const;
    void tell_mixed_bars();
    void update_here(bool may_map);
    /// What could be mapped now, of what list_ says.
    void list_stretches(const member& m, stretches& out);
    void list_range(const member& m, const window_range& r, stretches& out) const;
    void remove_other_than(member& m, const stretches& wanted);
    void add_missing(member& m, const stretches& wanted, bool may_add);
    void commit_all();
    /// The BARs of which a part leads to memory and is not mapped. What list_ says is of it.
    [[nodiscard]] std::uint32_t mixed_bars(const member& m) const;
    [[nodiscard]] const member* member_of(port_number port) const;
    void show(const member& m) const;

    std::vector<member> members_;
    std::function<void()> ask_for_update_;
    window_partner* partner_ = nullptr;
    trace_sink* sink_ = nullptr;
    std::uint64_t (*now_ps_)() = nullptr;
    window_list list_{};
    stretches wanted_{};
    bool stale_ = false;
    bool trapped_ = false;
};

} // namespace ntb::bridge
