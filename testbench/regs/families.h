// SPDX-License-Identifier: Apache-2.0
// The rows of a space as the hierarchical formats (SystemRDL, IP-XACT) want them: registers, arrays
// of a register, and arrays of blocks in which several families advance together.
//
// The map knows flat rows; SWPORT{x}CTL, SWPORT{x}STS and SWPORT{x}FCTL interleave at one stride.
// Neither language allows arrays to interleave, so families of the same index, count and stride
// become one block of registers that is repeated. The rules:
//  1. A family whose stride is its register's size is an array of that register.
//  2. Any other family begins a block; the rows behind it that have the same index, count and
//     stride and begin within its first stride belong to it.
//  3. Of two dimensions the one with the larger stride is the block, the other the array in it.
//  4. Where a block would cover a register that is not its own, or leave the space, its members
//     stand alone under their expanded names.
// A block is called as its registers begin ("SWPORT"); where that name is taken or is its only
// register's, "_regs" is added.
//
// Units: offsets and strides are bytes; a child's offset counts from its block. Allocates; no
// state, any thread; nothing fails.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/regs/all_maps.h"

namespace ntb::regs {

/// A register (row is set) or a block of registers (children are set), once or as an array.
struct family_node {
    std::string name{};
    std::uint32_t offset = 0;
    dimension array{};        ///< count 1 = once
    const reg* row = nullptr; ///< the register
    std::string label{};      ///< of a register: the map's name of it, "SWP{x}MSGCTL{n}"
    std::vector<family_node> children{};

    [[nodiscard]] bool is_array() const { return array.count > 1; }
};

/// The row's name as an identifier, "SWP_MSGCTL" of "SWP{x}MSGCTL{n}": an index in the middle
/// leaves a gap.
[[nodiscard]] std::string identifier_of(const reg& r);

/// The mapped registers of a space in the order of their offsets.
[[nodiscard]] std::vector<family_node> families_of(const space& s);

} // namespace ntb::regs
