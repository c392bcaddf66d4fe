// SPDX-License-Identifier: Apache-2.0
// Where a request to a memory-window BAR goes: direct and table translation, limits, target
// partitions (B9.1 to B9.10). Pure: it reads registers and tables, and changes nothing.
//
// Units: bytes. Errors: `refused`, which the port answers as an unsupported request (B9.8).
#pragma once

#include <cstdint>

#include "model/lookup_tables.h"
#include "model/nt_interrupts.h"
#include "model/types.h"

namespace ntb {

/// One contiguous piece of a request after translation.
struct translated_piece {
    enum class verdict : std::uint8_t {
        forwarded,
        outside,    ///< the BAR is disabled or the request runs past its end
        over_limit, ///< a byte lies above BARLIMIT
        no_entry,   ///< table index without entry, or entry not VALID
    };
    verdict result = verdict::outside;
    partition_number partition{};
    std::uint64_t address = 0; ///< in the target partition
    std::uint32_t length = 0;  ///< bytes that one translation covers, at most what was asked
};

class memory_windows {
public:
    memory_windows(const nt_bank& bank, const lookup_tables& tables)
        : bank_(bank), tables_(tables) {}

    /// Translates the beginning of a request of `length` bytes at `offset` in `bar` whose
    /// aperture is `aperture` bytes. A request over several table entries takes several calls.
    [[nodiscard]] translated_piece translate(unsigned bar, std::uint64_t aperture,
                                             std::uint64_t offset, std::uint32_t length) const;
    /// Bus address of a BAR as software placed it.
    [[nodiscard]] std::uint64_t bar_address(unsigned bar) const;

private:
    [[nodiscard]] std::uint64_t limit(unsigned bar) const;
    [[nodiscard]] bool is_64bit(unsigned bar) const;

    const nt_bank& bank_;
    const lookup_tables& tables_;
};

} // namespace ntb
