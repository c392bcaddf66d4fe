// SPDX-License-Identifier: Apache-2.0
// The [reset] section of a topology file: reset values of fields whose own no source confirms
// (a "?" in docs/registers.md). The map's value is the default (behaviour B21.1); every such field
// is a parameter under its register's name:
//   INDBELLMSK = 0                   the whole register
//   NTINTMSK = { DBELL = 0 }         a field
//   SWPxMSGCTLn = { PART = 1 }       of every member of a family; SWP0MSGCTL1 = ... of one
//
// Threading: none. Errors: config_error for what is unknown, too large, documented, or given by
// another section.
#pragma once

#include <vector>

#include "model/config.h"
#include "testbench/config/toml_reader.h"

namespace ntb::config {

[[nodiscard]] std::vector<reset_value> read_resets(const toml_reader& reader,
                                                   const toml::node& section);

} // namespace ntb::config
