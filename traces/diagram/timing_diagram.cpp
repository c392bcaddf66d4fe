// SPDX-License-Identifier: Apache-2.0
#include "traces/diagram/timing_diagram.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "traces/diagram/svg_canvas.h"
#include "traces/diagram/time_axis.h"
#include "traces/hex_text.h"
#include "traces/time_text.h"

namespace ntb::traces {
namespace {

constexpr double left_column = 150; ///< lane names
constexpr double right_margin = 20;
constexpr double plot_width = 1250;
constexpr double title_height = 62;
constexpr double group_gap = 30; ///< with the port's name in it
constexpr double label_row = 15;
constexpr double label_size = 11;
constexpr double wave_height = 18;
constexpr double lane_padding = 9;
constexpr std::uint64_t longest_idle_cycles = 48;

struct direction_colours {
    const char* strong;
    const char* marker;
};
/// By direction: from the first port to the second, and back. Readable for the colour-blind.
constexpr std::array<direction_colours, 2> directions{{{"#0b5cad", "ahead"}, {"#b34700", "aback"}}};
constexpr direction_colours mark_colours{"#7a1fa2", ""};
constexpr std::array<const char*, 2> box_fills{"#dceafa", "#fde8d8"}; ///< links: in, out
constexpr const char* value_fill = "#e6f2e6";
constexpr const char* wave_stroke = "stroke=\"#333\" stroke-width=\"1.2\"";

bool is_name(std::string_view word) {
    return !word.empty() && word.front() >= 'A' && word.front() <= 'Z';
}

/// A packet's text without what a picture need not repeat: the address of a register that has a
/// name, the size of a register access, the tag, leading zeros of the hexadecimal numbers.
std::string packet_label(const std::string& tlp) {
    std::vector<std::string_view> words;
    for (std::string_view rest = tlp; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        words.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (words.size() > 2 && is_name(words[2]))
        words.erase(words.begin() + 1);
    const auto tag = std::find(words.begin(), words.end(), std::string_view("tag"));
    if (words.end() - tag >= 2)
        words.erase(tag, tag + 2);
    std::string out;
    for (const std::string_view word : words) {
        if (word == "4B")
            continue;
        if (!out.empty())
            out += ' ';
        const std::size_t number = word.find("0x");
        if (number == std::string_view::npos) {
            out += word;
            continue;
        }
        std::size_t digit = number + 2;
        while (digit + 1 < word.size() && word[digit] == '0' && word[digit + 1] != '.')
            ++digit;
        out.append(word.substr(0, number + 2)).append(word.substr(digit));
    }
    return out;
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `least`.
std::uint64_t nice_step(double least) {
    std::uint64_t power = 1;
    for (;;) {
        for (const std::uint64_t digit : {1U, 2U, 5U}) {
            if (static_cast<double>(digit * power) >= least)
                return digit * power;
        }
        power *= 10;
    }
}

/// Labels in rows, to be put from the last to the first: one that would run into a later label
/// goes a row up, and its leader line, at its begin, crosses none of those below.
class label_rows {
public:
    std::size_t put(double x, double width) {
        std::size_t row = 0;
        while (row < begins_.size() && begins_[row] < x + width + 8)
            ++row;
        if (row == begins_.size())
            begins_.push_back(0);
        begins_[row] = x;
        return row;
    }
    [[nodiscard]] std::size_t rows() const { return begins_.size(); }

private:
    std::vector<double> begins_;
};

struct placed_label {
    double x; ///< its begin, and that of what it belongs to
    std::size_t row;
    std::string text;
};

struct placed_lane {
    const lane* of = nullptr;
    double wave_y = 0; ///< middle of the wave
    double top = 0;
    double bottom = 0;
    std::vector<placed_label> labels{};
};

class painter {
public:
    explicit painter(const exchange_window& window)
        : w_(window), axis_(window.begin_ps, window.end_ps, events(window),
                            longest_idle_cycles * window.core_clock_ps, window.core_clock_ps,
                            left_column, plot_width) {}

    std::string draw() {
        place_measures();
        place_lanes();
        draw_grid();
        for (const placed_lane& l : lanes_)
            draw_lane(l);
        draw_breaks();
        for (const delivery& d : w_.deliveries)
            draw_arrows(d);
        for (const placed_lane& l : lanes_)
            draw_labels(l);
        draw_measures();
        draw_title();
        return canvas_.document(std::max(right_, axis_.right()) + right_margin, bottom_ + 44,
                                title(),
                                "Timing diagram made by ntbsim trace diagram from " + w_.file);
    }

private:
    static std::vector<std::uint64_t> events(const exchange_window& w) {
        std::vector<std::uint64_t> times{w.begin_ps, w.end_ps};
        for (const lane& l : w.lanes) {
            for (const lane_value& v : l.values)
                times.push_back(v.begin_ps);
        }
        std::sort(times.begin(), times.end());
        return times;
    }

    [[nodiscard]] const direction_colours& colours(const delivery& d) const {
        return directions[d.from == w_.ports[0] ? 0 : 1];
    }

    [[nodiscard]] std::uint64_t origin() const {
        return w_.deliveries.empty() ? w_.begin_ps : start(w_.deliveries.front());
    }
    [[nodiscard]] static bool interrupted(const delivery& d) {
        return d.end == delivery_end::interrupted;
    }
    [[nodiscard]] static std::uint64_t start(const delivery& d) {
        return d.write_ps.value_or(d.set_ps);
    }

    [[nodiscard]] std::string title() const {
        if (!w_.title.empty())
            return w_.title;
        if (w_.deliveries.empty())
            return "Ports " + std::to_string(w_.ports[0]) + " and " + std::to_string(w_.ports[1]);
        const delivery& d = w_.deliveries.front();
        const std::string kind = d.kind == delivery_kind::doorbell ? "Doorbell" : "Message";
        const bool answered = w_.deliveries.size() == 2 && w_.deliveries[1].from == d.to;
        return kind + " from port " + std::to_string(d.from) + " to port " + std::to_string(d.to) +
               (answered ? ", and its answer" : "");
    }

    // Dimension lines ------------------------------------------------------------------------
    struct measure {
        std::uint64_t begin_ps;
        std::uint64_t end_ps;
        std::string text;
        const direction_colours* colours;
        std::size_t row = 0;
        double label_x = 0;
        bool inside = false; ///< label above the line, else to its right
    };

    [[nodiscard]] std::string duration(std::uint64_t ps) const {
        return format_time(ps) + " (" + format_cycles(ps, w_.core_clock_ps) + " cycles)";
    }

    /// Finds a row for each dimension line so that lines and labels do not meet.
    void place_measures() {
        for (const delivery& d : w_.deliveries) {
            const bool bell = d.kind == delivery_kind::doorbell;
            const std::string status = bell ? "INDBELLSTS" : "MSGSTS";
            const std::uint64_t first = start(d);
            const auto add = [&](std::uint64_t from, std::uint64_t to, const std::string& what) {
                measures_.push_back({from, to, what + ' ' + duration(to - from), &colours(d)});
            };
            const char* write = d.write_ps ? "write" : (bell ? "OUTDBELLSET" : "OUTMSG");
            if (interrupted(d))
                add(first, d.msi_ps, std::string(write) + " to peer MSI");
            add(first, d.status_ps, std::string(write) + " to peer " + status);
            if (interrupted(d))
                add(d.status_ps, d.msi_ps, status + " to MSI");
        }
        for (const time_mark& m : w_.marks) {
            if (m.ps >= w_.begin_ps && m.ps <= w_.end_ps)
                measures_.push_back({m.ps, m.ps, m.text, &mark_colours});
        }
        std::vector<std::vector<std::pair<double, double>>> rows;
        for (measure& m : measures_) {
            const double x1 = axis_.x(m.begin_ps);
            const double x2 = axis_.x(m.end_ps);
            const double width = text_width(m.text, label_size, false);
            m.inside = width + 6 <= x2 - x1;
            double end = x2;
            if (m.inside) {
                m.label_x = (x1 + x2) / 2 - width / 2;
            } else {
                // Beside the line: to its right, or to its left where the picture ends.
                const bool fits = x2 + 6 + width < axis_.right();
                m.label_x = fits || x1 - 6 - width < left_column ? x2 + 6 : x1 - 6 - width;
                end = m.label_x + width;
            }
            const double begin = std::min(x1, m.label_x);
            end = std::max(end, x2);
            while (true) {
                if (m.row == rows.size())
                    rows.emplace_back();
                const auto meets = [&](const std::pair<double, double>& taken) {
                    return begin < taken.second + 6 && end + 6 > taken.first;
                };
                if (std::none_of(rows[m.row].begin(), rows[m.row].end(), meets))
                    break;
                ++m.row;
            }
            rows[m.row].emplace_back(begin, end);
            right_ = std::max(right_, rows[m.row].back().second);
        }
        measure_rows_ = rows.size();
    }

    [[nodiscard]] double measure_y(const measure& m) const {
        return title_height + 20 + static_cast<double>(m.row) * 22;
    }

    void draw_measures() {
        for (const measure& m : measures_) {
            const double y = measure_y(m);
            const double x1 = axis_.x(m.begin_ps);
            const double x2 = axis_.x(m.end_ps);
            const std::string stroke = std::string("stroke=\"") + m.colours->strong + "\" ";
            canvas_.line({x1, y}, {x2, y}, stroke + "stroke-width=\"1.4\"");
            for (const double x : {x1, x2})
                canvas_.line({x, y - 4}, {x, y + 4}, stroke + "stroke-width=\"1.4\"");
            const double baseline = m.inside ? y - 4 : y + 4;
            // The dashed lines of other rows pass behind the label.
            canvas_.rectangle({m.label_x - 2, baseline - label_size},
                              text_width(m.text, label_size, false) + 4, label_size + 3,
                              "fill=\"#fff\" stroke=\"none\"");
            text_style style;
            style.size = label_size;
            style.colour = m.colours->strong;
            canvas_.text({m.label_x, baseline}, m.text, style);
        }
    }

    // Lanes ----------------------------------------------------------------------------------
    [[nodiscard]] static std::string label_of(const lane& l, const lane_value& v) {
        if (l.text)
            return packet_label(v.text);
        if (l.wire || v.bits == 0)
            return {};
        return hex_text(v.bits);
    }

    void place_lanes() {
        double y = title_height + 26 + static_cast<double>(measure_rows_) * 22;
        top_ = y - 8;
        unsigned port = max_trace_ports + 1;
        for (const lane& l : w_.lanes) {
            if (l.port != port) {
                port = l.port;
                y += group_gap;
                groups_.emplace_back(y - 9, port);
            }
            placed_lane placed;
            placed.of = &l;
            placed.top = y;
            label_rows rows;
            for (auto v = l.values.rbegin(); v != l.values.rend(); ++v) {
                const std::string text = label_of(l, *v);
                if (text.empty())
                    continue;
                const double width = text_width(text, label_size, true);
                const double x = axis_.x(v->begin_ps);
                placed.labels.push_back({x, rows.put(x, width), text});
                right_ = std::max(right_, x + width);
            }
            y += lane_padding / 2 + static_cast<double>(rows.rows()) * label_row;
            placed.wave_y = y + wave_height / 2;
            y += wave_height + lane_padding / 2;
            placed.bottom = y;
            lanes_.push_back(std::move(placed));
        }
        bottom_ = y + 6;
    }

    void draw_lane(const placed_lane& p) {
        text_style name;
        name.anchor = text_anchor::end;
        name.monospace = true;
        name.size = 12;
        canvas_.text({left_column - 12, p.wave_y + 4}, p.of->name, name);
        if (p.of->values.empty()) {
            text_style note;
            note.size = label_size;
            note.colour = "#888";
            note.halo = true;
            canvas_.text({left_column + 6, p.wave_y + 4}, "not recorded", note);
            return;
        }
        p.of->wire ? draw_wire(p) : draw_boxes(p);
    }

    void draw_wire(const placed_lane& p) {
        const double high = p.wave_y - wave_height / 2 + 2;
        const double low = p.wave_y + wave_height / 2 - 2;
        std::string shape = "M" + number(axis_.left()) + ' ' + number(low);
        for (const lane_value& v : p.of->values) {
            const std::string level = 'V' + number(v.bits != 0 ? high : low);
            shape += 'H' + number(axis_.x(v.begin_ps)) + level + 'H' + number(axis_.x(v.end_ps));
            if (v.bits == 0)
                continue;
            const double x = axis_.x(v.begin_ps);
            canvas_.rectangle({x, high}, axis_.x(v.end_ps) - x, low - high,
                              "fill=\"#f9d3d3\" stroke=\"none\"");
        }
        canvas_.path(shape, std::string("fill=\"none\" ") + wave_stroke);
    }

    void draw_boxes(const placed_lane& p) {
        const bool packets = p.of->text;
        const char* fill =
            packets ? box_fills[p.of->role != signal_role::tx_tlp ? 0 : 1] : value_fill;
        for (const lane_value& v : p.of->values) {
            const double x1 = axis_.x(v.begin_ps);
            const double x2 = axis_.x(v.end_ps);
            const bool idle = packets ? v.text.empty() : v.bits == 0;
            if (idle) {
                canvas_.line({x1, p.wave_y}, {x2, p.wave_y}, wave_stroke);
                continue;
            }
            const double slope = std::min(3.0, (x2 - x1) / 2);
            const double up = p.wave_y - wave_height / 2 + 2;
            const double down = p.wave_y + wave_height / 2 - 2;
            canvas_.path("M" + number(x1) + ' ' + number(p.wave_y) + 'L' + number(x1 + slope) +
                             ' ' + number(up) + 'H' + number(x2 - slope) + 'L' + number(x2) + ' ' +
                             number(p.wave_y) + 'L' + number(x2 - slope) + ' ' + number(down) +
                             'H' + number(x1 + slope) + 'Z',
                         std::string("fill=\"") + fill + "\" " + wave_stroke);
        }
    }

    [[nodiscard]] static double label_y(const placed_lane& p, std::size_t row) {
        return p.wave_y - wave_height / 2 - 3 - static_cast<double>(row) * label_row;
    }

    void draw_labels(const placed_lane& p) {
        for (const placed_label& l : p.labels) {
            const double y = label_y(p, l.row);
            if (l.row != 0)
                canvas_.line({l.x + 1, p.wave_y - wave_height / 2 + 1}, {l.x + 1, y + 2},
                             "stroke=\"#999\" stroke-width=\"0.7\"");
        }
        for (const placed_label& l : p.labels) {
            text_style style;
            style.size = label_size;
            style.monospace = true;
            style.halo = true;
            canvas_.text({l.x + 1, label_y(p, l.row)}, l.text, style);
        }
    }

    // Grid and frame -------------------------------------------------------------------------
    void draw_grid() {
        const std::uint64_t cycle = w_.core_clock_ps;
        for (const time_axis::span& s : axis_.spans()) {
            canvas_.rectangle({s.begin_x, top_}, s.end_x - s.begin_x, bottom_ - top_,
                              "fill=\"#fcfcfc\" stroke=\"#ccc\" stroke-width=\"0.8\"");
            for (std::uint64_t t = (s.begin_ps + cycle - 1) / cycle * cycle; t < s.end_ps;
                 t += cycle) {
                const bool tenth = t / cycle % 10 == 0;
                canvas_.line({axis_.x(t), top_}, {axis_.x(t), bottom_},
                             tenth ? "stroke=\"#d5d5d5\" stroke-width=\"0.8\""
                                   : "stroke=\"#eeeeee\" stroke-width=\"0.6\"");
            }
            draw_ticks(s);
        }
        for (const auto& [y, port] : groups_) {
            text_style style;
            style.bold = true;
            style.size = 13;
            canvas_.text({14, y},
                         port == max_trace_ports ? "Switch" : "Port " + std::to_string(port),
                         style);
            if (y != groups_.front().first)
                canvas_.line({14, y - 17}, {axis_.right(), y - 17},
                             "stroke=\"#aaa\" stroke-width=\"0.8\"");
        }
        for (const measure& m : measures_) {
            for (const std::uint64_t t : {m.begin_ps, m.end_ps})
                canvas_.line({axis_.x(t), measure_y(m)}, {axis_.x(t), bottom_},
                             std::string("stroke=\"") + m.colours->strong +
                                 "\" stroke-width=\"0.7\" stroke-dasharray=\"2,4\"");
        }
    }

    /// Times below one linear piece, relative to the first write.
    void draw_ticks(const time_axis::span& s) {
        const double px_per_ns =
            axis_.px_per_cycle() * 1000 / static_cast<double>(w_.core_clock_ps);
        const std::uint64_t step = nice_step(64 / px_per_ns) * 1000;
        // Ticks before the first write are negative: count from a multiple of the step below it.
        const std::uint64_t zero = origin();
        std::uint64_t t = zero % step;
        t += (s.begin_ps > t ? (s.begin_ps - t + step - 1) / step * step : 0);
        for (; t <= s.end_ps; t += step) {
            const double x = axis_.x(t);
            canvas_.line({x, bottom_}, {x, bottom_ + 5}, wave_stroke);
            text_style style;
            style.size = label_size;
            style.anchor = text_anchor::middle;
            canvas_.text({x, bottom_ + 18},
                         t < zero ? '-' + format_ns(zero - t) : format_ns(t - zero), style);
        }
    }

    void draw_breaks() {
        const auto& spans = axis_.spans();
        for (std::size_t i = 1; i < spans.size(); ++i) {
            const double x1 = spans[i - 1].end_x;
            const double x2 = spans[i].begin_x;
            canvas_.rectangle({x1, top_ - 1}, x2 - x1, bottom_ - top_ + 2,
                              "fill=\"#fff\" stroke=\"none\"");
            for (const placed_lane& p : lanes_) {
                const double y = p.wave_y + (p.of->wire ? wave_height / 2 - 2 : 0);
                canvas_.line({x1, y}, {x2, y},
                             "stroke=\"#999\" stroke-width=\"1\" stroke-dasharray=\"1.5,3\"");
            }
            text_style style;
            style.size = 10;
            style.colour = "#555";
            style.anchor = text_anchor::middle;
            canvas_.text({(x1 + x2) / 2, bottom_ + 34},
                         format_time(spans[i].begin_ps - spans[i - 1].end_ps) + " idle", style);
        }
    }

    void draw_title() {
        text_style style;
        style.size = 18;
        style.bold = true;
        canvas_.text({14, 28}, title(), style);
        style = {};
        style.colour = "#555";
        const std::size_t slash = w_.file.rfind('/');
        canvas_.text({14, 48},
                     w_.file.substr(slash == std::string::npos ? 0 : slash + 1) + ", core clock " +
                         format_time(w_.core_clock_ps) +
                         " (one grid line per cycle); time 0 is simulated time " +
                         format_time(origin()),
                     style);
        style.anchor = text_anchor::end;
        canvas_.text({left_column - 34, bottom_ + 18}, "time in ns", style);
    }

    // Arrows ---------------------------------------------------------------------------------
    [[nodiscard]] const placed_lane* find(signal_role role, unsigned port) const {
        for (const placed_lane& l : lanes_) {
            if (l.of->role == role && l.of->port == port && !l.of->values.empty())
                return &l;
        }
        return nullptr;
    }

    void arrow(const placed_lane* from, std::uint64_t from_ps, const placed_lane* to,
               std::uint64_t to_ps, const direction_colours& colour) {
        if (from == nullptr || to == nullptr || from_ps < w_.begin_ps || to_ps > w_.end_ps)
            return;
        const bool down = to->wave_y > from->wave_y;
        const double half = wave_height / 2 - 2;
        const point a{axis_.x(from_ps), from->wave_y + (down ? half : -half)};
        const point b{axis_.x(to_ps), to->wave_y + (down ? -half : half)};
        const double middle = (a.y + b.y) / 2;
        canvas_.path("M" + number(a.x) + ' ' + number(a.y) + 'C' + number(a.x) + ' ' +
                         number(middle) + ' ' + number(b.x) + ' ' + number(middle) + ' ' +
                         number(b.x) + ' ' + number(b.y),
                     std::string("fill=\"none\" stroke-width=\"1.6\" stroke-opacity=\"0.85\" "
                                 "stroke=\"") +
                         colour.strong + "\" marker-end=\"url(#" + colour.marker + ")\"");
    }

    void draw_arrows(const delivery& d) {
        if (!markers_drawn_) {
            markers_drawn_ = true;
            for (const direction_colours& c : directions)
                canvas_.raw(std::string("<defs><marker id=\"") + c.marker +
                            "\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
                            "markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
                            "<path d=\"M0 0.5L8 4L0 7.5Z\" fill=\"" +
                            c.strong + "\"/></marker></defs>");
        }
        const bool bell = d.kind == delivery_kind::doorbell;
        const direction_colours& c = colours(d);
        const placed_lane* set =
            find(bell ? signal_role::outdbellset : signal_role::outmsg_write, d.from);
        const placed_lane* status =
            find(bell ? signal_role::indbellsts : signal_role::msgsts, d.to);
        const placed_lane* summary = find(signal_role::ntintsts, d.to);
        const placed_lane* msi = find(signal_role::msi, d.to);
        if (d.write_ps)
            arrow(find(signal_role::rx_tlp, d.from), *d.write_ps, set, d.set_ps, c);
        arrow(set, d.set_ps, status, d.status_ps, c);
        if (!interrupted(d))
            return;
        const std::uint64_t summary_ps = change_between(summary, d.status_ps, d.msi_ps);
        if (summary_ps != 0) {
            arrow(status, d.status_ps, summary, summary_ps, c);
            arrow(summary, summary_ps, msi, d.msi_ps, c);
        } else {
            arrow(status, d.status_ps, msi, d.msi_ps, c);
        }
        const placed_lane* tx = find(signal_role::tx_tlp, d.to);
        if (tx == nullptr)
            return;
        for (const lane_value& v : tx->of->values) {
            if (v.begin_ps >= d.msi_ps && v.text.compare(0, 3, "MSI") == 0) {
                arrow(msi, d.msi_ps, tx, v.begin_ps, c);
                break;
            }
        }
    }

    /// When a lane takes a new, non-zero value in the span; 0 if it does not.
    [[nodiscard]] static std::uint64_t change_between(const placed_lane* p, std::uint64_t from,
                                                      std::uint64_t to) {
        if (p == nullptr)
            return 0;
        for (const lane_value& v : p->of->values) {
            if (v.begin_ps >= from && v.begin_ps <= to && v.bits != 0)
                return v.begin_ps;
        }
        return 0;
    }

    const exchange_window& w_;
    time_axis axis_;
    svg_canvas canvas_;
    std::vector<measure> measures_;
    std::vector<placed_lane> lanes_;
    std::vector<std::pair<double, unsigned>> groups_; ///< baseline of the heading, port
    std::size_t measure_rows_ = 0;
    double top_ = 0;
    double bottom_ = 0;
    double right_ = 0; ///< of the rightmost label
    bool markers_drawn_ = false;
};

} // namespace

std::string draw_timing_diagram(const exchange_window& window) {
    return painter(window).draw();
}

} // namespace ntb::traces
