// SPDX-License-Identifier: Apache-2.0
// `ntbsim run`: plays stimulus files against a switch with a host at every NT port, one file after
// the other, and reports the expectations that failed. With --peer it plays its own ports' part of
// them, and another process the rest (joint_play.h).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "testbench/config/timing_file.h"
#include "testbench/config/topology_file.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/ntbsim/failures_report.h"
#include "testbench/ntbsim/joint_play.h"
#include "testbench/ntbsim/recording.h"
#include "testbench/ntbsim/replay_command.h"
#include "testbench/root_complex/platform.h"
#include "testbench/stimulus/parser.h"
#include "testbench/stimulus/player.h"

namespace ntb::cli {
namespace {

struct run_options {
    std::vector<std::string> files{};
    std::string topology{};
    std::string timing{};
    std::vector<std::string> settings{};
    std::string peer{};
    std::vector<unsigned> ports{};
    recording waveform{};
    std::uint64_t seed = 1;
    bool json = false;
    bool verbose = false;
    bool quiet = false;
};

struct loaded {
    std::vector<stimulus::program> programs{};
    config::topology_file topology{};
    std::string timing_name{};
    timing_config timing{};
};

/// A name in a stimulus file: a built-in one, or a file beside the stimulus file.
std::string beside(const std::string& stimulus_file, const std::string& name,
                   const std::vector<std::string>& builtin) {
    const bool known = std::find(builtin.begin(), builtin.end(), name) != builtin.end();
    if (known || name.empty() || std::filesystem::path(name).is_absolute())
        return name;
    return (std::filesystem::path(stimulus_file).parent_path() / name).string();
}

/// What the files agree on, for the header line `key`; empty if none has it.
template <class Member>
std::string agreed(const std::vector<stimulus::program>& programs, const std::string& key,
                   Member member, const std::vector<std::string>& builtin) {
    std::string value;
    for (const stimulus::program& p : programs) {
        const std::string here = beside(p.file, p.*member, builtin);
        if (here.empty())
            continue;
        if (!value.empty() && here != value) {
            std::string why = p.file;
            why.append(" wants ").append(key).append(" ").append(here);
            why.append(", an earlier file ").append(value);
            throw user_error("run", why, "run them one by one or give --" + key);
        }
        value = here;
    }
    return value;
}

loaded load_all(const run_options& options) {
    loaded out;
    for (const std::string& file : options.files)
        out.programs.push_back(stimulus::load(file, stimulus::model_register));
    std::string topology = options.topology;
    if (topology.empty())
        topology = agreed(out.programs, "topology", &stimulus::program::topology,
                          config::builtin_topologies());
    out.topology = config::load_topology(topology.empty() ? "two-host" : topology);
    out.timing_name = options.timing;
    if (out.timing_name.empty())
        out.timing_name =
            agreed(out.programs, "timing", &stimulus::program::timing, config::builtin_timings());
    if (out.timing_name.empty())
        out.timing_name = out.topology.timing;
    out.timing = config::load_timing(out.timing_name);
    for (const std::string& setting : options.settings)
        config::set_timing_value(out.timing, setting);
    return out;
}

void report_json(const run_options& options, const loaded& in, const stimulus::player& player) {
    nlohmann::ordered_json out;
    out["files"] = options.files;
    out["topology"] = in.topology.name;
    out["timing"] = in.timing_name;
    out["seed"] = options.seed;
    if (!options.peer.empty())
        out["ports"] = options.ports;
    out["statements"] = player.statements();
    out["expectations"] = player.expectations();
    out["failed"] = player.failed();
    out["simulated_ps"] = sc_core::sc_time_stamp().value();
    out["failures"] = failures_json(player.failures());
    std::cout << out.dump(2) << '\n';
}

void report_text(const run_options& options, const stimulus::player& player, bool recorded) {
    std::cout.flush(); // failures go to stderr and belong behind the transcript
    print_failures(player.failures(), player.failed());
    std::cout << (player.failed() == 0 ? "passed: " : "FAILED: ") << player.statements()
              << " statements, " << player.expectations() << " expectations, " << player.failed()
              << " failed, " << stimulus::time_text(sc_core::sc_time_stamp().value())
              << " simulated\n";
    if (recorded)
        std::cout << "waveform: " << options.waveform.path() << '\n';
}

/// A capture has its own topology and timing, and everything in it is at its time.
int replay_one(const run_options& options) {
    if (options.files.size() != 1)
        throw user_error("run", "a capture is replayed alone", "run the files one by one");
    if (!options.topology.empty() || !options.timing.empty() || !options.settings.empty())
        throw user_error("run " + options.files.front(),
                         "a capture has its topology and timing in it",
                         "leave out --topology, --timing and --set");
    if (!options.peer.empty())
        throw user_error("run " + options.files.front(),
                         "a capture is of one process, and is replayed in one", "leave out --peer");
    return replay({options.files.front(), options.waveform, options.json, options.quiet});
}

/// Null: everything is played here.
std::unique_ptr<joint_play> make_joint_play(const run_options& options, const loaded& in) {
    if (options.peer.empty() && !options.ports.empty())
        throw user_error("run --port", "without another process all ports are played here",
                         "add --peer ivshmem:SOCKET or leave it out");
    if (options.peer.empty())
        return nullptr;
    return std::make_unique<joint_play>(
        joint_play::options{options.peer, options.ports, options.files, options.seed}, in.topology,
        in.timing);
}

int run(const run_options& options) {
    if (std::any_of(options.files.begin(), options.files.end(), is_capture))
        return replay_one(options);
    const loaded in = load_all(options);
    const std::unique_ptr<traces::recorder> recorder = make_recorder(options.waveform, "run");

    // "Simulation stopped by user" is no news to the user of this program.
    sc_core::sc_report_handler::set_actions("/OSCI/SystemC", sc_core::SC_INFO,
                                            sc_core::SC_DO_NOTHING);
    const std::unique_ptr<joint_play> together = make_joint_play(options, in);
    platform bench("bench", in.topology.topology, in.timing, recorder.get(),
                   together ? &together->part() : nullptr);
    if (recorder)
        recorder->start();
    for (const stimulus::program& p : in.programs)
        stimulus::player::check(p, bench.hosts());

    stimulus::player_options how;
    how.seed = options.seed;
    how.every_round = options.verbose;
    how.partner = together.get();
    how.transcript = options.json || options.quiet ? nullptr : &std::cout;
    stimulus::player player(bench.hosts(), bench, how);

    bool finished = false;
    std::exception_ptr thrown;
    sc_core::sc_spawn(
        [&] {
            try {
                if (together)
                    together->begin(bench);
                else
                    bench.power_on();
                for (const stimulus::program& p : in.programs)
                    player.play(p);
                player.finish();
                finished = true;
            } catch (const sc_core::sc_unwind_exception&) {
                throw; // the kernel ends this thread
            } catch (...) {
                thrown = std::current_exception(); // not through the kernel's stack
            }
            if (together)
                together->stop();
            else
                sc_core::sc_stop();
        },
        "player");
    if (together)
        together->simulate(bench);
    else
        sc_core::sc_start();
    if (recorder)
        recorder->close(sc_core::sc_time_stamp().value());
    if (thrown)
        std::rethrow_exception(thrown);
    if (!finished)
        throw user_error("run", "the model stopped answering before the end of the stimulus",
                         "please report it with the stimulus file");

    const std::string problem = halt_text(in.topology, bench.eeprom());
    if (!problem.empty())
        std::fprintf(stderr, "ntbsim: %s\n", problem.c_str());
    if (options.json)
        report_json(options, in, player);
    else
        report_text(options, player, recorder && !recorder->failed());
    std::cout.flush();
    if (!std::cout)
        throw user_error("run", "standard output does not take the text",
                         "free some space or keep the reader open");
    if (player.failed() != 0)
        return 1;
    return recorder && recorder->failed() ? 2 : 0; // why is said already
}

} // namespace

void add_run(CLI::App& app, int& status) {
    CLI::App* command = app.add_subcommand(
        "run", "Play stimulus files against the switch and check their expectations");
    auto options = std::make_shared<run_options>();
    command
        ->add_option("FILE", options->files, "Stimulus files, played in this order, or a capture")
        ->required();
    command->add_option("--topology", options->topology,
                        "Built-in topology or file; overrides what the stimulus says");
    command->add_option("--timing", options->timing,
                        "Built-in timing (default, ideal) or file; overrides the stimulus");
    command
        ->add_option("--set", options->settings,
                     "Change one number of the timing: pipeline.doorbell=20")
        ->allow_extra_args(false);
    command->add_option("--peer", options->peer,
                        "ivshmem:SOCKET: another process at the same ivshmem server plays the\n"
                        "other ports' part of the same files (docs/peer-link.md)");
    command
        ->add_option("--port", options->ports, "With --peer: a port that is played here; repeat it")
        ->allow_extra_args(false);
    add_recording_options(*command, options->waveform);
    command->add_option("--seed", options->seed, "Seed of delays drawn with after A..B")
        ->capture_default_str();
    command->add_flag("--json", options->json, "Report as JSON instead of the transcript");
    command->add_flag("-v,--verbose", options->verbose, "Transcript of every round of a repeat");
    command->add_flag("-q,--quiet", options->quiet, "No transcript, only the result");
    std::string keys;
    std::size_t column = 0;
    for (const config::timing_value& value : config::timing_values(timing_config{})) {
        const std::string word = value.key + "=" + std::to_string(value.value);
        if (column == 0 || column + 1 + word.size() > 90) {
            keys.append("\n ");
            column = 1;
        }
        keys.append(" ").append(word);
        column += 1 + word.size();
    }
    command->footer("Keys of --set with their defaults (explained in "
                    "testbench/config/timing/default.toml):" +
                    keys +
                    "\n"
                    "Examples of topologies: testbench/config/topology/*.toml\n"
                    "Exit status: 0 all expectations held, 1 some did not, 2 error (also: the\n"
                    "waveform could not be written to its end).\n"
                    "Example:\n  ntbsim run testbench/scenarios/pingpong.stim --vcd pingpong.vcd");
    command->callback([options, &status] { status = run(*options); });
}

} // namespace ntb::cli
