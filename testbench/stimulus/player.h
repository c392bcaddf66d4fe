// SPDX-License-Identifier: Apache-2.0
// Plays a stimulus program: one statement after the other, each starting when its start time says
// and completing before the next one starts. Failed expectations are collected and the play goes
// on.
//
// Units: picoseconds. Threading: play() waits, so call it from an SC_THREAD. Errors: check()
// throws stimulus_error for what this version or this topology cannot do, before anything runs.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <random>
#include <string>
#include <vector>

#include "testbench/root_complex/root_complex.h"
#include "testbench/root_complex/switch_controls.h"
#include "testbench/stimulus/play_partner.h"
#include "testbench/stimulus/program.h"
#include "testbench/stimulus/stimulus_error.h"

namespace ntb::stimulus {

using host_table = std::array<root_complex*, max_ports>; ///< null = no host at that port

/// One expectation that did not hold.
struct failure {
    std::string file;
    std::uint32_t line = 0;
    std::string expected;
    std::string got;
    std::uint64_t time_ps = 0;

    /// "FILE:LINE: expected X, got Y at T"
    [[nodiscard]] std::string text() const;
};

/// "1234.567 ns"
[[nodiscard]] std::string time_text(std::uint64_t ps);

struct player_options {
    std::uint64_t seed = 1;             ///< of drawn delays
    std::ostream* transcript = nullptr; ///< null = silent
    bool every_round = false;        ///< transcript of each round of a repeat, not just the first
    play_partner* partner = nullptr; ///< who plays with this one; null = nobody
};

/// The port that a statement is about, null if none.
[[nodiscard]] const port_number* port_of(const action& what);

class player {
public:
    static constexpr std::size_t kept_failures = 100;

    player(const host_table& hosts, switch_controls& controls, const player_options& options);

    /// Throws unless the program can be played here.
    static void check(const program& p, const host_table& hosts);

    void play(const program& p);
    /// After the last program. With a partner it returns when that one has come to its end, too.
    void finish();

    [[nodiscard]] std::uint64_t statements() const { return statements_; }
    [[nodiscard]] std::uint64_t expectations() const { return expectations_; }
    [[nodiscard]] std::uint64_t failed() const { return failed_; }
    /// The first kept_failures of them.
    [[nodiscard]] const std::vector<failure>& failures() const { return failures_; }

private:
    struct round {
        std::uint64_t left = 0;
        bool first = true;
    };

    void play_statement();
    void pass_over();
    [[nodiscard]] bool take_word();
    [[nodiscard]] std::uint64_t drawn_ps(const start_time& start);
    bool wait_for_start(const start_time& start);
    void run(const register_access& a);
    void run(const interrupt_expectation& e);
    void run(const enumeration& e);
    void run(const memory_step& m);
    void run(const link_step& l);
    void run(const reset_step& r);
    void run(const host_step& h);
    void run(const failover_step& f);
    void run(const fault_step& f);
    void run(const temperature_step& t);
    void run(const eeprom_expectation& e);
    void run(const eeprom_release& r);
    void run(const pme_turn_off_step& p);
    void run(const punch_step& p);
    void run(const host_config_step& c);
    void run(const smbus_step& m);
    void run(const note_step& n);
    void run(const pause_step&) {}
    void run(const repeat_begin& r);
    void run(const repeat_end& r);

    void expect_some(const interrupt_expectation& e, std::uint64_t start);
    void expect_none(const interrupt_expectation& e, std::uint64_t start);
    std::uint64_t take_interrupts(const interrupt_expectation& e, std::uint64_t start,
                                  std::uint64_t most);
    void hold(bool holds, const std::string& expected, const std::string& got);
    void say(const std::string& line);
    void say_statement(const std::string& result);
    [[nodiscard]] bool telling() const;
    [[nodiscard]] root_complex& host(port_number port) { return *hosts_.at(port.value()); }

    host_table hosts_;
    switch_controls& controls_;
    player_options options_;
    std::mt19937_64 random_;
    bool has_word_ = true;      ///< of two players: this one plays
    bool play_is_over_ = false; ///< the other one has ended it
    std::uint64_t statements_ = 0;
    std::uint64_t expectations_ = 0;
    std::uint64_t failed_ = 0;
    std::vector<failure> failures_{};
    std::vector<round> rounds_{}; ///< one per open repeat
    // What an expectation has counted is counted by no other.
    std::array<std::array<std::uint64_t, max_ports>, interrupt_kinds> taken_{};
    [[nodiscard]] std::uint64_t& taken(const interrupt_expectation& e) {
        return taken_.at(static_cast<std::size_t>(e.kind)).at(e.port.value());
    }
    // The statement under way:
    const program* program_ = nullptr;
    const statement* statement_ = nullptr;
    std::size_t next_ = 0;
    std::uint64_t started_ps_ = 0;
};

} // namespace ntb::stimulus
