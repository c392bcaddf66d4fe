// SPDX-License-Identifier: Apache-2.0
#include "model/eeprom_blocks.h"

namespace ntb {

namespace {

std::uint32_t half(const std::uint8_t* image, std::size_t at) {
    return static_cast<std::uint32_t>(image[at]) | static_cast<std::uint32_t>(image[at + 1]) << 8U;
}

/// Length with the type byte; of a sequence, of its header. 0 = no block's type.
std::uint32_t length_of(std::uint8_t type_byte) {
    switch (static_cast<eeprom_block_type>(type_byte)) {
    case eeprom_block_type::write:
        return 1 + 2 + 4;
    case eeprom_block_type::sequence:
        return 1 + 2 + 2;
    case eeprom_block_type::wait:
        return 1 + 2 + 4 + 4;
    case eeprom_block_type::done:
        return 1 + 1;
    case eeprom_block_type::jump:
        break;
    }
    const auto jump = static_cast<std::uint8_t>(eeprom_block_type::jump);
    const bool is_jump = type_byte >= jump && type_byte < jump + eeprom_jump_numbers;
    return is_jump ? 1 + 2 : 0;
}

constexpr std::size_t end_of_space = std::size_t{1} << 18; // bytes (B1.7)

} // namespace

eeprom_block decode_eeprom_block(const std::uint8_t* image, std::size_t size, std::size_t at) {
    eeprom_block block{};
    if (at >= size) {
        block.fault = eeprom_fault::cut_off;
        return block;
    }
    block.type_byte = image[at];
    block.bytes = length_of(block.type_byte);
    if (block.bytes == 0) {
        block.fault = eeprom_fault::unknown_block;
        return block;
    }
    if (block.bytes > size - at) {
        block.fault = eeprom_fault::cut_off;
        return block;
    }
    block.type = static_cast<eeprom_block_type>(block.type_byte);
    if (block.type == eeprom_block_type::done) {
        block.checksum = image[at + 1];
        return block;
    }
    block.address = half(image, at + 1) << 2U;
    switch (block.type) {
    case eeprom_block_type::write:
        block.count = 1;
        block.data = eeprom_dword(image, at + 3);
        break;
    case eeprom_block_type::sequence:
        block.count = half(image, at + 3);
        break;
    case eeprom_block_type::wait:
        block.data = eeprom_dword(image, at + 3);
        block.mask = eeprom_dword(image, at + 7);
        break;
    default: // a jump; its target is no register address
        block.jump = static_cast<std::uint8_t>(block.type_byte -
                                               static_cast<std::uint8_t>(eeprom_block_type::jump));
        block.type = eeprom_block_type::jump;
        block.address = half(image, at + 1);
        break;
    }
    return block;
}

void eeprom_reader::take(std::size_t bytes) {
    for (const std::size_t end = position_ + bytes; position_ != end; ++position_)
        sum_ = static_cast<std::uint8_t>(sum_ + image_[position_]);
}

eeprom_step eeprom_reader::failed(eeprom_step step, eeprom_fault why) {
    step.what = eeprom_step::kind::fault;
    step.fault = why;
    return step;
}

eeprom_step eeprom_reader::next() {
    if (over_)
        return last_;
    last_ = sequence_left_ != 0 ? next_of_sequence() : read_block();
    over_ = last_.what == eeprom_step::kind::done || last_.what == eeprom_step::kind::fault;
    return last_;
}

eeprom_step eeprom_reader::read_block() {
    eeprom_step step{};
    step.at = static_cast<std::uint32_t>(position_);
    if (size_ == 0)
        return failed(step, eeprom_fault::no_answer);
    const eeprom_block block = decode_eeprom_block(image_, size_, position_);
    if (block.fault != eeprom_fault::none) {
        step.bytes = position_ < size_ ? 1 : 0;
        return failed(step, block.fault);
    }
    take(block.bytes);
    step.bytes = block.bytes;
    step.address = block.address;
    step.data = block.data;
    step.mask = block.mask;
    switch (block.type) {
    case eeprom_block_type::write:
        step.what = eeprom_step::kind::write;
        break;
    case eeprom_block_type::wait:
        step.what = eeprom_step::kind::wait;
        break;
    case eeprom_block_type::jump:
        return jump(block, step);
    case eeprom_block_type::done:
        if (sum_ != 0xFF && !ignore_checksum_)
            return failed(step, eeprom_fault::checksum);
        step.what = eeprom_step::kind::done;
        break;
    case eeprom_block_type::sequence:
        step.what = eeprom_step::kind::nothing;
        if (block.count == 0)
            break;
        sequence_begin_ = step.at;
        sequence_left_ = block.count;
        sequence_address_ = block.address;
        sequence_bytes_ = block.bytes;
        return next_of_sequence();
    }
    return step;
}

eeprom_step eeprom_reader::next_of_sequence() {
    eeprom_step step{};
    step.at = sequence_begin_;
    step.bytes = sequence_bytes_;
    step.address = sequence_address_;
    if (sequence_address_ >= end_of_space)
        return failed(step, eeprom_fault::beyond_space);
    if (size_ - position_ < 4)
        return failed(step, eeprom_fault::cut_off);
    step.data = eeprom_dword(image_, position_);
    take(4);
    step.bytes += 4;
    step.what = eeprom_step::kind::write;
    sequence_bytes_ = 0;
    sequence_address_ += 4;
    --sequence_left_;
    return step;
}

eeprom_step eeprom_reader::jump(const eeprom_block& block, eeprom_step step) {
    step.what = eeprom_step::kind::ignored_jump;
    if (!takes_eeprom_jump(boot_mode_, block.jump))
        return step;
    if (block.address >= size_)
        return failed(step, eeprom_fault::jump_target);
    if (++jumps_ > eeprom_jump_limit)
        return failed(step, eeprom_fault::jump_loop);
    position_ = block.address;
    step.what = eeprom_step::kind::jump;
    return step;
}

} // namespace ntb
