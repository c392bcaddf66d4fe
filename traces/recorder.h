// SPDX-License-Identifier: Apache-2.0
// What the owner of a recording does with it, whatever the format.
//
// Units: picoseconds, bytes. Threading: the thread of the model only. Errors: trace_error from
// start(); later ones are told on stderr, by failed().
#pragma once

#include <cstdint>
#include <string>

#include "model/trace_sink.h"
#include "traces/signal_selection.h"

namespace ntb::traces {

struct recording_options {
    std::string path;
    std::uint64_t limit_bytes = 0; ///< of the file; 0 = none
    signal_selection signals{};    ///< which of the declared ones are recorded
};

class recorder : public trace_sink {
public:
    /// Ends the declarations and writes the beginning. Without it the first change does, but cannot
    /// tell of an error. Throws trace_error.
    virtual void start() = 0;
    /// Everything told so far is in the file afterwards, as far as the format can.
    virtual void flush() noexcept = 0;
    /// The same, soon: nobody waits for the disk. For idle moments.
    virtual void flush_soon() noexcept = 0;
    /// Ends the recording at `now_ps`: due reversions, a last time stamp, flush.
    virtual void close(std::uint64_t now_ps) noexcept = 0;
    /// Calls of the sink so far that may have changed something.
    [[nodiscard]] virtual std::uint64_t told() const noexcept = 0;
    /// Value changes written so far (initial values are none). Right after flush() or close().
    [[nodiscard]] virtual std::uint64_t changes() const noexcept = 0;
    /// Whether an error has ended the recording, so that the file is not what was asked for. Right
    /// after flush(), final after close().
    [[nodiscard]] virtual bool failed() const noexcept = 0;
};

} // namespace ntb::traces
