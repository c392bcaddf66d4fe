// SPDX-License-Identifier: Apache-2.0
// One function of a running `ntbsim serve` (or of any vfio-user server that shows the device) as a
// target, by its socket.
//
// Threading: one thread. Errors: target_error when the server refuses or goes away.
#pragma once

#include <string>

#include "testbench/regs/check/target.h"
#include "testbench/vfio_client/connection.h"

namespace ntb::regs::check {

class vfio_user_target : public target {
public:
    /// Connects; the server then brings the link up.
    vfio_user_target(const std::string& socket_path, bool fresh);

    [[nodiscard]] std::string name() const override { return "vfio-user:" + path_; }
    [[nodiscard]] target_traits traits() const override {
        return {false, true, fresh_, false, false};
    }
    [[nodiscard]] unsigned functions() const override { return 1; }
    [[nodiscard]] bool has_bar0(unsigned /*function*/) const override { return bar0_; }
    using target::read;
    using target::write;
    [[nodiscard]] std::uint32_t read(door by, unsigned function, std::uint32_t offset,
                                     unsigned width, unsigned byte_enables) override;
    void write(door by, unsigned function, std::uint32_t offset, unsigned width,
               std::uint32_t value, unsigned byte_enables) override;
    [[nodiscard]] bool can_reset(reset_kind kind) const override {
        return kind == reset_kind::hot || (kind == reset_kind::from_d3hot && d3hot_resets_);
    }
    void reset(reset_kind kind, unsigned function) override;

private:
    std::string path_;
    bool fresh_;
    bool bar0_ = false;
    bool d3hot_resets_ = false; ///< PMCSR without NOSOFTRST
    vfio_user::client_connection server_;
};

} // namespace ntb::regs::check
