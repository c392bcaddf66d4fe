// SPDX-License-Identifier: Apache-2.0
#include "traces/diagram/svg_canvas.h"

#include <cmath>

namespace ntb::traces {
namespace {

constexpr const char* sans = "'DejaVu Sans', Verdana, Arial, Helvetica, sans-serif";
constexpr const char* mono = "'DejaVu Sans Mono', Menlo, Consolas, monospace";

/// Text as XML takes it; what is no printable ASCII becomes '?'.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
        }
    }
    return out;
}

std::string attribute(const char* name, double value) {
    return std::string(name) + "=\"" + number(value) + "\" ";
}

} // namespace

std::string number(double value) {
    const auto tenths = static_cast<long long>(std::llround(value * 10));
    const long long magnitude = tenths < 0 ? -tenths : tenths;
    std::string text = (tenths < 0 ? "-" : "") + std::to_string(magnitude / 10);
    if (magnitude % 10 != 0)
        text += '.' + std::to_string(magnitude % 10);
    return text;
}

double text_width(std::string_view text, double size, bool monospace) {
    return static_cast<double>(text.size()) * size * (monospace ? 0.605 : 0.62);
}

void svg_canvas::line(point from, point to, std::string_view attributes) {
    body_ += "<line " + attribute("x1", from.x) + attribute("y1", from.y) + attribute("x2", to.x) +
             attribute("y2", to.y);
    body_.append(attributes).append("/>\n");
}

void svg_canvas::rectangle(point corner, double width, double height, std::string_view attributes) {
    body_ += "<rect " + attribute("x", corner.x) + attribute("y", corner.y) +
             attribute("width", width) + attribute("height", height);
    body_.append(attributes).append("/>\n");
}

void svg_canvas::path(std::string_view commands, std::string_view attributes) {
    body_.append("<path d=\"").append(commands).append("\" ").append(attributes).append("/>\n");
}

void svg_canvas::text(point baseline, std::string_view text, const text_style& style) {
    const char* anchor = style.anchor == text_anchor::start    ? "start"
                         : style.anchor == text_anchor::middle ? "middle"
                                                               : "end";
    const std::string common = attribute("x", baseline.x) + attribute("y", baseline.y) +
                               attribute("font-size", style.size) + "font-family=\"" +
                               (style.monospace ? mono : sans) + "\" text-anchor=\"" + anchor +
                               '"' + (style.bold ? " font-weight=\"bold\"" : "");
    const std::string content = '>' + escaped(text) + "</text>\n";
    if (style.halo) // not every viewer knows paint-order
        body_ += "<text " + common +
                 " fill=\"none\" stroke=\"#fff\" stroke-width=\"3.5\" stroke-linejoin=\"round\"" +
                 content;
    body_ += "<text " + common + " fill=\"" + style.colour + '"' + content;
}

void svg_canvas::raw(std::string_view element) {
    body_.append(element).append("\n");
}

std::string svg_canvas::document(double width, double height, std::string_view title,
                                 std::string_view description) const {
    const std::string w = number(width);
    const std::string h = number(height);
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"" +
           w + "\" height=\"" + h + "\" viewBox=\"0 0 " + w + ' ' + h + "\">\n<title>" +
           escaped(title) + "</title>\n<desc>" + escaped(description) + "</desc>\n" +
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + body_ + "</svg>\n";
}

} // namespace ntb::traces
