// SPDX-License-Identifier: Apache-2.0
// The registers of a port's DMA function. Its engine is not modelled: layout unknown (B17.6). All
// that is known of it are names of registers and fields, so these are declared; mapped is only the
// standard configuration header (PCI 3.0 section 6.1) that enumeration software meets.
//
// Facts: docs/reference/registers.csv (the check map_agrees_with_registers_csv compares); every
// value in the header but the vendor is a choice of this model, marked not_confirmed. Names: "DMA"
// in front, as in DMACxCTL.
#pragma once

#include <array>

#include "model/regs/declared.h"
#include "model/regs/map.h"
#include "model/regs/terms.h"
#include "model/regs/validate.h"

namespace ntb::regs {

// clang-format off
// A row: name, offset, size, description, source, behaviour IDs, confidence, dword accesses only,
//        first and second dimension of a family, fields.
// A field: name, msb, lsb, policy, reset value (of the field, right-aligned), its confidence,
//          what a hot reset does, gloss.
inline constexpr std::array<reg, 13> dma_map = [] {
    using namespace terms;
    return std::array<reg, 13>{{
    {"DMAVID", 0x000, 2,
     "PCI vendor ID (IDT)",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "B1.1", inferred, false, {}, {},
     {{
         {"VID", 15, 0, ro, 0x111D, inferred, resets},
     }}},
    {"DMADID", 0x002, 2,
     "Device ID; whether it is that of the NT function is not confirmed",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "B1.1", inferred, false, {}, {},
     {{
         {"DID", 15, 0, ro, static_cast<std::uint32_t>(default_device), not_confirmed, keeps,
          "the model loads its device's", reset_source::device},
     }}},
    {"DMAPCICMD", 0x004, 2,
     "PCI command",
     "field layout: PCI 3.0 section 6.2.2 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"MAE", 1, 1, rw, 0, not_confirmed, resets, "memory access enable"},
         {"BME", 2, 2, rw, 0, not_confirmed, resets, "bus master enable"},
         {"PERRE", 6, 6, rw, 0, not_confirmed, resets, "parity error response"},
         {"SERRE", 8, 8, rw, 0, not_confirmed, resets, "SERR# enable"},
         {"INTXD", 10, 10, rw, 0, not_confirmed, resets, "INTx disable"},
     }}},
    {"DMAPCISTS", 0x006, 2,
     "PCI status; no capability list, because the capabilities' offsets are in no source",
     "field layout: PCI 3.0 section 6.2.3 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"INTS", 3, 3, ro, 0, not_confirmed, resets, "INTx pending"},
         {"CAPL", 4, 4, ro, 0, not_confirmed, resets, "capability list"},
     }}},
    {"DMARID", 0x008, 1,
     "Revision ID",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"RID", 7, 0, ro, 0, not_confirmed, keeps, "value not confirmed"},
     }}},
    {"DMAPROGIF", 0x009, 1,
     "Programming interface",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"INTF", 7, 0, ro, 0, not_confirmed, resets},
     }}},
    {"DMASCCLASS", 0x00A, 1,
     "Sub-class",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"SUB", 7, 0, ro, 0x80, not_confirmed, resets, "other system peripheral"},
     }}},
    {"DMACLASS", 0x00B, 1,
     "Base class",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"BASE", 7, 0, ro, 0x08, not_confirmed, resets, "base system peripheral"},
     }}},
    {"DMACLS", 0x00C, 1,
     "Cache line size (no effect on PCIe)",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"CLS", 7, 0, rw, 0, not_confirmed, resets},
     }}},
    {"DMAHDR", 0x00E, 1,
     "Header type 0; a function of a port with more than one",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "B3.1", inferred, false, {}, {},
     {{
         {"HDR", 6, 0, ro, 0, inferred, resets},
         {"MFUNC", 7, 7, ro, 1, not_confirmed, keeps, "the port mode has more than one function"},
     }}},
    {"DMASUBVID", 0x02C, 4,
     "Subsystem vendor and subsystem ID",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"SUBVID", 15, 0, ro, 0, not_confirmed, resets},
         {"SUBID", 31, 16, ro, 0, not_confirmed, resets},
     }}},
    {"DMAINTRLINE", 0x03C, 1,
     "Interrupt line",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "", inferred, false, {}, {},
     {{
         {"INTRLINE", 7, 0, rw, 0, not_confirmed, resets},
     }}},
    {"DMAINTRPIN", 0x03D, 1,
     "Interrupt pin; 0 because the engine, which would interrupt, is not modelled",
     "field layout: PCI 3.0 section 6.1 (standard layout)",
     "B17.2", inferred, false, {}, {},
     {{
         {"INTRPIN", 7, 0, ro, 0, not_confirmed, resets},
     }}},
    }};
}();

// Registers without a known offset, one of each per channel; how many channels is unknown, too.
inline constexpr std::array<reg, 6> dma_declared = [] {
    using namespace terms;
    constexpr dimension channels{'x', 0, 0};
    return std::array<reg, 6>{{
    {"DMAC{x}CTL", unknown_offset, 4,
     "Channel control; writing 1 to ABORT stops the channel",
     "manual p.306 (15-18)",
     "B17.3", documented, false, channels, {}, {}},
    {"DMAC{x}STS", unknown_offset, 4,
     "Channel status; setting RUN starts descriptor processing; A is set when an abort has "
     "finished",
     "manual p.306, p.730",
     "B17.2 B17.3", documented, false, channels, {}, {}},
    {"DMAC{x}CFG", unknown_offset, 4,
     "Channel configuration",
     "manual p.320 (15-32)",
     "B17.5", documented, false, channels, {}, {}},
    {"DMAC{x}ERRSTS", unknown_offset, 4,
     "Channel error status",
     "manual p.320 (15-32)",
     "B17.5", documented, false, channels, {}, {}},
    {"DMAC{x}DPTRL", unknown_offset, 4,
     "Current descriptor pointer, bits 31:0; after an abort points at the aborted descriptor",
     "manual p.306 (15-18)",
     "B17.1 B17.3", documented, false, channels, {},
     {{
         {"PTR", 31, 0, rw, 0, not_confirmed, resets, "bits 31:0"},
     }}},
    {"DMAC{x}DPTRH", unknown_offset, 4,
     "Current descriptor pointer, bits 63:32",
     "manual p.306 (15-18)",
     "B17.1 B17.3", documented, false, channels, {},
     {{
         {"PTR", 31, 0, rw, 0, not_confirmed, resets, "bits 63:32"},
     }}},
    }};
}();

// Fields without a known position: register, name, width (0 = unknown), policy, reset value, its
// confidence, what a hot reset does, gloss, source.
inline constexpr std::array<declared_field, 6> dma_declared_fields = [] {
    using namespace terms;
    return std::array<declared_field, 6>{{
    {"DMAC{x}CTL", "ABORT", 1, wo, 0, not_confirmed, resets,
     "writing 1 stops the channel", "manual p.306 (15-18)"},
    {"DMAC{x}STS", "RUN", 1, rw, 0, not_confirmed, resets,
     "setting it starts descriptor processing", "manual p.730 (26-20)"},
    {"DMAC{x}STS", "A", 1, rw1c, 0, not_confirmed, resets,
     "aborted", "manual p.306 (15-18)"},
    {"DMAC{x}CFG", "PCRC", 0, rw, 0, not_confirmed, resets,
     "how poisoned read completions are treated", "manual p.320 (15-32)"},
    {"DMAC{x}ERRSTS", "DSCP", 1, rw1c, 0, not_confirmed, resets,
     "poisoned descriptor completion", "manual p.320 (15-32)"},
    {"DMAC{x}ERRSTS", "DATP", 1, rw1c, 0, not_confirmed, resets,
     "poisoned data completion", "manual p.320 (15-32)"},
    }};
}();
// clang-format on

static_assert(validate<0x1000>(dma_map) == map_fault::none);
static_assert(validate_declared(dma_map, dma_declared, dma_declared_fields) ==
              declared_fault::none);

} // namespace ntb::regs
