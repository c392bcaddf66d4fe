// SPDX-License-Identifier: Apache-2.0
// Somebody in another process who plays the same program on the other part of the same switch: each
// of the two plays the statements that are about its own ports, and one at a time has the word. The
// other one goes through the same statements meanwhile without playing them, so that both are at
// the same place when it gets the word.
//
// Units: none. Threading: an SC_THREAD; await() waits. Errors: exceptions of the implementation.
#pragma once

#include "testbench/stimulus/program.h"

namespace ntb::stimulus {

class play_partner {
public:
    play_partner() = default;
    play_partner(const play_partner&) = delete;
    play_partner& operator=(const play_partner&) = delete;
    virtual ~play_partner() = default;

    /// Whether the word is here at first.
    [[nodiscard]] virtual bool begins() const = 0;
    /// Whether a statement is played here; does not change. Exactly one of the two plays it.
    [[nodiscard]] virtual bool plays(const action& what) const = 0;
    /// The other one has the word from now on.
    virtual void pass() = 0;
    /// Returns when the word is here; false: the other one has ended the play.
    [[nodiscard]] virtual bool await() = 0;
    /// The play is over, for both.
    virtual void end() = 0;
};

} // namespace ntb::stimulus
