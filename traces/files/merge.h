// SPDX-License-Identifier: Apache-2.0
// Several waveforms as one, on one time axis: those of two processes that are one switch together,
// or of the same span recorded with different selections.
//
// Signals of different names go side by side. A name that several files have is one signal as
// long as at most one of the files sees it change, or all of them see the same changes at the same
// times: the file that sees changes counts (a process knows only the initial values of registers
// that the other one owns). Where files contradict each other, the first keeps the name, and that
// of each further one is recorded beside it as NAME_fileN, counted from 1; nothing is dropped, and
// the report names the signal.
//
// Times are taken as they stand: the files must count from the same epoch, else `offsets_ps` moves
// them. The result begins where the first file begins; until a later one begins, its signals show
// the values it begins with. Unknown bits (x, z) become 0, as vcd_reader reads them. Of vectors
// wider than 64 bits and of real numbers nothing is merged: they are told. Texts are cut to 255
// letters.
//
// Units: picoseconds. Threading: none. Memory does not grow with the files' length; each is read
// twice. Errors: trace_error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ntb::traces {

struct merge_conflict {
    std::string signal;
    unsigned file = 0;         ///< that contradicts the first, counted from 1
    std::string recorded_as{}; ///< its name in the result
};

struct merge_report {
    std::size_t signals = 0; ///< in the result
    std::uint64_t changes = 0;
    std::uint64_t begin_ps = 0;
    std::uint64_t end_ps = 0;
    std::vector<merge_conflict> conflicts{};
    std::vector<std::string> left_out{};  ///< names of signals that VCD of this program cannot hold
    std::vector<std::string> truncated{}; ///< files that end in the middle of a line
};

/// Writes `files` as one VCD to `output`. `offsets_ps` is added to the times of the file at the
/// same place in the list; missing ones are 0.
[[nodiscard]] merge_report merge_waveforms(const std::vector<std::string>& files,
                                           const std::vector<std::uint64_t>& offsets_ps,
                                           const std::string& output);

} // namespace ntb::traces
