// SPDX-License-Identifier: Apache-2.0
// Which ports can have an NT function, which of them have one now (a matter of the port's mode),
// and which of those are in a partition.
//
// Threading: the SystemC thread. Nothing is allocated.
#pragma once

#include <array>
#include <cstddef>

#include "model/types.h"

namespace ntb {

class configurable_port;
class forwarding_target;
class nt_function;

class function_directory {
public:
    /// Elaboration only. No function exists until set_present() says so.
    void add(port_number port, nt_function& function, forwarding_target& target,
             configurable_port& owner) {
        ports_[port.value()] = entry{&function, &target, &owner, false};
    }
    /// The function of that port appears or disappears.
    void set_present(port_number port, bool present) {
        ports_[port.value()].present = present;
        count_ = 0;
        for (const entry& e : ports_) {
            if (!e.present)
                continue;
            targets_[count_] = e.target;
            all_[count_++] = e.function;
        }
    }

    /// The port, if it can have an NT function, or null.
    [[nodiscard]] configurable_port* owner(port_number port) const {
        return ports_[port.value()].owner;
    }
    /// Its NT function, which need not exist now, or null.
    [[nodiscard]] nt_function* possible_at(port_number port) const {
        return ports_[port.value()].function;
    }
    /// The NT function that the port has now, or null.
    [[nodiscard]] nt_function* at(port_number port) const {
        return ports_[port.value()].present ? ports_[port.value()].function : nullptr;
    }
    /// The port as the others send requests to it, or null.
    [[nodiscard]] forwarding_target* target_at(port_number port) const {
        return ports_[port.value()].target;
    }
    /// The functions that exist now, ports in rising order.
    [[nodiscard]] nt_function* const* begin() const { return all_.data(); }
    [[nodiscard]] nt_function* const* end() const { return all_.data() + count_; }
    /// The port behind the n-th function of the iteration.
    [[nodiscard]] forwarding_target* target(std::size_t n) const { return targets_[n]; }

private:
    struct entry {
        nt_function* function = nullptr;
        forwarding_target* target = nullptr;
        configurable_port* owner = nullptr;
        bool present = false;
    };
    std::array<entry, max_ports> ports_{};
    std::array<nt_function*, max_ports> all_{};
    std::array<forwarding_target*, max_ports> targets_{};
    std::size_t count_ = 0;
};

} // namespace ntb
