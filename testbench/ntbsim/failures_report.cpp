// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/failures_report.h"

#include <cstdio>

namespace ntb::cli {

nlohmann::ordered_json failures_json(const std::vector<stimulus::failure>& failures) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const stimulus::failure& f : failures)
        out.push_back({{"file", f.file},
                       {"line", f.line},
                       {"expected", f.expected},
                       {"got", f.got},
                       {"time_ps", f.time_ps}});
    return out;
}

void print_failures(const std::vector<stimulus::failure>& failures, std::uint64_t total) {
    for (const stimulus::failure& f : failures)
        std::fprintf(stderr, "%s\n", f.text().c_str());
    if (total > failures.size())
        std::fprintf(stderr, "... and %llu more\n",
                     static_cast<unsigned long long>(total - failures.size()));
}

} // namespace ntb::cli
