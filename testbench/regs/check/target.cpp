// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/target.h"

namespace ntb::regs::check {

const char* words_for(stimulus what) {
    switch (what) {
    case stimulus::poisoned_write:
        return "a poisoned configuration write";
    case stimulus::poisoned_answer:
        return "a poisoned completion";
    case stimulus::unsupported_answer:
        return "a completion with status UR";
    case stimulus::no_answer:
        return "a completion time-out";
    case stimulus::failover:
        return "a failover of the port";
    }
    return "?";
}

void target::provoke(stimulus what, unsigned function) {
    throw target_error(name() + ": " + words_for(what) + ": " + why_not(what, function));
}

} // namespace ntb::regs::check
