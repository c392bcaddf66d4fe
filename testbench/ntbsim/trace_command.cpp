// SPDX-License-Identifier: Apache-2.0
// `ntbsim trace latency|summary|diagram|layout`: what a waveform says. It only reads options and
// writes results; the work is done by traces/.
//
// Errors: user_error and trace_error, both one line; `status` becomes 1 for an exceeded budget.

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "testbench/ntbsim/commands.h"
#include "traces/analysis/latency.h"
#include "traces/analysis/summary.h"
#include "traces/diagram/timing_diagram.h"
#include "traces/layout/gtkwave_layout.h"
#include "traces/time_text.h"

namespace ntb::cli {
namespace {

namespace fs = std::filesystem;

struct trace_options {
    std::vector<std::string> files;
    std::vector<std::string> budgets;
    std::string output;
    std::string from;
    std::string to;
    bool json = false;
};
using options_ptr = std::shared_ptr<trace_options>;

void print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw user_error("standard output", std::strerror(errno), "make room for the report");
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out)
        throw user_error(path, std::strerror(errno), "give a file that can be written with -o");
}

/// JSON of one file as it is, of several as an array.
void print_json(const std::vector<std::string>& reports) {
    if (reports.size() == 1) {
        print(reports.front());
        return;
    }
    std::string all = "[\n";
    for (std::size_t i = 0; i < reports.size(); ++i)
        all.append(i == 0 ? "" : ",\n").append(reports[i]);
    print(all + "]\n");
}

void latency(const trace_options& options, int& status) {
    std::vector<traces::latency_budget> budgets;
    for (const std::string& text : options.budgets)
        budgets.push_back(traces::parse_budget(text));
    std::vector<std::string> json;
    std::vector<std::string> complaints;
    for (const std::string& file : options.files) {
        const traces::latency_report report = traces::measure_latencies(file);
        if (options.json)
            json.push_back(traces::latency_json(report));
        else
            print((file == options.files.front() ? "" : "\n") + traces::latency_table(report));
        for (const std::string& line : traces::exceeded(report, budgets))
            complaints.emplace_back(file).append(": ").append(line);
    }
    if (options.json)
        print_json(json);
    for (const std::string& line : complaints)
        std::fprintf(stderr, "ntbsim: %s\n", line.c_str());
    if (!complaints.empty())
        status = 1;
}

void summary(const trace_options& options) {
    std::vector<std::string> json;
    for (const std::string& file : options.files) {
        const traces::waveform_summary s = traces::summarise(file);
        if (options.json)
            json.push_back(traces::summary_json(s));
        else
            print((file == options.files.front() ? "" : "\n") + traces::summary_text(s));
    }
    if (options.json)
        print_json(json);
}

std::optional<std::uint64_t> time_option(const char* name, const std::string& text) {
    if (text.empty())
        return std::nullopt;
    const std::optional<std::uint64_t> ps = traces::parse_time(text);
    if (!ps)
        throw user_error(std::string(name) + ' ' + text, "this is no time",
                         "give a number and fs, ps, ns, us, ms or s, as 1500ns");
    return ps;
}

/// The file to write: as given, or beside the waveform with another extension.
std::string output_path(const trace_options& options, const char* extension) {
    if (!options.output.empty())
        return options.output;
    return fs::path(options.files.front()).replace_extension(extension).string();
}

void refuse_overwriting(const trace_options& options, const std::string& output) {
    std::error_code ignored;
    if (fs::equivalent(options.files.front(), output, ignored))
        throw user_error(output, "this would overwrite the waveform", "choose another -o");
}

void diagram(const trace_options& options) {
    const traces::exchange_window window =
        traces::find_exchange(options.files.front(), time_option("--from", options.from),
                              time_option("--to", options.to));
    const std::string output = output_path(options, ".svg");
    refuse_overwriting(options, output);
    write_file(output, traces::draw_timing_diagram(window));
    print(
        output + ": " + traces::format_time(window.end_ps - window.begin_ps) + " from " +
        traces::format_time(window.begin_ps) +
        (window.choice.empty() ? std::string{} : ", " + window.choice + " (others: --from, --to)") +
        '\n');
}

void layout(const trace_options& options) {
    const std::string& file = options.files.front();
    const std::string output = output_path(options, ".gtkw");
    refuse_overwriting(options, output);
    const fs::path directory = fs::absolute(output).parent_path();
    const std::string relative = fs::absolute(file).lexically_relative(directory).string();
    write_file(output, traces::gtkwave_layout(file, relative));
    print(output + ": opens " + relative + " (gtkwave " + output + ")\n");
}

CLI::App* subcommand(CLI::App& trace, const char* name, const char* what, const char* example,
                     const options_ptr& options, bool many) {
    CLI::App* sub = trace.add_subcommand(name, what);
    sub->footer(std::string("Example: ") + example + '\n');
    auto* files = sub->add_option("FILE", options->files, "Waveform (VCD)")->required();
    if (!many)
        files->expected(1);
    return sub;
}

} // namespace

void add_trace(CLI::App& app, int& status) {
    CLI::App* trace = app.add_subcommand("trace", "What a waveform says");
    trace->require_subcommand(1);
    trace->footer("Example: ntbsim trace latency out/pingpong/pingpong.vcd\n");
    const auto options = std::make_shared<trace_options>();

    CLI::App* sub =
        subcommand(*trace, "latency", "Latencies of doorbells and messages between ports",
                   "ntbsim trace latency pingpong.vcd --budget doorbell=200ns --budget "
                   "doorbell:0-2.median=40cycles",
                   options, true);
    sub->add_flag("--json", options->json, "Report as JSON");
    sub->add_option("--budget", options->budgets,
                    "NAME[:FROM-TO][.min|.median|.p99|.max]=TIME, exit 1 if exceeded; NAME is "
                    "doorbell or message, alone or with -status or -interrupt")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->callback([options, &status] { latency(*options, status); });

    sub = subcommand(*trace, "summary", "Signals, changes, time span, events of each port",
                     "ntbsim trace summary pingpong.vcd", options, true);
    sub->add_flag("--json", options->json, "Report as JSON");
    sub->callback([options] { summary(*options); });

    sub = subcommand(*trace, "diagram", "Timing diagram of one exchange as SVG",
                     "ntbsim trace diagram pingpong.vcd -o pingpong.svg --from 2us --to 3500ns",
                     options, false);
    sub->add_option("-o,--output", options->output, "SVG file (default: beside the waveform)");
    sub->add_option("--from", options->from,
                    "Begin (default: the first answered doorbell that fits one picture)");
    sub->add_option("--to", options->to, "End");
    sub->callback([options] { diagram(*options); });

    sub = subcommand(*trace, "layout", "GTKWave layout with the signals grouped",
                     "ntbsim trace layout pingpong.vcd -o pingpong.gtkw && gtkwave pingpong.gtkw",
                     options, false);
    sub->add_option("-o,--output", options->output, "Layout file (default: beside the waveform)");
    sub->callback([options] { layout(*options); });
}

} // namespace ntb::cli
