// SPDX-License-Identifier: Apache-2.0
// Enumeration of the function behind a root complex, as a BIOS and an operating system do it: IDs,
// BAR sizes by writing ones, addresses, capability lists, one MSI vector, memory space and bus
// mastering on (PCI local bus spec 3.0 sections 6.1, 6.2.5, 6.8; PCIe base spec 7.9).
//
// Units: bytes. Threading: call from an SC_THREAD, it makes configuration accesses. Errors: a
// function that does not answer is `present = false`; nothing throws.
#pragma once

#include <iosfwd>

#include "testbench/root_complex/root_complex.h"

namespace ntb {

/// Enumerates and stores the result in host.function(), which is returned.
const enumerated_function& enumerate(root_complex& host);

/// As `lspci -vv` would show it, each line behind `indent`.
void print(std::ostream& out, const enumerated_function& function, const char* indent);

} // namespace ntb
