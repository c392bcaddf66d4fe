// SPDX-License-Identifier: Apache-2.0
// The model in process as a target: every NT function of a topology with the doors of its host.
//
// Threading: the target is used in an SC_THREAD; run_on_model() elaborates, simulates and returns,
// once per process. Errors: what the body throws.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/config.h"
#include "testbench/regs/check/target.h"
#include "testbench/root_complex/platform.h"

namespace ntb::regs::check {

class model_target : public target {
public:
    /// `topology`: what `bench` was made of.
    model_target(platform& bench, const topology_config& topology, std::string name);

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] target_traits traits() const override { return {false, true, true, true, false}; }
    [[nodiscard]] unsigned functions() const override {
        return static_cast<unsigned>(hosts_.size());
    }
    using target::read;
    using target::write;
    [[nodiscard]] std::uint32_t read(door by, unsigned function, std::uint32_t offset,
                                     unsigned width, unsigned byte_enables) override;
    void write(door by, unsigned function, std::uint32_t offset, unsigned width,
               std::uint32_t value, unsigned byte_enables) override;
    [[nodiscard]] bool can_reset(reset_kind kind) const override {
        return kind != reset_kind::power_on && (kind != reset_kind::from_d3hot || d3hot_resets_);
    }
    void reset(reset_kind kind, unsigned function) override;
    [[nodiscard]] std::string why_not(stimulus what, unsigned function) const override;
    void provoke(stimulus what, unsigned function) override;
    void settle() override;

private:
    [[nodiscard]] std::string why_no_failover(port_number port) const;
    void fail_over(port_number port);

    platform& bench_;
    const topology_config topology_;
    std::string name_;
    bool d3hot_resets_ = true; ///< PMCSR without NOSOFTRST
    std::vector<port_number> ports_{};
    std::vector<root_complex*> hosts_{};
};

/// Builds the model of that topology, powers it on, and runs `body` on it.
void run_on_model(const topology_config& topology, const timing_config& timing,
                  const std::string& name, const std::function<void(target&)>& body);

} // namespace ntb::regs::check
