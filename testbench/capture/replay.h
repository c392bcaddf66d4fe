// SPDX-License-Identifier: Apache-2.0
// Plays a capture: what came from outside comes again, at the same picosecond and in the same
// order, by the same calls of the bridges (tlm_bridge/device.h), and the answers of the hosts'
// memory are the recorded ones. What the model does then, and when, is compared with what it did:
// the values of reads, requests to memory, interrupts.
//
// A value that differs is a failure and the replay goes on; something that the model does not do,
// or does at another time, ends it, for what follows would have no meaning.
//
// Units: picoseconds. Threading: run() starts the kernel, so outside processes, once. Errors:
// stimulus_error for a file that is none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "testbench/capture/reader.h"
#include "testbench/capture/record.h"
#include "testbench/stimulus/player.h"
#include "tlm_bridge/kernel/port_bridge.h"

namespace ntb::capture {

class replay {
public:
    static constexpr std::size_t kept_failures = 100;
    /// Executes a statement of the stimulus language, in an SC_THREAD; throws stimulus_error.
    using executor = std::function<void(const std::string& statement)>;

    /// Both outlive the replay.
    replay(reader& in, executor controls);
    ~replay();
    replay(const replay&) = delete;
    replay& operator=(const replay&) = delete;

    /// Adds a function of the switch. Elaboration only.
    void add(function_place place, bridge::port_bridge& function);

    /// Plays to the end, or until the model does something else.
    void run();

    [[nodiscard]] std::uint64_t inputs() const { return inputs_; }
    [[nodiscard]] std::uint64_t expectations() const { return expectations_; }
    [[nodiscard]] std::uint64_t failed() const { return failed_; }
    /// The first kept_failures of them.
    [[nodiscard]] const std::vector<stimulus::failure>& failures() const { return failures_; }
    /// Whether the session was captured to its end.
    [[nodiscard]] bool complete() const { return complete_; }

private:
    class function;

    /// The record that says that the model does this now; null if the next one says something else,
    /// which ends the replay. To be taken.
    [[nodiscard]] const record* expected(record_kind kind, function_place where,
                                         const std::string& what);
    void act(const record& r);
    void run_controls();
    void fail(std::uint32_t line, const std::string& expected, const std::string& got);
    void diverge(std::uint32_t line, const std::string& expected, const std::string& got);

    reader& in_;
    executor controls_;
    std::map<function_place, std::unique_ptr<function>> functions_;
    sc_core::sc_event control_due_;
    std::string statement_{}; ///< empty = none under way
    std::exception_ptr thrown_{};
    std::uint64_t inputs_ = 0;
    std::uint64_t expectations_ = 0;
    std::uint64_t failed_ = 0;
    std::vector<stimulus::failure> failures_{};
    bool diverged_ = false;
    bool complete_ = false;
};

} // namespace ntb::capture
