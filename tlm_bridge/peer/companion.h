// SPDX-License-Identifier: Apache-2.0
// Who uses a simulator that is one of two, and has a counterpart at the other one: what that one
// says arrives between what the two parts of the switch send each other, at its time.
//
// Threading: the SystemC thread, from processes. Errors: none.
#pragma once

#include <cstdint>

namespace ntb::peer {

class companion {
public:
    companion() = default;
    companion(const companion&) = delete;
    companion& operator=(const companion&) = delete;
    virtual ~companion() = default;

    /// The other simulator is there (`present`), or has gone.
    virtual void other_is(bool present) = 0;
    /// Its companion has said this (peer_link::say()).
    virtual void heard(std::uint32_t word) = 0;
};

} // namespace ntb::peer
