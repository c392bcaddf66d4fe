// SPDX-License-Identifier: Apache-2.0
// Register names of a stimulus file come from the model's register map: one place per fact.
#include "model/regs/all_maps.h"
#include "testbench/stimulus/parser.h"

namespace ntb::stimulus {

std::optional<register_place> model_register(std::string_view name) {
    const std::optional<regs::member> found = regs::expand(name);
    // The DMA function has no known place in the global space and no door here.
    if (!found || found->in->id == regs::space_id::dma)
        return std::nullopt;
    return register_place{found->offset(), found->row->size, found->in->id == regs::space_id::sw,
                          found->in->id == regs::space_id::port};
}

} // namespace ntb::stimulus
