// SPDX-License-Identifier: Apache-2.0
// Has something done in the update phase of the evaluation that asks for it: when the processes
// that run now have done what they do, and before simulated time goes on.
//
// Threading: the SystemC thread. Errors: none; what is done must not wait().
#pragma once

#include <functional>
#include <systemc>
#include <utility>

namespace ntb::bridge {

class update_phase final : private sc_core::sc_prim_channel {
public:
    /// Elaboration only.
    explicit update_phase(std::function<void()> act)
        : sc_prim_channel(sc_core::sc_gen_unique_name("update_phase")), act_(std::move(act)) {}
    /// Once for all who ask in one evaluation.
    void ask() { request_update(); }

private:
    void update() override { act_(); }

    std::function<void()> act_;
};

} // namespace ntb::bridge
