// SPDX-License-Identifier: Apache-2.0
// Records a window of a run as VCD; see change_recorder.h and window_format.h.
//
// Units: picoseconds, bytes. Threading: the thread of the model only. Errors: trace_error if the
// file cannot be made or the trigger is none; afterwards one line on stderr.
#pragma once

#include <utility>

#include "traces/change_recorder.h"
#include "traces/window_format.h"

namespace ntb::traces {

class window_recorder final : public change_recorder<window_format> {
public:
    window_recorder(recording_options options, const window_options& window)
        : change_recorder(std::move(options.signals), std::move(options.path), options.limit_bytes,
                          window) {}
};

} // namespace ntb::traces
