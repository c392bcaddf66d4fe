// SPDX-License-Identifier: Apache-2.0
#include "testbench/fuzz/mutator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace ntb::fuzz {

namespace {

/// Numbers as text at which readers break.
constexpr std::array<const char*, 22> numbers{"0",
                                              "1",
                                              "-1",
                                              "2",
                                              "8",
                                              "16",
                                              "31",
                                              "32",
                                              "64",
                                              "127",
                                              "255",
                                              "256",
                                              "65535",
                                              "65536",
                                              "2147483647",
                                              "2147483648",
                                              "4294967295",
                                              "4294967296",
                                              "1e308",
                                              "0x0",
                                              "9223372036854775808",
                                              "18446744073709551616"};

constexpr std::array<unsigned char, 12> bytes{0x00, 0x01, 0x20, 0x40, 0x41, 0x60,
                                              0x7F, 0x80, 0xE0, 0xFE, 0xFF, '\n'};

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$';
}

/// The word around or behind `at`: begin and length; length 0 = there is none.
std::pair<std::size_t, std::size_t> word_at(const std::string& s, std::size_t at) {
    while (at < s.size() && !is_word(s[at]))
        ++at;
    std::size_t begin = at;
    while (begin > 0 && begin < s.size() && is_word(s[begin - 1]))
        --begin;
    std::size_t end = at;
    while (end < s.size() && is_word(s[end]))
        ++end;
    return {begin, end - begin};
}

} // namespace

mutator::mutator(std::vector<std::string> corpus, std::size_t max_bytes)
    : corpus_(std::move(corpus)), max_bytes_(max_bytes) {
    std::set<std::string> words{"[", "]",  "[[",   "]]",     "{",    "}",  "\"", "'",  "=", "#",
                                ",", "\\", "$end", "\"\"\"", "\r\n", "\t", "&",  "==", ".."};
    for (const std::string& file : corpus_) {
        for (std::size_t at = 0; at < file.size();) {
            const auto [begin, length] = word_at(file, at);
            if (length == 0)
                break;
            words.insert(file.substr(begin, std::min<std::size_t>(length, 40)));
            at = begin + length;
        }
    }
    words_.assign(words.begin(), words.end());
}

std::size_t mutator::below(std::size_t bound) {
    return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound);
}

std::string mutator::make(std::uint64_t seed, std::uint64_t n) {
    std::seed_seq mix{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U),
                      static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32U)};
    random_.seed(mix);
    static constexpr std::array<change, 13> changes{&mutator::flip_bit,
                                                    &mutator::set_byte,
                                                    &mutator::erase,
                                                    &mutator::duplicate,
                                                    &mutator::repeat_often,
                                                    &mutator::insert_noise,
                                                    &mutator::insert_word,
                                                    &mutator::replace_word,
                                                    &mutator::replace_number,
                                                    &mutator::swap_lines,
                                                    &mutator::replace_binary_number,
                                                    &mutator::splice,
                                                    &mutator::cut};
    std::string out = corpus_[below(corpus_.size())];
    // Mostly a few changes, so that an input gets past the first check of its reader.
    const std::size_t count = 1 + below(below(4) == 0 ? 16 : 3);
    for (std::size_t i = 0; i < count; ++i) {
        (this->*changes.at(below(changes.size())))(out);
        if (out.size() > max_bytes_)
            out.resize(max_bytes_);
    }
    return out;
}

void mutator::flip_bit(std::string& s) {
    if (s.empty())
        return;
    char& c = s[below(s.size())];
    c = static_cast<char>(static_cast<unsigned char>(c) ^ (1U << below(8)));
}

void mutator::set_byte(std::string& s) {
    if (!s.empty())
        s[below(s.size())] = static_cast<char>(bytes.at(below(bytes.size())));
}

void mutator::erase(std::string& s) {
    const std::size_t at = below(s.size());
    s.erase(at, 1 + below(below(4) == 0 ? s.size() : 16));
}

void mutator::duplicate(std::string& s) {
    const std::size_t at = below(s.size());
    const std::string part = s.substr(at, 1 + below(below(4) == 0 ? s.size() : 32));
    s.insert(below(s.size() + 1), part);
}

void mutator::repeat_often(std::string& s) {
    const std::size_t at = below(s.size());
    const std::string part = s.substr(at, 1 + below(below(4) == 0 ? 200 : 8));
    if (part.empty())
        return;
    const std::size_t times = std::min<std::size_t>(
        std::size_t{1} << below(16), (max_bytes_ - std::min(s.size(), max_bytes_)) / part.size());
    std::string many;
    many.reserve(times * part.size());
    for (std::size_t i = 0; i < times; ++i)
        many += part;
    s.insert(at, many);
}

void mutator::insert_noise(std::string& s) {
    std::string noise(1 + below(8), '\0');
    for (char& c : noise)
        c = static_cast<char>(random_());
    s.insert(below(s.size() + 1), noise);
}

void mutator::insert_word(std::string& s) {
    s.insert(below(s.size() + 1), words_[below(words_.size())]);
}

void mutator::replace_word(std::string& s) {
    const auto [begin, length] = word_at(s, below(s.size()));
    if (length != 0)
        s.replace(begin, length, words_[below(words_.size())]);
}

void mutator::replace_number(std::string& s) {
    const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    std::size_t begin = below(s.size());
    while (begin < s.size() && !is_digit(s[begin]))
        ++begin;
    std::size_t end = begin;
    while (end < s.size() && is_digit(s[end]))
        ++end;
    if (begin != end)
        s.replace(begin, end - begin, numbers.at(below(numbers.size())));
}

void mutator::replace_binary_number(std::string& s) {
    static constexpr std::array<std::uint32_t, 8> values{
        0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    const std::uint32_t value = values.at(below(values.size()));
    const std::size_t length = below(2) == 0 ? 2 : 4;
    if (s.size() < length)
        return;
    const std::size_t at = below(s.size() - length + 1);
    for (std::size_t i = 0; i < length; ++i)
        s[at + i] = static_cast<char>(value >> (8 * i));
}

void mutator::swap_lines(std::string& s) {
    const auto line_at = [&s](std::size_t at) {
        const std::size_t before = at == 0 ? std::string::npos : s.rfind('\n', at - 1);
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        const std::size_t end = std::min(s.find('\n', begin), s.size() - 1);
        return std::pair{begin, end - begin + 1};
    };
    if (s.empty())
        return;
    const auto [from, length] = line_at(below(s.size()));
    const std::string line = s.substr(from, length);
    s.erase(from, length);
    s.insert(s.empty() ? 0 : line_at(below(s.size())).first, line);
}

void mutator::splice(std::string& s) {
    const std::string& other = corpus_[below(corpus_.size())];
    s.resize(below(s.size() + 1));
    s += other.substr(below(other.size() + 1));
}

void mutator::cut(std::string& s) {
    s.resize(below(s.size() + 1));
}

} // namespace ntb::fuzz
