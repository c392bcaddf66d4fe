// SPDX-License-Identifier: Apache-2.0
// Records a model's state changes as a VCD file; see change_recorder.h and vcd_format.h.
//
// Units: picoseconds, bytes. Threading: the thread of the model only. Errors: trace_error if the
// file cannot be made; afterwards one line on stderr.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "traces/change_recorder.h"
#include "traces/vcd_format.h"

namespace ntb::traces {

class vcd_recorder final : public change_recorder<vcd_format> {
public:
    explicit vcd_recorder(recording_options options)
        : change_recorder(std::move(options.signals), std::move(options.path),
                          options.limit_bytes) {}
};

} // namespace ntb::traces
