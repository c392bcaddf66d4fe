// SPDX-License-Identifier: Apache-2.0
// Which NT functions the switch has, and which of them are in a partition now.
#pragma once

#include <array>
#include <cstddef>

#include "model/types.h"

namespace ntb {

class nt_function;

class function_directory {
public:
    /// Elaboration only. Ports come in rising order.
    void add(port_number port, nt_function& function) {
        by_port_[port.value()] = &function;
        all_[count_++] = &function;
    }
    /// The NT function of a port, or null.
    [[nodiscard]] nt_function* at(port_number port) const { return by_port_[port.value()]; }
    [[nodiscard]] nt_function* const* begin() const { return all_.data(); }
    [[nodiscard]] nt_function* const* end() const { return all_.data() + count_; }

private:
    std::array<nt_function*, max_ports> by_port_{};
    std::array<nt_function*, max_nt_ports> all_{};
    std::size_t count_ = 0;
};

} // namespace ntb
