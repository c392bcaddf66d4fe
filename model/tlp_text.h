// SPDX-License-Identifier: Apache-2.0
// TLPs as a reader of a waveform wants them: "MWr bar0+0x0420 OUTDBELLSET 4B 0x00000001", "MRd
// bar0+0x0428 INDBELLSTS 4B tag 7" and its "CplD 4B tag 7 0x00000001" (kind, address, name of the
// register where there is one, bytes, tag of what is completed, data). Built in a buffer on the
// stack; nothing is allocated. Text that does not fit is cut.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ntb {

class tlp_text {
public:
    tlp_text() {} // NOLINT(modernize-use-equals-default): does not clear the buffer
    tlp_text& add(std::string_view s);
    tlp_text& add(char c);
    tlp_text& decimal(std::uint32_t value);
    /// "0x" and at least `digits` hexadecimal digits.
    tlp_text& hex(std::uint64_t value, unsigned digits);
    /// Up to the first 8 bytes of a payload as one little-endian number, as a register reads.
    tlp_text& data(const unsigned char* bytes, std::uint32_t length);

    [[nodiscard]] std::string_view view() const { return {buffer_.data(), used_}; }

private:
    std::array<char, 96> buffer_; // NOLINT(*-member-init): written before it is read
    std::size_t used_ = 0;
};

} // namespace ntb
