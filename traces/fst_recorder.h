// SPDX-License-Identifier: Apache-2.0
// Records a model's state changes as an FST file; see change_recorder.h and fst_format.h.
//
// Units: picoseconds, bytes. Threading: the thread of the model only. Errors: trace_error if the
// file cannot be made.
#pragma once

#include <utility>

#include "traces/change_recorder.h"
#include "traces/fst_format.h"

namespace ntb::traces {

class fst_recorder final : public change_recorder<fst_format> {
public:
    explicit fst_recorder(recording_options options)
        : change_recorder(std::move(options.signals), std::move(options.path),
                          options.limit_bytes) {}
};

} // namespace ntb::traces
