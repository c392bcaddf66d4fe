// SPDX-License-Identifier: Apache-2.0
// The result of a validation as a table for people, as JSON and as JUnit XML. Nothing in them
// depends on when or where they were made, so that two runs with one seed give the same text.
#pragma once

#include <cstdint>
#include <string>

#include "testbench/regs/check/results.h"

namespace ntb::regs::check {

struct report_header {
    std::string target{};
    std::uint64_t seed = 0;
};

[[nodiscard]] std::string table_of(const results& r, const report_header& h);
[[nodiscard]] std::string json_of(const results& r, const report_header& h);
[[nodiscard]] std::string junit_of(const results& r, const report_header& h);

} // namespace ntb::regs::check
