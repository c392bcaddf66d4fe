// SPDX-License-Identifier: Apache-2.0
// The register map in the forms that other tools read. Each is complete: every row of every space.
// The same map gives the same bytes, with no date or path in them.
#pragma once

#include <string>

namespace ntb::regs {

/// The reference that docs/registers.md is.
[[nodiscard]] std::string export_markdown();

/// Offsets, masks, shifts and reset values as C99 preprocessor constants (NTB_NT_..., NTB_SW_...).
[[nodiscard]] std::string export_c_header();

/// Everything that the map knows, rows with their members' names and offsets.
[[nodiscard]] std::string export_json();

/// SystemRDL 2.0: an addrmap a space.
[[nodiscard]] std::string export_systemrdl();

/// IP-XACT (IEEE 1685-2014): a component with a memory map a space.
[[nodiscard]] std::string export_ipxact();

} // namespace ntb::regs
