// SPDX-License-Identifier: Apache-2.0
// What a validation found: how much was checked, what was wrong, what was left out and why.
//
// Plain values. A finding is kept once for each kind of check, register and set of fields, with its
// first example and how often it was seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "testbench/regs/check/device_view.h"

namespace ntb::regs::check {

enum class check_kind : std::uint8_t {
    reset,      ///< values after each kind of reset
    access,     ///< what writing ones and zeros does, by policy
    reserved,   ///< reserved bits read 0 and ignore writes
    bytes,      ///< byte enables
    alias,      ///< the same register by every door
    neighbours, ///< a write changes no other register
    unmapped,   ///< offsets without a register
    sequence,   ///< registers with side effects, by their rule
};
inline constexpr std::size_t check_kinds = 8;
[[nodiscard]] const char* name_of(check_kind kind);
[[nodiscard]] const char* meaning_of(check_kind kind);

struct finding {
    check_kind kind = check_kind::reset;
    std::string subject{}; ///< register or sequence
    std::string fields{};
    std::string what{}; ///< what was done: "wrote 0x00000004 by bar0"
    std::uint32_t expected = 0;
    std::uint32_t got = 0;
    unsigned bytes = 4; ///< of the values
    std::size_t times = 1;
};

/// A step of the validation: one kind of check on one register (or one sequence).
struct step_record {
    check_kind kind = check_kind::reset;
    std::string subject{};
    std::size_t cases = 0;
    std::size_t findings = 0; ///< times something was wrong
};

struct exclusion {
    std::string subject{}; ///< register, field or part of the validation
    std::string what{};    ///< what is not done: "not written"
    std::string reason{};
};

class results {
public:
    /// What follows belongs to this step.
    void begin(check_kind kind, const std::string& subject);
    /// Compares the bits of `mask`; a difference is a finding of the current step.
    bool expect(const sheet& s, std::uint32_t expected, std::uint32_t got, std::uint32_t mask,
                const std::string& what) {
        return expect(current_, s, expected, got, mask, what);
    }
    /// The same for another kind of check than the current step's.
    bool expect(check_kind kind, const sheet& s, std::uint32_t expected, std::uint32_t got,
                std::uint32_t mask, const std::string& what);
    /// Without text where nothing is wrong: `what()` is called for a finding only.
    template <class Text>
    bool expect_if(check_kind kind, const sheet& s, std::uint32_t expected, std::uint32_t got,
                   std::uint32_t mask, Text what) {
        if (((expected ^ got) & mask) != 0)
            return expect(kind, s, expected, got, mask, what());
        count(kind);
        return true;
    }
    void count(check_kind kind, std::size_t cases = 1) {
        cases_.at(static_cast<std::size_t>(kind)) += cases;
        if (!steps_.empty())
            steps_.back().cases += cases;
    }
    /// Something is wrong that is no value of a register.
    void fail(const std::string& subject, const std::string& what, std::uint32_t expected,
              std::uint32_t got, unsigned bytes = 4);
    void exclude(exclusion e);

    [[nodiscard]] const std::vector<step_record>& steps() const { return steps_; }
    [[nodiscard]] const std::vector<finding>& findings() const { return findings_; }
    [[nodiscard]] const std::vector<exclusion>& exclusions() const { return exclusions_; }
    [[nodiscard]] std::size_t cases(check_kind kind) const {
        return cases_.at(static_cast<std::size_t>(kind));
    }
    [[nodiscard]] bool passed() const { return findings_.empty(); }

    std::size_t registers = 0; ///< that could be reached

private:
    void add(finding f);

    check_kind current_ = check_kind::reset;
    std::array<std::size_t, check_kinds> cases_{};
    std::vector<step_record> steps_{};
    std::vector<finding> findings_{};
    std::vector<exclusion> exclusions_{};
};

/// "wrote 0x0004 by bar0"
[[nodiscard]] std::string wrote(const sheet& s, std::uint32_t value, const path& by);

} // namespace ntb::regs::check
