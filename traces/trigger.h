// SPDX-License-Identifier: Apache-2.0
// A condition on signals that says when something worth keeping has happened.
//
//   SIGNAL rises | falls | changes
//   SIGNAL == | != | < | > NUMBER          becomes true
//   SIGNAL contains TEXT                    of a text signal, e.g. a TLP
//   SIGNAL missing TIME after CONDITION     no change of SIGNAL within TIME after the condition
//
// e.g. "switch.port2.nt.msi missing 1ms after switch.port2.nt.indbellsts rises". A vector rises
// when it becomes other than 0. Units: picoseconds. Threading: none. Errors: trace_error for what
// is no condition, or names no recorded signal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traces/signal_declaration.h"

namespace ntb::traces {

class trigger {
public:
    /// Throws trace_error.
    explicit trigger(const std::string& expression);

    /// Finds the signals; false if one is not recorded, whose name `missing` then says.
    [[nodiscard]] bool resolve(const std::vector<signal_declaration>& signals,
                               std::string& missing);

    /// To be told of every initial value and change in order. The time at which it fired, which may
    /// be before `now_ps` (a time that has run out), if it has.
    std::optional<std::uint64_t> bits(std::uint64_t now_ps, std::uint32_t index,
                                      std::uint64_t value, bool initial) noexcept;
    std::optional<std::uint64_t> text(std::uint64_t now_ps, std::uint32_t index,
                                      std::string_view text) noexcept;
    /// Nothing happened up to `now_ps`.
    std::optional<std::uint64_t> time(std::uint64_t now_ps) noexcept;

    [[nodiscard]] const std::string& expression() const { return expression_; }

private:
    enum class kind : std::uint8_t {
        rises,
        falls,
        changes,
        equal,
        differs,
        below,
        above,
        contains
    };
    struct condition {
        kind what = kind::changes;
        std::string signal;
        std::string words; ///< of contains
        std::uint64_t number = 0;
        std::uint32_t index = 0;
        std::uint64_t last = 0;

        [[nodiscard]] bool holds(std::uint64_t value) const noexcept;
        /// Whether it becomes true by this change.
        [[nodiscard]] bool bits(std::uint64_t value, bool initial) noexcept;
    };
    [[nodiscard]] condition parse_condition(std::string_view words) const;
    [[noreturn]] void fail(const std::string& why) const;

    std::string expression_;
    condition condition_; ///< what fires, or what starts the time
    bool timed_ = false;
    std::string awaited_; ///< of a timed one: whose change stops the time
    std::uint32_t awaited_index_ = 0;
    std::uint64_t within_ps_ = 0;
    std::optional<std::uint64_t> deadline_;
};

} // namespace ntb::traces
