// SPDX-License-Identifier: Apache-2.0
// Which registers of a map become signals, and their names: lower-case register names. Elaboration
// only (it builds strings).
//
// Left out: what never changes after initialisation (every field read only and constant is not
// known here, so identification registers are few and harmless) and commands, whose signals are
// events of their own (OUTDBELLSET).
#pragma once

#include <cctype>
#include <cstdint>
#include <string>

#include "model/regs/map.h"

namespace ntb {

struct traced_register {
    std::string name;         ///< expanded, lower case
    std::uint32_t offset = 0; ///< bytes
    std::uint32_t mask = 0;   ///< right-aligned
    std::uint32_t size = 4;   ///< bytes
};

/// The lower-case name of member (i, j) of a family.
[[nodiscard]] inline std::string expanded_name(const regs::reg& r, unsigned i, unsigned j) {
    std::string out;
    for (std::size_t k = 0; k < r.name.size(); ++k) {
        if (r.name[k] == '{' && k + 2 < r.name.size()) {
            const bool is_first = r.name[k + 1] == r.first.letter;
            out += std::to_string(is_first ? i : j);
            k += 2;
        } else {
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(r.name[k])));
        }
    }
    return out;
}

/// Calls `visit(traced_register)` for every register that stores something.
template <std::size_t N, class Visit>
void for_each_traced(const std::array<regs::reg, N>& map, Visit&& visit) {
    for (const regs::reg& r : map) {
        std::uint32_t mask = 0;
        for (const regs::field& f : r.fields)
            if (!f.name.empty() && f.policy != regs::access::wo &&
                f.policy != regs::access::reserved)
                mask |= f.mask();
        if (mask == 0)
            continue;
        for (unsigned i = 0; i < r.first.count; ++i)
            for (unsigned j = 0; j < r.second.count; ++j)
                visit(traced_register{expanded_name(r, i, j), r.offset_of(i, j), mask, r.size});
    }
}

} // namespace ntb
