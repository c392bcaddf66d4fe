// SPDX-License-Identifier: Apache-2.0
// The [layout] section of a topology file: places for registers and fields that the register map
// only declares (model/regs/declared.h). One key a register, named as in `ntbsim regs list`, a
// family with or without its braces ("SWPORT{x}CTL", SWPORTxCTL):
//   P2PSDATA = 0x40C                              an offset
//   SWCTL = { RSTHALT = 0 }                       a field of a register that has a place: a bit,
//   SWPORTxCTL = { FEN = 20, FCAPSEL = "22:21" }  or "msb:lsb"
//   P2PINTMSK = { offset = 0x408, FMCC = 5 }      both
//
// Threading: none. Errors: config_error for what is unknown, out of range, or where something is.
#pragma once

#include "model/config.h"
#include "testbench/config/toml_reader.h"

namespace ntb::config {

[[nodiscard]] layout_config read_layout(const toml_reader& reader, const toml::node& section);

} // namespace ntb::config
