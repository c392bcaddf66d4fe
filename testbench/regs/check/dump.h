// SPDX-License-Identifier: Apache-2.0
// The registers of a device as a text that a person can read and two of which can be compared.
//
//   # ntbsim register dump 1
//   # target pci:0000:01:00.0
//   port0.VID 0x111D
//
// Errors: dump_error for a text that is no dump, naming the line.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "testbench/regs/check/device_view.h"

namespace ntb::regs::check {

class dump_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct register_dump {
    std::string target{};
    struct entry {
        std::string name{};
        std::uint32_t value = 0;
    };
    std::vector<entry> entries{};
    std::vector<std::string> notes{}; ///< what is not in it, and why
};

/// Reads every register once. GASAADDR and GASADATA are not in it: reading others uses them.
[[nodiscard]] register_dump dump_device(target& device);
[[nodiscard]] std::string text_of(const register_dump& d);
[[nodiscard]] std::string json_of(const register_dump& d);
/// `file` names it in errors.
[[nodiscard]] register_dump parse_dump(std::string_view text, const std::string& file);

struct difference {
    std::string name{};
    std::string fields{};
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    unsigned bytes = 4;
    std::string excuse{}; ///< why two good devices may differ here; empty = they should not
};
struct comparison {
    std::vector<difference> differences{};
    std::vector<std::string> only_a{};
    std::vector<std::string> only_b{};
    std::size_t compared = 0;

    /// Differences without an excuse.
    [[nodiscard]] std::size_t serious() const;
};

[[nodiscard]] comparison compare(const register_dump& a, const register_dump& b);
[[nodiscard]] std::string text_of(const comparison& c, const std::string& a, const std::string& b);
[[nodiscard]] std::string json_of(const comparison& c, const std::string& a, const std::string& b);

} // namespace ntb::regs::check
