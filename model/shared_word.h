// SPDX-License-Identifier: Apache-2.0
// One load and one store of a word that somebody outside this process may write at any time. A
// plain load may be repeated by the compiler, and the second could give another value than the one
// that was checked.
//
// Threading: any; relaxed order, what must be seen in order goes through the peer link's rings.
#pragma once

#include <cstdint>

namespace ntb {

[[nodiscard]] inline std::uint32_t load_word(const std::uint32_t& word) {
    return __atomic_load_n(&word, __ATOMIC_RELAXED);
}
inline void store_word(std::uint32_t& word, std::uint32_t value) {
    __atomic_store_n(&word, value, __ATOMIC_RELAXED);
}

} // namespace ntb
