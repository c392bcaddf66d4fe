// SPDX-License-Identifier: Apache-2.0
// The registers of a port's bridge function (PCI-to-PCI), the functions that a port can have and
// where they lie in the global address space. Offsets are bytes from the start of the function;
// in the global space it begins at US_FUNCTION_BASE of its port (B1.7).
//
// Facts: docs/reference/registers.csv (the check map_agrees_with_registers_csv compares). Only what
// the file knows of this function is here, and what identifies it (B16.2, PCI-to-PCI Bridge
// Architecture 1.2 section 3.2). Names: a "P2P" in front where the NT function has a register of
// the same name, as the manual does it with P2PSDATA.
//
// Not confirmed: that the function's registers are there whatever the port's mode is.
#pragma once

#include <array>

#include "model/regs/declared.h"
#include "model/regs/map.h"
#include "model/regs/terms.h"
#include "model/regs/validate.h"

namespace ntb::regs {

// clang-format off
// name, offset of port 0, stride, bytes, description, source, behaviour IDs, confidence.
inline constexpr std::array<function_base, 3> function_bases{{
    {"US_FUNCTION_BASE", 0x0000, 0x2000, 0x1000,
     "Upstream/downstream PCI-to-PCI bridge function of a switch port in the global space. The "
     "EEPROM tool lists ports 0, 2, 4, 6, 8, 12, 16, 20; the stride for the others is inferred",
     "EEPROM tool (idt_89hpesXnt8.h)",
     "B1.7", confidence::documented},
    {"NT_FUNCTION_BASE", 0x1000, 0x2000, 0x1000,
     "NT function of a switch port in the global space. The headers list ports 0, 2, 4, 6, 8, 12, "
     "16, 20",
     "mainline header; T-Platforms header; EEPROM tool (idt_89hpesXnt8.h)",
     "B1.7", confidence::documented},
    {"DMA_FUNCTION_BASE", unknown_offset, 0, 0x1000,
     "DMA function of a port; its place in the global space was not found",
     "no source",
     "B1.7", confidence::not_confirmed},
}};

// A row: name, offset, size, description, source, behaviour IDs, confidence, dword accesses only,
//        first and second dimension of a family, fields.
// A field: name, msb, lsb, policy, reset value (of the field, right-aligned), its confidence,
//          what a hot reset does, gloss.
inline constexpr std::array<reg, 10> port_map = [] {
    using namespace terms;
    return std::array<reg, 10>{{
    {"P2PVID", 0x000, 2,
     "PCI vendor ID. The SMBus driver reads this register of port 0 to find the device",
     "Linux idt_89hpesx.c (IDT_VIDDID_CSR)",
     "B16.2", inferred, false, {}, {},
     {{
         {"VID", 15, 0, ro, 0x111D, inferred, resets},
     }}},
    {"P2PDID", 0x002, 2,
     "Device ID of the bridge function; whether it is that of the NT function is not confirmed",
     "field layout: PCI-to-PCI bridge spec (standard layout)",
     "B1.1 B16.2", inferred, false, {}, {},
     {{
         {"DID", 15, 0, ro, static_cast<std::uint32_t>(default_device), not_confirmed, keeps,
          "the model loads its device's", reset_source::device},
     }}},
    {"P2PRID", 0x008, 1,
     "Revision ID",
     "field layout: PCI-to-PCI bridge spec (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"RID", 7, 0, ro, 0, not_confirmed, keeps, "value not confirmed"},
     }}},
    {"P2PPROGIF", 0x009, 1,
     "Programming interface: 0 = no subtractive decode",
     "field layout: PCI-to-PCI bridge spec (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"INTF", 7, 0, ro, 0, not_confirmed, resets},
     }}},
    {"P2PSCCLASS", 0x00A, 1,
     "Sub-class: PCI-to-PCI bridge",
     "field layout: PCI-to-PCI bridge spec (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"SUB", 7, 0, ro, 0x04, inferred, resets, "PCI-to-PCI bridge"},
     }}},
    {"P2PCLASS", 0x00B, 1,
     "Base class: bridge",
     "field layout: PCI-to-PCI bridge spec (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"BASE", 7, 0, ro, 0x06, inferred, resets, "bridge"},
     }}},
    {"P2PHDR", 0x00E, 1,
     "Header type 1; multi-function bit set when the port mode has more than one function "
     "(inferred)",
     "field layout: PCI-to-PCI bridge spec (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"HDR", 6, 0, ro, 1, inferred, resets, "PCI-to-PCI bridge"},
         {"MFUNC", 7, 7, ro, 0, not_confirmed, keeps,
          "1 where the port mode has more than one function"},
     }}},
    {"P2PPCIELCTLSTS", 0x050, 4,
     "Link control/status of the bridge function; the EEPROM tool writes it together with the NT "
     "copy. The positions of CLS and NLW are those of the PCIe base spec",
     "EEPROM tool (idt_89hpesXnt8.h); field layout: PCIe base spec (standard layout)",
     "B2.2 B13.1 B15.8", documented, false, {}, {},
     {{
         {"CCLK", 6, 6, rw, 0, not_confirmed, resets, "common clock configuration"},
         {"CLS", 19, 16, ro, 0, not_confirmed, keeps,
          "current speed: 1 = 2.5, 2 = 5.0 GT/s; state of the link"},
         {"NLW", 25, 20, ro, 0, not_confirmed, keeps, "negotiated lanes; state of the link"},
         {"SCLK", 28, 28, ro, 0, not_confirmed, keeps,
          "slot clock; writable by EEPROM and SMBus at initialisation"},
     }}},
    {"P2PACSCAP", 0x324, 2,
     "ACS capability of the bridge function; erratum 8",
     "EEPROM tool (idt_89hpesXnt8.h)",
     "B15.8 B19.2", documented, false, {}, {},
     {{
         {"R", 2, 2, ro, 0, not_confirmed, keeps, "writable by EEPROM and SMBus at initialisation"},
         {"C", 3, 3, ro, 0, not_confirmed, keeps, "writable by EEPROM and SMBus at initialisation"},
         {"T", 6, 6, ro, 0, not_confirmed, keeps, "writable by EEPROM and SMBus at initialisation"},
     }}},
    {"SERDESCFG", 0x510, 4,
     "SerDes configuration: low-swing enable",
     "EEPROM tool (idt_89hpesXnt8.h)",
     "B19.3", documented, false, {}, {},
     {{
         {"LSE", 16, 16, rw, 0, not_confirmed, keeps, "low swing"},
     }}},
    }};
}();

// Registers without a known offset.
inline constexpr std::array<reg, 4> port_declared = [] {
    using namespace terms;
    return std::array<reg, 4>{{
    {"P2PINTSTS", unknown_offset, 4,
     "Interrupt status of the upstream bridge: counterpart of NTINTSTS for partitions without an "
     "NT function. Name assumed",
     "manual p.719 (26-9), p.735 (26-25)",
     "B3.11 B11.2", documented, false, {}, {}, {}},
    {"P2PINTMSK", unknown_offset, 4,
     "Interrupt mask of the upstream bridge: counterpart of NTINTMSK",
     "manual p.719 (26-9), p.735 (26-25)",
     "B3.11 B11.2", documented, false, {}, {}, {}},
    {"P2PSDATA", unknown_offset, 4,
     "Signal data of the upstream bridge: twin of NTSDATA, argument of a global signal",
     "manual p.719 (26-9)",
     "B10.2 B11.8", documented, false, {}, {},
     {{
         {"SDATA", 31, 0, rw, 0, not_confirmed, resets},
     }}},
    {"P2PGSIGNAL", unknown_offset, 4,
     "Raises the global signal of the bridge's partition: counterpart of NTGSIGNAL. Name assumed",
     "manual p.719 (26-9)",
     "B11.8", documented, false, {}, {}, {}},
    }};
}();

// Fields without a known position: register, name, width (0 = unknown), policy, reset value, its
// confidence, what a hot reset does, gloss, source.
inline constexpr std::array<declared_field, 5> port_declared_fields = [] {
    using namespace terms;
    return std::array<declared_field, 5>{{
    {"P2PINTSTS", "SEVENT", 1, rw1c, 0, not_confirmed, resets,
     "switch event; name as in NTINTSTS", "manual p.325 (16-1)"},
    {"P2PINTSTS", "FMCC", 1, rw1c, 0, not_confirmed, resets,
     "failover mode change completed; counterpart of the mask's bit", "manual p.735 (26-25)"},
    {"P2PINTMSK", "SEVENT", 1, rw, 1, not_confirmed, resets,
     "switch event; name as in NTINTMSK", "manual p.325 (16-1)"},
    {"P2PINTMSK", "FMCC", 1, rw, 1, not_confirmed, resets,
     "failover mode change completed", "manual p.735 (26-25)"},
    {"P2PGSIGNAL", "GSIGNAL", 1, wo, 0, not_confirmed, resets,
     "writing 1 raises the partition's global signal; name as in NTGSIGNAL", "manual p.719 (26-9)"},
    }};
}();
// clang-format on

static_assert(validate<0x1000>(port_map) == map_fault::none);
static_assert(validate_declared(port_map, port_declared, port_declared_fields) ==
              declared_fault::none);

/// The base of that name; a name that does not exist is a compile error.
[[nodiscard]] constexpr const function_base& function_base_named(std::string_view name) {
    for (const function_base& b : function_bases)
        if (b.name == name)
            return b;
    throw std::logic_error("no such function base in the map");
}

} // namespace ntb::regs
