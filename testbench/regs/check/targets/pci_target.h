// SPDX-License-Identifier: Apache-2.0
// One PCI function of this machine as a target: configuration cycles by its sysfs file, BAR0 by
// mapping resource0. Needs root. Silicon, or a simulated device inside a guest.
//
// Nothing is written unless `writes`; the function is reset only if `reset`, too, and by the way
// that the kind of reset needs: a secondary bus reset is a hot reset, and "pm" is D3hot and back.
// Kernels before 5.15 do not say which way they take, so nothing is reset there.
//
// Threading: one thread. Errors: target_error when files are missing or may not be used.
#pragma once

#include <cstdint>
#include <string>

#include "testbench/regs/check/target.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::regs::check {

/// What may be done to the function; nothing is for free.
struct pci_permissions {
    bool writes = false;
    bool shared = false; ///< what other hosts see, too
    bool reset = false;
};

class pci_target : public target {
public:
    /// `bdf`: "0000:01:00.0" or "01:00.0", nothing else: no path of a user's choice is opened.
    pci_target(const std::string& bdf, const pci_permissions& may);
    ~pci_target() override;

    [[nodiscard]] std::string name() const override { return "pci:" + bdf_; }
    [[nodiscard]] target_traits traits() const override {
        return {true, may_.writes, false, false, true, may_.shared};
    }
    [[nodiscard]] unsigned functions() const override { return 1; }
    [[nodiscard]] bool has_bar0(unsigned /*function*/) const override { return bar0_ != nullptr; }
    using target::read;
    using target::write;
    [[nodiscard]] std::uint32_t read(door by, unsigned function, std::uint32_t offset,
                                     unsigned width, unsigned byte_enables) override;
    void write(door by, unsigned function, std::uint32_t offset, unsigned width,
               std::uint32_t value, unsigned byte_enables) override;
    [[nodiscard]] bool can_reset(reset_kind kind) const override;
    void reset(reset_kind kind, unsigned function) override;
    void settle() override;

private:
    void map_bar0();
    /// The kernel's ways of resetting the function, best first, as its sysfs file lists them.
    [[nodiscard]] std::string reset_methods() const;
    void choose_reset_methods(const std::string& methods) const;
    [[nodiscard]] std::string file(const char* of_function) const;

    std::string bdf_;
    pci_permissions may_;
    bridge::unique_fd config_{};
    volatile std::uint8_t* bar0_ = nullptr;
};

} // namespace ntb::regs::check
