// SPDX-License-Identifier: Apache-2.0
#include "traces/vcd_format.h"

#include <algorithm>

#include "traces/scope_tree.h"

namespace ntb::traces {
namespace {

constexpr std::size_t max_identifier = 5; // 94^5 signals

/// As escape_text spells it.
struct escaped_blank {
    static constexpr std::string_view text = "\\040";
};

/// The n-th identifier code: printable characters, shortest first.
std::string identifier(std::size_t n) {
    constexpr std::size_t letters = '~' - '!' + 1;
    std::string id;
    do {
        id += static_cast<char>('!' + n % letters);
        n /= letters;
    } while (n-- != 0);
    return id;
}

} // namespace

void vcd_format::put(std::string_view line) noexcept {
    char* out = writer_.room(line.size());
    std::memcpy(out, line.data(), line.size());
    writer_.commit(out + line.size());
}

void vcd_format::begin(const std::vector<signal_declaration>& declarations,
                       std::uint64_t start_ps) {
    for (std::size_t i = 0; i < declarations.size(); ++i) {
        tail t;
        t.vector = declarations[i].width > 1;
        // Vectors and texts separate value and identifier by a blank, single bits do not.
        const std::string text = (declarations[i].width == 1 ? "" : " ") + identifier(i) + '\n';
        static_assert(std::tuple_size_v<decltype(t.text)> >= max_identifier + 2);
        std::copy(text.begin(), text.end(), t.text.begin());
        t.size = static_cast<std::uint8_t>(text.size());
        tails_.push_back(t);
    }
    put("$version ntbsim waveform 1 $end\n");
    put("$timescale 1 ps $end\n");
    scope_tree(declarations)
        .walk({[this](const std::string& name) { put("$scope module " + name + " $end\n"); },
               [this] { put("$upscope $end\n"); },
               [&](std::size_t i, const std::string& leaf) {
                   const unsigned width = declarations[i].width;
                   std::string line = width == 0   ? "$var string 1 "
                                      : width == 1 ? "$var wire 1 "
                                                   : "$var wire " + std::to_string(width) + ' ';
                   line += identifier(i) + ' ' + leaf;
                   if (width > 1)
                       line += " [" + std::to_string(width - 1) + ":0]";
                   put(line + " $end\n");
               }});
    put("$enddefinitions $end\n");
    stamp(start_ps);
    put("$dumpvars\n");
}

void vcd_format::text(std::uint32_t index, std::string_view text) noexcept {
    const tail& t = tails_[index];
    if (text.empty()) {
        char* out = writer_.room(1U + t.size);
        *out = 's';
        std::memcpy(out + 1, t.text.data(), t.text.size());
        writer_.commit(out + 1 + t.size);
        return;
    }
    std::array<char, max_escaped> escaped; // NOLINT(*-member-init): written before it is read
    const char* end = escape_text(escaped.data(), text);
    put_escaped({escaped.data(), static_cast<std::size_t>(end - escaped.data())}, t);
}

void vcd_format::tlp(std::uint32_t index, const tlp_appearance& what) noexcept {
    constexpr std::size_t most = tlp_room<escaped_blank>;
    const tail& t = tails_[index];
    if (writer_.left() >= 1 + most + sizeof t.text) { // it fits for sure
        char* out = writer_.next();
        *out++ = 's';
        out = put_tlp<escaped_blank>(out, what);
        std::memcpy(out, t.text.data(), t.text.size());
        writer_.commit(out + t.size);
        return;
    }
    std::array<char, most> escaped; // NOLINT(*-member-init): written before it is read
    const char* const end = put_tlp<escaped_blank>(escaped.data(), what);
    put_escaped({escaped.data(), static_cast<std::size_t>(end - escaped.data())}, t);
}

void vcd_format::put_escaped(std::string_view escaped, const tail& t) noexcept {
    char* out = writer_.room(1 + escaped.size() + t.size);
    *out++ = 's';
    std::memcpy(out, escaped.data(), escaped.size());
    out += escaped.size();
    std::memcpy(out, t.text.data(), t.text.size());
    writer_.commit(out + t.size);
}

} // namespace ntb::traces
