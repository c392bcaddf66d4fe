// SPDX-License-Identifier: Apache-2.0
// The DMA function's registers and fields as the model names them. A name that the map does not
// have is a compile error; no offset stands here.
#pragma once

#include "model/regs/dma_map.h"

namespace ntb::dma {

inline constexpr regs::reg_ref DMADID = regs::find(regs::dma_map, "DMADID");
inline constexpr regs::field_ref DMADID_DID = regs::find_field(regs::dma_map, "DMADID", "DID");

} // namespace ntb::dma
