// SPDX-License-Identifier: Apache-2.0
// One signal as it was declared.
#pragma once

#include <string>

namespace ntb::traces {

struct signal_declaration {
    std::string name;   ///< dotted
    unsigned width = 0; ///< bits; 0 = text
};

} // namespace ntb::traces
