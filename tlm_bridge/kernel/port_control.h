// SPDX-License-Identifier: Apache-2.0
// What the bridge asks of a port besides transactions. Whoever binds the bridge to a switch
// implements it; the bridge does not know the switch.
#pragma once

#include <cstdint>

#include "model/register_mirror.h"
#include "model/window_ranges.h"

namespace ntb::bridge {

class port_control {
public:
    port_control() = default;
    port_control(const port_control&) = delete;
    port_control& operator=(const port_control&) = delete;
    virtual ~port_control() = default;

    /// A host has come (DL_Up) or gone (surprise down).
    virtual void set_link(bool up) = 0;
    /// Hot reset; returns when the link is up again, so it may wait().
    virtual void hot_reset() = 0;
    /// Tells `mirror` of the function's registers from now on; null = nobody. A function without
    /// such registers tells nothing.
    virtual void set_mirror(register_mirror* mirror) { (void)mirror; }
    /// Where the host's requests to its window BARs would go now; a function without has none.
    virtual void list_windows(window_list& out) const { out.clear(); }
    /// Whether requests of other hosts may reach this port's host now.
    [[nodiscard]] virtual bool accepts_requests() const { return true; }
    /// Whether memory writes of other hosts are under way to this port's host, or writes of this
    /// host are kept back on their way to others.
    [[nodiscard]] virtual bool writes_under_way() const { return false; }
    /// Waits, at most that long, until those that are under way now have arrived. False: not all
    /// have. Only from an SC_THREAD.
    [[nodiscard]] virtual bool await_writes(std::uint64_t limit_ps) {
        (void)limit_ps;
        return true;
    }
    /// Aperture of a BAR in bytes, 0 = none.
    [[nodiscard]] virtual std::uint64_t bar_size(unsigned bar) const = 0;
};

} // namespace ntb::bridge
