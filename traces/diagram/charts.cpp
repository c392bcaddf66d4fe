// SPDX-License-Identifier: Apache-2.0
#include "traces/diagram/charts.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "traces/diagram/svg_canvas.h"
#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

constexpr double left = 60;
constexpr double chart_width = 840;
constexpr double plot_height = 80;
constexpr double chart_height = 160; ///< with its heading and its axis
constexpr double chart_title_height = 56;
constexpr double chart_right_margin = 90;

text_style small(text_anchor anchor) {
    text_style style;
    style.size = 11;
    style.colour = "#555";
    style.anchor = anchor;
    return style;
}

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
}

void draw_title(svg_canvas& canvas, const std::string& title, const std::string& below) {
    text_style style;
    style.size = 18;
    style.bold = true;
    canvas.text({14, 28}, title, style);
    canvas.text({14, 46}, below, small(text_anchor::start));
}

void draw_heading(svg_canvas& canvas, double top, const std::string& text) {
    text_style style;
    style.size = 13;
    style.bold = true;
    canvas.text({left, top + 16}, text, style);
}

std::string percent(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f %%", value);
    return text.data();
}

std::string finish(const svg_canvas& canvas, std::size_t charts, const std::string& title,
                   const std::string& file, const char* command) {
    return canvas.document(left + chart_width + chart_right_margin,
                           chart_title_height + static_cast<double>(charts) * chart_height + 10,
                           title, std::string("Made by ntbsim trace ") + command + " from " + file);
}

void draw_histogram(svg_canvas& canvas, double top, const path_latency& p) {
    draw_heading(canvas, top,
                 p.name + ", port " + std::to_string(p.from) + " -> " + std::to_string(p.to) +
                     " (" + std::to_string(p.count) + ")");
    const double base = top + 40 + plot_height; // above it labels of bars and of marks
    std::uint64_t most = 1;
    for (const histogram_bucket& b : p.histogram)
        most = std::max(most, b.count);
    const std::uint64_t begin = p.histogram.front().begin;
    const std::uint64_t end = p.histogram.back().end;
    const auto x = [&](std::uint64_t ps) {
        return left + chart_width * static_cast<double>(ps - begin) /
                          static_cast<double>(std::max<std::uint64_t>(end - begin, 1));
    };
    for (const histogram_bucket& b : p.histogram) {
        const double height =
            plot_height * static_cast<double>(b.count) / static_cast<double>(most);
        canvas.rectangle({x(b.begin) + 1, base - height}, x(b.end) - x(b.begin) - 2, height,
                         "fill=\"#7aa6d8\" stroke=\"none\"");
        if (b.count != 0)
            canvas.text({(x(b.begin) + x(b.end)) / 2, base - height - 3}, std::to_string(b.count),
                        small(text_anchor::middle));
        canvas.text({x(b.begin), base + 14}, format_ns(b.begin), small(text_anchor::middle));
    }
    canvas.text({x(end), base + 14}, format_ns(end) + " ns", small(text_anchor::middle));
    canvas.line({left, base}, {left + chart_width, base}, "stroke=\"#333\" stroke-width=\"1\"");
    const auto mark = [&](std::uint64_t ps, const std::string& name, double lift) {
        canvas.line({x(ps), base}, {x(ps), base - plot_height - lift},
                    "stroke=\"#b34700\" stroke-width=\"1.2\" stroke-dasharray=\"3,2\"");
        text_style style = small(text_anchor::start);
        style.colour = "#b34700";
        style.halo = true;
        canvas.text({x(ps) + 3, base - plot_height - lift + 8}, name + ' ' + format_ns(ps), style);
    };
    mark(p.median_ps, "median", 0);
    mark(p.p99_ps, "p99", 12);
}

void draw_usage(svg_canvas& canvas, double top, const std::string& name, const direction_usage& d,
                const link_usage_report& links) {
    draw_heading(canvas, top,
                 name + ": " + std::to_string(d.tlps) + " TLPs, " + percent(links.mean(d)) +
                     " busy, at most " + percent(links.peak(d)) + " (from " +
                     format_time(d.peak_at_ps) + ")");
    const double base = top + 24 + plot_height;
    for (const double share : {0.5, 1.0}) {
        const double y = base - plot_height * share;
        canvas.line({left, y}, {left + chart_width, y}, "stroke=\"#ddd\" stroke-width=\"0.8\"");
        canvas.text({left - 6, y + 4}, percent(100 * share).substr(0, share < 1 ? 2 : 3) + " %",
                    small(text_anchor::end));
    }
    const auto x = [&](std::uint64_t ps) {
        return left + chart_width * static_cast<double>(ps) /
                          static_cast<double>(std::max<std::uint64_t>(links.end_ps, 1));
    };
    for (std::size_t i = 0; i < d.slices.size(); ++i) {
        const std::uint64_t begin = static_cast<std::uint64_t>(i) * links.slice_ps;
        const std::uint64_t length = std::max<std::uint64_t>(links.length(i), 1);
        const double height =
            plot_height * static_cast<double>(d.slices[i]) / static_cast<double>(length);
        if (d.slices[i] != 0)
            canvas.rectangle({x(begin), base - height}, x(begin + length) - x(begin), height,
                             "fill=\"#7aa6d8\" stroke=\"#fff\" stroke-width=\"0.4\"");
    }
    canvas.line({left, base}, {left + chart_width, base}, "stroke=\"#333\" stroke-width=\"1\"");
    canvas.text({left, base + 14}, "0", small(text_anchor::middle));
    canvas.text({left + chart_width, base + 14}, format_time(links.end_ps),
                small(text_anchor::middle));
}

} // namespace

std::string draw_latency_histograms(const latency_report& report) {
    if (report.paths.empty())
        throw trace_error("histograms of " + report.file,
                          "no doorbell or message passed between two ports", "record an exchange");
    svg_canvas canvas;
    draw_title(canvas, "Latencies", base_name(report.file) + ", in ns");
    for (std::size_t i = 0; i < report.paths.size(); ++i)
        draw_histogram(canvas, chart_title_height + static_cast<double>(i) * chart_height,
                       report.paths[i]);
    return finish(canvas, report.paths.size(), "Latencies", report.file, "latency");
}

std::string draw_link_usage(const waveform_summary& summary) {
    svg_canvas canvas;
    std::size_t charts = 0;
    constexpr std::array<const char*, 2> names{" rx (from the host)", " tx (to the host)"};
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        for (std::size_t i = 0; i < 2; ++i) {
            const direction_usage& d = summary.links.ports.at(port).at(i);
            if (!d.recorded)
                continue;
            std::string name = "port ";
            name.append(std::to_string(port)).append(names.at(i));
            draw_usage(canvas, chart_title_height + static_cast<double>(charts++) * chart_height,
                       name, d, summary.links);
        }
    }
    if (charts == 0)
        throw trace_error("link usage of " + summary.file, "no link is recorded in it",
                          "record *.tlp");
    draw_title(canvas, "Use of the links",
               base_name(summary.file) + ", share of each " + format_time(summary.links.slice_ps) +
                   " in which a TLP is on the link");
    return finish(canvas, charts, "Use of the links", summary.file, "summary");
}

} // namespace ntb::traces
