// SPDX-License-Identifier: Apache-2.0
#include "testbench/eeprom/disassembly.h"

#include <algorithm>
#include <map>

#include "testbench/eeprom/addresses.h"
#include "testbench/eeprom/image_file.h"

namespace ntb::eeprom {

namespace {

constexpr unsigned boot_mode_of_jump = 2; // mode 2 takes jump 0, mode 3 jump 1 (B2.1)

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string line(std::size_t at, const std::string& block, const std::string& what) {
    return "  " + hex(static_cast<std::uint32_t>(at), 4) + "  " + padded(block, 10) + what + "\n";
}

/// The register's name, else its address.
std::string place(std::uint32_t address) {
    const std::string name = register_name(address);
    return name.empty() ? hex(address, 5) + " (no register)" : name;
}

class disassembler {
public:
    explicit disassembler(const image& bytes) : bytes_(bytes) {}

    std::string run() {
        follow(0);
        while (!starts_.empty()) {
            const std::size_t at = starts_.back();
            starts_.pop_back();
            follow(at);
        }
        std::string out;
        std::size_t expected = 0;
        for (const auto& [at, block] : blocks_) {
            out += gap(expected, at) + block.text;
            expected = std::max(expected, block.end);
        }
        return out + gap(expected, bytes_.size());
    }

private:
    struct shown {
        std::string text;
        std::size_t end = 0;
    };

    /// Blocks one after another up to a done block, an error, or what is shown already.
    void follow(std::size_t at) {
        while (blocks_.count(at) == 0) {
            const eeprom_block block = decode_eeprom_block(bytes_.data(), bytes_.size(), at);
            if (block.fault != eeprom_fault::none) {
                eeprom_step step{};
                step.fault = block.fault;
                step.at = static_cast<std::uint32_t>(at);
                blocks_[at] = {line(at, "error", fault_text(bytes_, step)),
                               std::min(at + 1, bytes_.size())};
                return;
            }
            const std::size_t end = add(at, block);
            if (block.type == eeprom_block_type::done || end == at)
                return;
            at = end;
        }
    }

    /// Adds the block; returns where the next one begins, `at` if there can be none.
    std::size_t add(std::size_t at, const eeprom_block& block) {
        std::size_t end = at + block.bytes;
        std::string text;
        switch (block.type) {
        case eeprom_block_type::write:
            text = line(at, "write", place(block.address) + " = " + hex(block.data, 8));
            break;
        case eeprom_block_type::wait:
            text = line(at, "wait",
                        place(block.address) + " & " + hex(~block.mask, 8) +
                            " == " + hex(block.data & ~block.mask, 8));
            break;
        case eeprom_block_type::done:
            text = line(at, "done", "checksum " + hex(block.checksum, 2));
            break;
        case eeprom_block_type::jump:
            text = line(at, "jump " + std::to_string(block.jump),
                        "to " + hex(block.address, 4) + " in boot mode " +
                            std::to_string(boot_mode_of_jump + block.jump));
            if (block.address < bytes_.size())
                starts_.push_back(block.address);
            break;
        case eeprom_block_type::sequence:
            text = line(at, "sequence", std::to_string(block.count) + " dwords");
            for (std::uint32_t i = 0; i < block.count; ++i, end += 4) {
                if (++dwords_ > bytes_.size()) { // blocks that overlap again and again
                    text += line(end, "", "further dwords left out");
                    blocks_[at] = {text, end};
                    return at;
                }
                if (bytes_.size() - end < 4) {
                    text += line(end, "error", "the image ends before the sequence");
                    blocks_[at] = {text, bytes_.size()};
                    return at;
                }
                text += line(end, "",
                             place(block.address + 4 * i) + " = " +
                                 hex(eeprom_dword(bytes_.data(), end), 8));
            }
            break;
        }
        blocks_[at] = {text, end};
        return end;
    }

    /// What lies between blocks and is none.
    [[nodiscard]] std::string gap(std::size_t begin, std::size_t end) const {
        if (begin >= end)
            return {};
        const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last = bytes_.begin() + static_cast<std::ptrdiff_t>(end);
        const bool blank = std::all_of(first, last, [](std::uint8_t b) { return b == 0xFF; });
        return line(begin, "",
                    std::to_string(end - begin) +
                        (blank ? " blank bytes" : " bytes that no block reaches"));
    }

    const image& bytes_;
    std::map<std::size_t, shown> blocks_{};
    std::vector<std::size_t> starts_{};
    std::size_t dwords_ = 0; ///< of sequences, shown so far
};

} // namespace

std::string disassembly(const image& bytes) {
    return disassembler(bytes).run();
}

} // namespace ntb::eeprom
