// SPDX-License-Identifier: Apache-2.0
// The fields about the EEPROM load as the model names them. None has a known position, so none has
// one by default (model/register_layout.h); a name that the map does not declare is a compile
// error.
#pragma once

#include "model/regs/declared_ids.h"

namespace ntb::sw {

inline constexpr auto SWCTL_RSTHALT =
    regs::declared_field_named(regs::space_id::sw, "SWCTL", "RSTHALT");
inline constexpr auto SMBUSSTS_EEPROMDONE =
    regs::declared_field_named(regs::space_id::sw, "SMBUSSTS", "EEPROMDONE");
inline constexpr auto SMBUSSTS_EED =
    regs::declared_field_named(regs::space_id::sw, "SMBUSSTS", "EED");
inline constexpr auto SMBUSCTL_ICHECKSUM =
    regs::declared_field_named(regs::space_id::sw, "SMBUSCTL", "ICHECKSUM");

} // namespace ntb::sw
