// SPDX-License-Identifier: Apache-2.0
#include "traces/time_text.h"

#include <array>
#include <limits>
#include <numeric>

namespace ntb::traces {
namespace {

constexpr std::uint64_t ns = 1000;
constexpr std::uint64_t us = 1000 * ns;
constexpr std::uint64_t ms = 1000 * us;
constexpr std::uint64_t second = 1000 * ms;

struct unit {
    std::string_view name;
    std::uint64_t ps;
};
constexpr std::array units{unit{"ps", 1}, unit{"ns", ns}, unit{"us", us}, unit{"ms", ms},
                           unit{"s", second}};

/// value / divisor (a power of ten) with every decimal that is not a trailing zero.
std::string exact_quotient(std::uint64_t value, std::uint64_t divisor) {
    std::string text = std::to_string(value / divisor);
    std::uint64_t rest = value % divisor;
    if (rest == 0)
        return text;
    text += '.';
    while (rest != 0) {
        divisor /= 10;
        text += static_cast<char>('0' + rest / divisor);
        rest %= divisor;
    }
    return text;
}

} // namespace

std::string format_time(std::uint64_t ps) {
    const unit* chosen = &units[1];
    for (const unit& u : units) {
        if (u.ps > ns && ps >= u.ps)
            chosen = &u;
    }
    if (ps != 0 && ps < ns)
        chosen = units.data();
    return exact_quotient(ps, chosen->ps) + ' ' + std::string(chosen->name);
}

std::string format_ns(std::uint64_t ps) {
    return exact_quotient(ps, ns);
}

std::string format_in(std::uint64_t ps, std::string_view name) {
    for (const unit& u : units)
        if (u.name == name)
            return exact_quotient(ps, u.ps) + ' ' + std::string(name);
    return ps == 0 ? "0 fs" : std::to_string(ps) + "000 fs";
}

std::string format_cycles(std::uint64_t ps, std::uint64_t period_ps) {
    const std::uint64_t whole = ps / period_ps;
    const std::uint64_t hundredths = (ps % period_ps) * 100 / period_ps;
    return exact_quotient(whole * 100 + hundredths, 100);
}

std::optional<std::uint64_t> parse_time(std::string_view text) {
    std::uint64_t digits = 0;   // all digits, the point left out
    std::uint64_t decimals = 1; // 10 to the number of those after the point
    bool point = false;
    bool any = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (digits > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
            return std::nullopt;
        digits = digits * 10 + digit;
        if (point) {
            if (decimals >= second)
                return std::nullopt;
            decimals *= 10;
        }
        any = true;
    }
    while (at < text.size() && text[at] == ' ')
        ++at;
    const std::string_view name = text.substr(at);
    if (!any)
        return std::nullopt;
    if (name == "fs")
        return digits % (decimals * 1000) == 0 ? std::optional(digits / (decimals * 1000))
                                               : std::nullopt;
    for (const unit& u : units) {
        if (u.name != name)
            continue;
        std::uint64_t ps = 0;
        const std::uint64_t common = std::gcd(u.ps, decimals);
        const std::uint64_t divisor = decimals / common;
        if (digits % divisor != 0 || __builtin_mul_overflow(digits / divisor, u.ps / common, &ps))
            return std::nullopt;
        return ps;
    }
    return std::nullopt;
}

} // namespace ntb::traces
