// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/replay_command.h"

#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <systemc>

#include "testbench/capture/reader.h"
#include "testbench/capture/replay.h"
#include "testbench/ntbsim/bridged_switch.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/ntbsim/failures_report.h"
#include "testbench/stimulus/control.h"

namespace ntb::cli {
namespace {

void report_json(const replay_options& options, const capture::header& head,
                 const capture::replay& r) {
    nlohmann::ordered_json out;
    out["files"] = {options.file};
    out["captured_by"] = head.program;
    out["complete"] = r.complete();
    out["topology"] = head.topology;
    out["timing"] = head.timing;
    out["inputs"] = r.inputs();
    out["expectations"] = r.expectations();
    out["failed"] = r.failed();
    out["simulated_ps"] = sc_core::sc_time_stamp().value();
    out["failures"] = failures_json(r.failures());
    std::cout << out.dump(2) << '\n';
}

void report_text(const replay_options& options, const capture::replay& r, bool recorded) {
    print_failures(r.failures(), r.failed());
    std::cout << (r.failed() == 0 ? "replayed: " : "FAILED: ") << r.inputs() << " inputs, "
              << r.expectations() << " expectations, " << r.failed() << " failed, "
              << stimulus::time_text(sc_core::sc_time_stamp().value()) << " simulated";
    if (r.failed() == 0 && !r.complete())
        std::cout << "; the capture breaks off here";
    std::cout << '\n';
    if (recorded)
        std::cout << "waveform: " << options.waveform.path() << '\n';
}

} // namespace

bool is_capture(const std::string& path) {
    return capture::reader::is_capture(path);
}

int replay(const replay_options& options) {
    capture::reader in(options.file);
    recording waveform = options.waveform;
    if (waveform.signals.empty() && !waveform.path().empty())
        waveform.signals = in.head().signals;
    const std::unique_ptr<traces::recorder> recorder = make_recorder(waveform, "run");
    const config::topology_file topology = capture::topology_of(in.head());

    const auto logger = spdlog::stderr_logger_st("ntbsim");
    logger->set_pattern("ntbsim: %v");
    bridged_switch device(topology.topology, in.head().timing_values, recorder.get(), logger);
    capture::replay replay(in, [&](const std::string& statement) {
        stimulus::apply(stimulus::parse_control(statement, device), device);
    });
    for (const auto& [place, function] : device.functions())
        replay.add(place, *function);
    if (recorder)
        recorder->start();
    replay.run();
    if (recorder)
        recorder->close(sc_core::sc_time_stamp().value());

    if (options.json)
        report_json(options, in.head(), replay);
    else
        report_text(options, replay, recorder && !recorder->failed());
    std::cout.flush();
    if (!std::cout)
        throw user_error("run", "standard output does not take the text",
                         "free some space or keep the reader open");
    if (replay.failed() != 0)
        return 1;
    return recorder && recorder->failed() ? 2 : 0; // why is said already
}

} // namespace ntb::cli
