// SPDX-License-Identifier: Apache-2.0
#include "model/memory_windows.h"

#include <algorithm>

#include "model/config.h"
#include "model/regs/nt_refs.h"

namespace ntb {

bool memory_windows::is_64bit(unsigned bar) const {
    return bar % 2 == 0 && nt::BARSETUP_TYPE.get(bank_.get(nt::BARSETUP.at(bar))) == 2; // B9.1
}

std::uint64_t memory_windows::bar_address(unsigned bar) const {
    const std::uint64_t low = bank_.get(nt::BAR.at(bar)) & ~0xFU;
    return is_64bit(bar) ? low | (std::uint64_t{bank_.get(nt::BAR.at(bar + 1))} << 32) : low;
}

std::uint64_t memory_windows::limit(unsigned bar) const {
    // Bits 9:0 count as ones; the odd register holds bits 63:32 of a 64-bit BAR's (B9.5).
    const std::uint64_t low = bank_.get(nt::BARLIMIT.at(bar)) | 0x3FFU;
    return is_64bit(bar) ? low | (std::uint64_t{bank_.get(nt::BARLIMIT.at(bar + 1))} << 32) : low;
}

std::uint64_t memory_windows::division(unsigned bar, std::uint64_t aperture) const {
    switch (static_cast<bar_translation>(nt::BARSETUP_ATRAN.get(bank_.get(nt::BARSETUP.at(bar))))) {
    case bar_translation::direct:
        return aperture;
    case bar_translation::lut12:
        return aperture / 16;
    default:
        return aperture / 32;
    }
}

translated_piece memory_windows::translate(unsigned bar, std::uint64_t aperture,
                                           std::uint64_t offset, std::uint32_t length) const {
    using verdict = translated_piece::verdict;
    translated_piece out{};
    if (aperture == 0 || offset >= aperture || length > aperture - offset)
        return out;
    if (bar_address(bar) + offset + length - 1 > limit(bar)) {
        out.result = verdict::over_limit;
        return out;
    }
    const std::uint32_t setup = bank_.get(nt::BARSETUP.at(bar));
    const auto kind = static_cast<bar_translation>(nt::BARSETUP_ATRAN.get(setup));
    if (kind == bar_translation::direct) {
        const std::uint64_t base = (std::uint64_t{bank_.get(nt::BARUTBASE.at(bar))} << 32) |
                                   bank_.get(nt::BARLTBASE.at(bar));
        out.result = verdict::forwarded;
        out.partition = partition_number(nt::BARSETUP_TPART.get(setup));
        out.address = base + offset; // an adder: the base need not be aligned to the size (B9.4)
        out.length = length;
        return out;
    }
    // 12 entries divide the BAR by 16, 24 entries by 32 (B9.6).
    const unsigned divisions = kind == bar_translation::lut12 ? 16 : 32;
    const unsigned entries = kind == bar_translation::lut12 ? 12 : 24;
    const std::uint64_t window = aperture / divisions;
    const std::uint64_t index = window != 0 ? offset / window : divisions;
    out.result = verdict::no_entry;
    if (index >= entries)
        return out;
    const lookup_tables::entry* const e = tables_.at(bar, static_cast<unsigned>(index));
    if (e == nullptr || nt::LUTUDATA_VALID.get(e->upper) == 0)
        return out;
    const std::uint64_t inside = offset % window;
    out.result = verdict::forwarded;
    out.partition = partition_number(nt::LUTUDATA_PART.get(e->upper));
    out.address = ((std::uint64_t{e->high} << 32) | e->low) + inside;
    out.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, window - inside));
    return out;
}

} // namespace ntb
