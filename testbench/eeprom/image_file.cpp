// SPDX-License-Identifier: Apache-2.0
#include "testbench/eeprom/image_file.h"

#include <array>
#include <cstdio>
#include <fstream>

#include "testbench/config/config_error.h"

namespace ntb::eeprom {

namespace {

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

struct fault_words {
    eeprom_fault fault;
    std::string_view word;
    std::string_view text;
    std::string_view remedy;
};

constexpr std::array<fault_words, 9> faults{{
    {eeprom_fault::none, "none", "no error", "nothing to do"},
    {eeprom_fault::no_answer, "no_answer", "the image is empty: no EEPROM answers",
     "write an image with ntbsim topology eeprom"},
    {eeprom_fault::unknown_block, "unknown_block", "begins no block",
     "block types are 0x00, 0x20, 0x40, 0x41, 0x60 and 0xe0"},
    {eeprom_fault::cut_off, "cut_off", "the image ends before a done block",
     "end it with the block 0xe0"},
    {eeprom_fault::beyond_space, "beyond_space", "a sequence leaves the global address space",
     "registers end at 0x3ffff"},
    {eeprom_fault::jump_target, "jump_target", "jumps to behind the end of the image",
     "mend the jump's address"},
    {eeprom_fault::jump_loop, "jump_loop", "jumps without end",
     "jump forwards; a load may take 64 jumps"},
    {eeprom_fault::checksum, "checksum", "the checksum is wrong",
     "the sum of all bytes read must be 0xff"},
    {eeprom_fault::wait_limit, "wait_limit", "what a wait block waits for did not come",
     "mend the block or raise the timing eeprom.wait_limit_us"},
}};

const fault_words& words_of(eeprom_fault fault) {
    for (const fault_words& words : faults)
        if (words.fault == fault)
            return words;
    return faults.front();
}

constexpr const char* write_remedy = "give a path that can be written";

} // namespace

bool is_image_name(std::string_view path) {
    return ends_with(path, ".eeprom") || ends_with(path, ".bin");
}

image read_image(const std::string& path) {
    const auto unreadable = [&path] {
        return config::config_error(path, 0, "", "cannot be read",
                                    "give an EEPROM image, *.eeprom or *.bin");
    };
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw unreadable();
    image bytes(eeprom_max_bytes + 1);
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (in.bad())
        throw unreadable();
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > eeprom_max_bytes)
        throw config::config_error(path, 0, "", "is larger than an EEPROM",
                                   "an image has at most 65536 bytes");
    return bytes;
}

void write_image(const std::string& path, const image& bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out)
        throw config::config_error(path, 0, "", "cannot be written", write_remedy);
}

std::string hex(std::uint32_t value, unsigned digits) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%0*x", static_cast<int>(digits),
                  static_cast<unsigned>(value));
    return text.data();
}

std::string fault_text(const image& bytes, const eeprom_step& step) {
    std::string text(words_of(step.fault).text);
    if (step.fault == eeprom_fault::unknown_block && step.at < bytes.size())
        text.insert(0, "type " + hex(bytes[step.at], 2) + " ");
    return text;
}

std::string_view fault_word(eeprom_fault fault) {
    return words_of(fault).word;
}

std::optional<eeprom_fault> fault_of_word(std::string_view word) {
    for (const fault_words& words : faults)
        if (words.word == word && words.fault != eeprom_fault::none)
            return words.fault;
    return std::nullopt;
}

std::string_view fault_remedy(eeprom_fault fault) {
    return words_of(fault).remedy;
}

} // namespace ntb::eeprom
