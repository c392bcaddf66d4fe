// SPDX-License-Identifier: Apache-2.0
// What every step of a validation works with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testbench/regs/check/device_view.h"
#include "testbench/regs/check/random.h"
#include "testbench/regs/check/results.h"

namespace ntb::regs::check {

/// A value after power-on that the map cannot know: a topology gives it.
struct initial_value {
    std::string name{}; ///< of the sheet
    std::string field{};
    std::uint32_t value = 0;
};
/// A reset value that is another than the map's, in every instance of a space.
struct other_reset {
    space_id in{};
    std::uint32_t offset = 0; ///< of the dword, in the space
    std::uint32_t mask = 0;
    std::uint32_t value = 0; ///< in place
};
struct profile {
    std::vector<initial_value> values{};
    std::vector<other_reset> resets{};
    /// Whatever is not in the list has the map's reset value, hardware's own bits included.
    bool complete = false;
};

struct context {
    device_view& view;
    results& out;
    random& dice;
    const target_traits traits;
    std::vector<std::uint32_t> initial{}; ///< value of each sheet when the validation began
    profile expected{};                   ///< at power-on
};

/// A register taken for a step that writes it: its conditions are met while this lives, and
/// give_back() restores what the step has changed, effects on other registers included.
class borrowed {
public:
    borrowed(context& c, std::size_t id);
    borrowed(const borrowed&) = delete;
    borrowed& operator=(const borrowed&) = delete;
    ~borrowed() = default; // giving back may throw, so it is a call of its own

    /// The register as it is now: masks of this moment.
    [[nodiscard]] const sheet& now() const { return shaped_; }
    /// What it read when it was taken.
    [[nodiscard]] std::uint32_t before() const { return before_; }
    void give_back();

private:
    struct saved {
        std::size_t id = 0;
        std::uint32_t value = 0;
    };

    context& c_;
    std::size_t id_;
    sheet shaped_{};
    std::uint32_t before_ = 0;
    std::vector<saved> conditions_{};
    std::vector<saved> affected_{};
};

} // namespace ntb::regs::check
