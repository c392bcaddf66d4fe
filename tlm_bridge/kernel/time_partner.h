// SPDX-License-Identifier: Apache-2.0
// Somebody in another process with whom simulated time is shared, without a wall clock: of the two
// only one acts at a time, always the one that has something to do first, so that everything
// happens in the order of simulated time, as in one process.
//
// Units: picoseconds. Threading: the SystemC thread, in quiet instants (stepping.h). Errors: none.
#pragma once

#include <cstdint>

namespace ntb::bridge {

class time_partner {
public:
    time_partner() = default;
    time_partner(const time_partner&) = delete;
    time_partner& operator=(const time_partner&) = delete;
    virtual ~time_partner() = default;

    /// Takes what the partner has sent: before the question whether one may go on.
    virtual void take_input() = 0;
    /// Whether this process may go on: to its next event, which is due at `next_ps` (the end of
    /// time: none is), or, with `input`, to act on input from outside. If not, it has to sleep
    /// until a watched descriptor wakes it, and ask again.
    [[nodiscard]] virtual bool may_go_on(std::uint64_t next_ps, bool input) = 0;
    /// When this process may go on: input acts at this time or later, as the partner has come so
    /// far.
    [[nodiscard]] virtual std::uint64_t partner_ps() const = 0;
};

} // namespace ntb::bridge
