// SPDX-License-Identifier: Apache-2.0
// The bridge function's registers and fields as the model names them, and where functions lie in
// the global address space. A name that the map does not have is a compile error; no offset stands
// here.
#pragma once

#include "model/regs/port_map.h"

namespace ntb::p2p {

constexpr regs::reg_ref reg(std::string_view name) {
    return regs::find(regs::port_map, name);
}
constexpr regs::field_ref field(std::string_view name, std::string_view f) {
    return regs::find_field(regs::port_map, name, f);
}

inline constexpr regs::function_base bridge_base = regs::function_base_named("US_FUNCTION_BASE");
inline constexpr regs::function_base nt_base = regs::function_base_named("NT_FUNCTION_BASE");

inline constexpr regs::reg_ref P2PDID = reg("P2PDID");
inline constexpr regs::field_ref P2PDID_DID = field("P2PDID", "DID");
inline constexpr regs::reg_ref P2PHDR = reg("P2PHDR");
inline constexpr regs::field_ref P2PHDR_MFUNC = field("P2PHDR", "MFUNC");
inline constexpr regs::reg_ref P2PPCIELCTLSTS = reg("P2PPCIELCTLSTS");
inline constexpr regs::field_ref P2PPCIELCTLSTS_CLS = field("P2PPCIELCTLSTS", "CLS");
inline constexpr regs::field_ref P2PPCIELCTLSTS_NLW = field("P2PPCIELCTLSTS", "NLW");

} // namespace ntb::p2p
