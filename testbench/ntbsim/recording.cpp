// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/recording.h"

#include <optional>
#include <utility>

#include "testbench/ntbsim/commands.h"
#include "traces/fst_recorder.h"
#include "traces/time_text.h"
#include "traces/vcd_recorder.h"
#include "traces/window_recorder.h"

namespace ntb::cli {
namespace {

std::uint64_t time_of(const std::string& text, const std::string& option) {
    const std::optional<std::uint64_t> ps = traces::parse_time(text);
    if (!ps || *ps == 0)
        throw user_error(option + ' ' + text, "no time", "for example 5ms");
    return *ps;
}

} // namespace

void add_recording_options(CLI::App& command, recording& r) {
    command.add_option("--vcd", r.vcd, "Write the waveform to this file");
    command.add_option("--fst", r.fst,
                       "Write it as FST, some ten times smaller; complete only at the end");
    command
        .add_option("--vcd-limit", r.limit_bytes,
                    "Stop recording at this size, 0 = never (default 1GiB)")
        ->transform(CLI::AsSizeValue(false));
    command.add_option("--vcd-window", r.window,
                       "Keep only this much time before the trigger (or the end): 5ms");
    command.add_option("--vcd-after", r.after, "... and this much behind it (default: none)");
    command.add_option("--vcd-trigger", r.trigger,
                       "SIGNAL rises|falls|changes, SIGNAL ==|!=|<|> N, SIGNAL contains TEXT,\n"
                       "SIGNAL missing TIME after one of these");
    command.add_option("--signals", r.signals,
                       "Record only signals like these: 'switch.port2.*,!*.tlp'");
}

std::unique_ptr<traces::recorder> make_recorder(const recording& r, const std::string& command) {
    const auto without = [&](const std::string& value, const std::string& option) {
        if (!value.empty())
            throw user_error(command + ' ' + option, "there is no waveform that it is about",
                             "add --vcd FILE");
    };
    if (r.vcd.empty() && r.fst.empty())
        without(r.signals, "--signals");
    if (r.vcd.empty()) {
        without(r.window, "--vcd-window");
        without(r.trigger, "--vcd-trigger");
    } else if (!r.fst.empty()) {
        throw user_error(command + " --fst", "there is --vcd already",
                         "record one, and make the other of it with vcd2fst or fst2vcd");
    }
    if (r.window.empty() && !(r.trigger.empty() && r.after.empty()))
        throw user_error(command + " --vcd-trigger", "there is no window that it ends",
                         "add --vcd-window TIME");
    if (r.path().empty())
        return nullptr;
    traces::recording_options o;
    o.path = r.path();
    o.limit_bytes = r.limit_bytes;
    if (!r.signals.empty())
        o.signals = traces::signal_selection(r.signals);
    if (r.vcd.empty())
        return std::make_unique<traces::fst_recorder>(std::move(o));
    if (r.window.empty())
        return std::make_unique<traces::vcd_recorder>(std::move(o));
    traces::window_options w;
    w.window_ps = time_of(r.window, "--vcd-window");
    w.after_ps = r.after.empty() ? 0 : time_of(r.after, "--vcd-after");
    w.trigger = r.trigger;
    return std::make_unique<traces::window_recorder>(std::move(o), w);
}

} // namespace ntb::cli
