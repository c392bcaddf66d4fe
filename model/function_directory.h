// SPDX-License-Identifier: Apache-2.0
// Which NT functions the switch has, and which of them are in a partition now.
#pragma once

#include <array>
#include <cstddef>

#include "model/types.h"

namespace ntb {

class forwarding_target;
class nt_function;

class function_directory {
public:
    /// Elaboration only. Ports come in rising order.
    void add(port_number port, nt_function& function, forwarding_target& target) {
        by_port_[port.value()] = &function;
        targets_[count_] = &target;
        all_[count_++] = &function;
    }
    /// The NT function of a port, or null.
    [[nodiscard]] nt_function* at(port_number port) const { return by_port_[port.value()]; }
    [[nodiscard]] nt_function* const* begin() const { return all_.data(); }
    /// The port behind the n-th function of the iteration.
    [[nodiscard]] forwarding_target* target(std::size_t n) const { return targets_[n]; }
    [[nodiscard]] nt_function* const* end() const { return all_.data() + count_; }

private:
    std::array<nt_function*, max_ports> by_port_{};
    std::array<nt_function*, max_nt_ports> all_{};
    std::array<forwarding_target*, max_nt_ports> targets_{};
    std::size_t count_ = 0;
};

} // namespace ntb
