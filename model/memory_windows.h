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
    /// Calls visit(offset, size, partition, address) for each part of `bar` that one translation
    /// covers: of a direct window what BARLIMIT leaves, of a table each valid entry.
    template <class Visit>
    void for_each_range(unsigned bar, std::uint64_t aperture, Visit visit) const {
        if (aperture == 0)
            return;
        const std::uint64_t begin = bar_address(bar);
        const std::uint64_t end = limit(bar);
        if (end < begin)
            return;
        const std::uint64_t allowed = end - begin < aperture - 1 ? end - begin + 1 : aperture;
        const std::uint64_t step = division(bar, aperture);
        for (std::uint64_t offset = 0; step != 0 && offset < allowed; offset += step) {
            const std::uint64_t size = allowed - offset < step ? allowed - offset : step;
            const translated_piece first = translate(bar, aperture, offset, 1);
            if (first.result == translated_piece::verdict::forwarded)
                visit(offset, size, first.partition, first.address);
        }
    }
    /// Bus address of a BAR as software placed it.
    [[nodiscard]] std::uint64_t bar_address(unsigned bar) const;

private:
    [[nodiscard]] std::uint64_t limit(unsigned bar) const;
    /// Bytes that one translation covers: all of a direct BAR, an entry's part of the others.
    [[nodiscard]] std::uint64_t division(unsigned bar, std::uint64_t aperture) const;
    [[nodiscard]] bool is_64bit(unsigned bar) const;

    const nt_bank& bank_;
    const lookup_tables& tables_;
};

} // namespace ntb
