// SPDX-License-Identifier: Apache-2.0
// A drawing surface that writes SVG 1.1: shapes in the order of the calls, later ones on top. Fonts
// are generic families with common first choices; nothing external is referred to.
// Units: SVG user units (px). Threading: none. Errors: none.
#pragma once

#include <string>
#include <string_view>

namespace ntb::traces {

struct point {
    double x = 0;
    double y = 0;
};

enum class text_anchor { start, middle, end };

struct text_style {
    double size = 12;
    const char* colour = "#222";
    text_anchor anchor = text_anchor::start;
    bool monospace = false;
    bool bold = false;
    bool halo = false; ///< a white rim, for text over lines
};

class svg_canvas {
public:
    /// `attributes` as in SVG: stroke="#000" fill="none".
    void line(point from, point to, std::string_view attributes);
    void rectangle(point corner, double width, double height, std::string_view attributes);
    void path(std::string_view commands, std::string_view attributes);
    void text(point baseline, std::string_view text, const text_style& style);
    /// Any element, as it stands.
    void raw(std::string_view element);

    /// The whole document.
    [[nodiscard]] std::string document(double width, double height, std::string_view title,
                                       std::string_view description) const;

private:
    std::string body_;
};

/// Width that `text` takes at most, in any of the fonts it may be shown in.
[[nodiscard]] double text_width(std::string_view text, double size, bool monospace);

/// A coordinate, with one decimal at most.
[[nodiscard]] std::string number(double value);

} // namespace ntb::traces
