// SPDX-License-Identifier: Apache-2.0
// `ntbsim trace latency|summary|diagram|layout|merge|compare`: what a waveform says. It only reads
// options and writes results; the work is done by traces/.
//
// Errors: user_error and trace_error, both one line; `status` becomes 1 for an exceeded budget and
// for waveforms that differ.

#include <CLI/CLI.hpp>
#include <algorithm>
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
#include "testbench/ntbsim/standard_output.h"
#include "traces/analysis/latency.h"
#include "traces/analysis/summary.h"
#include "traces/diagram/charts.h"
#include "traces/diagram/timing_diagram.h"
#include "traces/diagram/wavejson.h"
#include "traces/files/compare.h"
#include "traces/files/merge.h"
#include "traces/layout/gtkwave_layout.h"
#include "traces/time_text.h"

namespace ntb::cli {
namespace {

namespace fs = std::filesystem;

struct trace_options {
    std::vector<std::string> files;
    std::vector<std::string> budgets;
    std::string output;
    std::string svg;
    std::string from;
    std::string to;
    std::string signals;
    std::string title;
    std::string topic = "all";
    std::string format = "svg";
    std::vector<std::string> marks;
    std::vector<std::string> offsets;
    std::size_t slices = 50;
    std::string late = "1us";
    bool histogram = false;
    bool ignore_times = false;
    bool strict = false;
    bool json = false;
};
using options_ptr = std::shared_ptr<trace_options>;

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
        print("trace", reports.front());
        return;
    }
    std::string all = "[\n";
    for (std::size_t i = 0; i < reports.size(); ++i)
        all.append(i == 0 ? "" : ",\n").append(reports[i]);
    print("trace", all + "]\n");
}

void refuse_overwriting(const trace_options& options, const std::string& output) {
    std::error_code ignored;
    if (fs::equivalent(options.files.front(), output, ignored))
        throw user_error(output, "this would overwrite the waveform", "choose another -o");
}

void complain(const std::vector<std::string>& complaints, int& status) {
    for (const std::string& line : complaints)
        std::fprintf(stderr, "ntbsim: %s\n", line.c_str());
    if (!complaints.empty())
        status = 1;
}

/// A picture is of one waveform, and must not take its place.
void check_svg(const trace_options& options) {
    if (options.svg.empty())
        return;
    if (options.files.size() != 1)
        throw user_error("--svg " + options.svg, "a picture shows one waveform",
                         "give one file at a time");
    refuse_overwriting(options, options.svg);
}

void latency(const trace_options& options, int& status) {
    check_svg(options);
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
            print("trace",
                  (file == options.files.front() ? "" : "\n") + traces::latency_table(report) +
                      (options.histogram ? traces::latency_histograms(report) : std::string()));
        if (!options.svg.empty())
            write_file(options.svg, traces::draw_latency_histograms(report));
        for (const std::string& line : traces::exceeded(report, budgets))
            complaints.emplace_back(file).append(": ").append(line);
    }
    if (options.json)
        print_json(json);
    complain(complaints, status);
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

void summary(const trace_options& options, int& status) {
    check_svg(options);
    std::vector<traces::summary_budget> budgets;
    for (const std::string& text : options.budgets)
        budgets.push_back(traces::parse_summary_budget(text));
    const std::uint64_t late =
        time_option("--late", options.late).value_or(traces::default_late_ps);
    std::vector<std::string> complaints;
    std::vector<std::string> json;
    for (const std::string& file : options.files) {
        const traces::waveform_summary s = traces::summarise(file, options.slices, late);
        if (options.json)
            json.push_back(traces::summary_json(s));
        else
            print("trace", (file == options.files.front() ? "" : "\n") + traces::summary_text(s));
        if (!options.svg.empty())
            write_file(options.svg, traces::draw_link_usage(s));
        for (const std::string& line : traces::exceeded(s, budgets))
            complaints.emplace_back(file).append(": ").append(line);
    }
    if (options.json)
        print_json(json);
    complain(complaints, status);
}

/// The file to write: as given, or beside the waveform with another extension.
std::string output_path(const trace_options& options, const char* extension) {
    if (!options.output.empty())
        return options.output;
    return fs::path(options.files.front()).replace_extension(extension).string();
}

/// "2us=the doorbell passes" of each --mark.
std::vector<traces::time_mark> marks(const trace_options& options) {
    std::vector<traces::time_mark> list;
    for (const std::string& text : options.marks) {
        const std::size_t equals = text.find('=');
        const std::optional<std::uint64_t> ps = traces::parse_time(text.substr(0, equals));
        if (!ps || equals == std::string::npos)
            throw user_error("--mark " + text, "it is no time and text",
                             "give TIME=TEXT, as 1500ns=here");
        list.push_back({*ps, text.substr(equals + 1)});
    }
    return list;
}

void diagram(const trace_options& options) {
    traces::diagram_options wanted;
    wanted.from_ps = time_option("--from", options.from);
    wanted.to_ps = time_option("--to", options.to);
    wanted.signals = options.signals;
    wanted.title = options.title;
    wanted.marks = marks(options);
    const traces::exchange_window window = traces::find_exchange(options.files.front(), wanted);
    const std::string output =
        output_path(options, options.format == "wavejson" ? ".json" : ".svg");
    refuse_overwriting(options, output);
    write_file(output, options.format == "wavejson" ? traces::wavejson(window)
                                                    : traces::draw_timing_diagram(window));
    print("trace", output + ": " + traces::format_time(window.end_ps - window.begin_ps) + " from " +
                       traces::format_time(window.begin_ps) +
                       (window.choice.empty() ? std::string{}
                                              : ", " + window.choice + " (others: --from, --to)") +
                       '\n');
}

void layout(const trace_options& options) {
    const std::string& file = options.files.front();
    const std::string output = output_path(options, ".gtkw");
    refuse_overwriting(options, output);
    const fs::path directory = fs::absolute(output).parent_path();
    const std::string relative = fs::absolute(file).lexically_relative(directory).string();
    traces::layout_topic topic = traces::layout_topic::all;
    for (const traces::layout_topic t : traces::layout_topics)
        topic = traces::topic_name(t) == options.topic ? t : topic;
    write_file(output, traces::gtkwave_layout(file, relative, topic));
    print("trace", output + ": opens " + relative + " (gtkwave " + output + ")\n");
}

/// "B.vcd=5us" of each --offset, by file.
std::vector<std::uint64_t> offsets(const trace_options& options) {
    std::vector<std::uint64_t> by_file(options.files.size(), 0);
    for (const std::string& text : options.offsets) {
        const std::size_t equals = text.rfind('=');
        const std::string file = text.substr(0, equals);
        const auto found = std::find(options.files.begin(), options.files.end(), file);
        if (equals == std::string::npos || found == options.files.end())
            throw user_error("--offset " + text, "it names none of the files",
                             "give FILE=TIME, FILE as on the command line");
        const std::optional<std::uint64_t> ps = traces::parse_time(text.substr(equals + 1));
        if (!ps)
            throw user_error("--offset " + text, "this is no time", "give FILE=TIME, as B.vcd=5us");
        by_file[static_cast<std::size_t>(found - options.files.begin())] = *ps;
    }
    return by_file;
}

void merge(const trace_options& options, int& status) {
    const traces::merge_report report =
        traces::merge_waveforms(options.files, offsets(options), options.output);
    for (const std::string& name : report.left_out)
        std::fprintf(stderr, "ntbsim: merge: %s is left out: it is real or wider than 64 bits\n",
                     name.c_str());
    for (const std::string& file : report.truncated)
        std::fprintf(stderr,
                     "ntbsim: merge: %s ends in the middle of a line: its writer was "
                     "interrupted\n",
                     file.c_str());
    for (const traces::merge_conflict& c : report.conflicts)
        std::fprintf(stderr, "ntbsim: merge: %s differs in %s: recorded as %s\n", c.signal.c_str(),
                     options.files[c.file - 1].c_str(), c.recorded_as.c_str());
    if (options.strict && !report.conflicts.empty())
        status = 1;
    print("trace", options.output + ": " + std::to_string(report.signals) + " signals, " +
                       std::to_string(report.changes) + " changes from " +
                       traces::format_time(report.begin_ps) + " to " +
                       traces::format_time(report.end_ps) + ", " +
                       std::to_string(report.conflicts.size()) + " in conflict\n");
}

void compare(const trace_options& options, int& status) {
    traces::compare_options how;
    how.signals = options.signals;
    how.ignore_times = options.ignore_times;
    const traces::compare_report report =
        traces::compare_waveforms(options.files[0], options.files[1], how);
    for (const traces::wave_difference& d : report.differences)
        print("trace", d.signal + ' ' + d.text + '\n');
    if (report.differing > report.differences.size())
        print("trace", "... and " + std::to_string(report.differing - report.differences.size()) +
                           " more signals differ\n");
    if (report.differing != 0) {
        status = 1;
        return;
    }
    print("trace", std::to_string(report.signals) + " signals say the same" +
                       (options.ignore_times ? ", times apart" : "") + '\n');
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

    CLI::App* sub = subcommand(*trace, "latency",
                               "Latencies of doorbells, messages and window requests between ports",
                               "ntbsim trace latency pingpong.vcd --budget doorbell=200ns --budget "
                               "doorbell:0-2.median=40cycles",
                               options, true);
    sub->add_flag("--json", options->json, "Report as JSON");
    sub->add_option("--budget", options->budgets,
                    "NAME[:FROM-TO][.min|.median|.p99|.max]=TIME, exit 1 if exceeded; NAME is "
                    "doorbell or message, alone or with -status or -interrupt, window-write or "
                    "window-read")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->add_flag("--histogram", options->histogram, "Show the distribution of each path as well");
    sub->add_option("--svg", options->svg, "Draw the distributions into this file");
    sub->callback([options, &status] { latency(*options, status); });

    sub = subcommand(
        *trace, "summary",
        "What each port did, use of the links, and findings: lost, late, merged and unasked "
        "interrupts, overruns",
        "ntbsim trace summary pingpong.vcd --budget interrupt-lost=0 --budget "
        "utilisation:0.tx=80%",
        options, true);
    sub->add_flag("--json", options->json, "Report as JSON");
    std::string kinds;
    for (std::size_t i = 0; i < traces::finding_kinds; ++i)
        kinds.append(i == 0 ? "" : ", ")
            .append(traces::finding_key(static_cast<traces::finding_kind>(i)));
    sub->add_option("--budget", options->budgets,
                    "FINDING[:PORT]=COUNT or utilisation[:PORT[.rx|.tx]]=PERCENT% (of the busiest "
                    "slice), exit 1 if exceeded; FINDING is " +
                        kinds)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->add_option("--slices", options->slices, "Parts of time for the use of the links")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    sub->add_option("--late", options->late,
                    "How long a doorbell's or a message's MSI may take until it is interrupt-late")
        ->capture_default_str();
    sub->add_option("--svg", options->svg, "Draw the use of the links into this file");
    sub->callback([options, &status] { summary(*options, status); });

    sub = subcommand(*trace, "diagram", "Timing diagram of one exchange as SVG or WaveJSON",
                     "ntbsim trace diagram pingpong.vcd -o pingpong.svg --from 2us --to 3500ns",
                     options, false);
    sub->add_option("-o,--output", options->output, "File to write (default: beside the waveform)");
    sub->add_option("--from", options->from,
                    "Begin (default: the first answered doorbell that fits one picture)");
    sub->add_option("--to", options->to, "End");
    sub->add_option("--signals", options->signals,
                    "What to show, in this order: 'switch.port2.nt.indbell*,switch.*.nt.msi'");
    sub->add_option("--title", options->title, "Heading");
    sub->add_option("--mark", options->marks, "TIME=TEXT, a moment to point out")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->add_option("--format", options->format, "svg, or wavejson for WaveDrom")
        ->check(CLI::IsMember({"svg", "wavejson"}))
        ->capture_default_str();
    sub->callback([options] { diagram(*options); });

    sub = subcommand(*trace, "layout", "GTKWave layout with the signals grouped",
                     "ntbsim trace layout pingpong.vcd -o pingpong.gtkw && gtkwave pingpong.gtkw",
                     options, false);
    sub->add_option("-o,--output", options->output, "Layout file (default: beside the waveform)");
    std::vector<std::string> topics{"all"};
    for (const traces::layout_topic t : traces::layout_topics)
        topics.emplace_back(traces::topic_name(t));
    sub->add_option("--topic", options->topic, "Only what belongs to one topic")
        ->check(CLI::IsMember(topics))
        ->capture_default_str();
    sub->callback([options] { layout(*options); });

    sub = subcommand(*trace, "merge", "Several waveforms as one, on one time axis",
                     "ntbsim trace merge port0.vcd port2.vcd -o both.vcd", options, true);
    sub->add_option("-o,--output", options->output, "VCD file to write")->required();
    sub->add_option("--offset", options->offsets, "FILE=TIME, added to the times of that file")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->add_flag("--strict", options->strict,
                  "Exit 1 where the files contradict each other about a signal");
    sub->callback([options, &status] { merge(*options, status); });

    sub =
        subcommand(*trace, "compare", "Whether two waveforms say the same, signal by signal",
                   "ntbsim trace compare before.vcd after.vcd --signals '*.nt.*'", options, false);
    sub->get_option("FILE")->expected(2);
    sub->add_option("--signals", options->signals, "Compare only signals like these");
    sub->add_flag("--ignore-times", options->ignore_times,
                  "Compare what each signal went through, not when");
    sub->callback([options, &status] { compare(*options, status); });
}

} // namespace ntb::cli
