// SPDX-License-Identifier: Apache-2.0
// What a text signal shows: a TLP as plain data, or a text of its own.
// Threading: none. Errors: none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "model/tlp_appearance.h"
#include "traces/vcd_text.h"

namespace ntb::traces {

class text_content {
public:
    /// `text` is at most max_text long.
    void set(std::string_view text) noexcept {
        is_tlp_ = false;
        size_ = static_cast<std::uint8_t>(text.size());
        std::copy(text.begin(), text.end(), bytes_.begin());
    }
    void set(const tlp_appearance& what) noexcept {
        is_tlp_ = true;
        tlp_ = what;
    }
    /// Only what counts is copied.
    void set(const text_content& other) noexcept {
        if (other.is_tlp_)
            set(other.tlp_);
        else
            set(other.text());
    }

    [[nodiscard]] bool is_tlp() const noexcept { return is_tlp_; }
    [[nodiscard]] const tlp_appearance& tlp() const noexcept { return tlp_; }
    [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }
    [[nodiscard]] bool empty() const noexcept { return !is_tlp_ && size_ == 0; }
    [[nodiscard]] bool shows(std::string_view text_now) const noexcept {
        return !is_tlp_ && text() == text_now;
    }
    [[nodiscard]] bool shows(const tlp_appearance& what) const noexcept {
        return is_tlp_ && tlp_ == what;
    }

private:
    tlp_appearance tlp_{};
    bool is_tlp_ = false;
    std::uint8_t size_ = 0;
    std::array<char, max_text> bytes_{};
};

} // namespace ntb::traces
