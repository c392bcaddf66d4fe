// SPDX-License-Identifier: Apache-2.0
// Log lines that a guest or a client can cause: so many in a row, then a few per second, then a
// count of what was left out. A hostile guest must not fill the disk or drown other messages.
//
// Units: std::chrono. Threading: one thread per object. Errors: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <spdlog/spdlog.h>
#include <utility>

namespace ntb::bridge {

/// Token bucket. Time is given from outside, so that tests need no clock.
class rate_limiter {
public:
    using clock = std::chrono::steady_clock;

    /// `burst` lines at once; one more every `refill`.
    constexpr explicit rate_limiter(std::uint32_t burst = 10,
                                    clock::duration refill = std::chrono::seconds(1))
        : burst_(burst), tokens_(burst), refill_(refill) {}

    /// Whether a line may be written now; counts it as suppressed if not.
    [[nodiscard]] bool allow(clock::time_point now) {
        if (now - last_ >= refill_) {
            const auto gained = static_cast<std::uint64_t>((now - last_) / refill_);
            tokens_ =
                gained >= burst_ - tokens_ ? burst_ : tokens_ + static_cast<std::uint32_t>(gained);
            // The remainder stays in the account, or steady traffic would earn less than it may.
            last_ = tokens_ == burst_ ? now
                                      : last_ + refill_ * static_cast<clock::duration::rep>(gained);
        }
        if (tokens_ == 0) {
            ++suppressed_;
            return false;
        }
        if (tokens_ == burst_) {
            last_ = now;
        }
        --tokens_;
        return true;
    }

    /// Lines left out since the last call.
    [[nodiscard]] std::uint64_t take_suppressed() { return std::exchange(suppressed_, 0); }

private:
    std::uint32_t burst_;
    std::uint32_t tokens_;
    clock::duration refill_;
    clock::time_point last_{};
    std::uint64_t suppressed_ = 0;
};

/// A logger for what guests and clients cause, with a name in front of each line.
class guest_log {
public:
    guest_log(std::shared_ptr<spdlog::logger> logger, std::string name,
              rate_limiter limit = rate_limiter())
        : logger_(std::move(logger)), name_(std::move(name)), limit_(limit) {}

    template <class... Args>
    void error(spdlog::format_string_t<Args...> format, Args&&... args) {
        write(spdlog::level::err, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warn(spdlog::format_string_t<Args...> format, Args&&... args) {
        write(spdlog::level::warn, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(spdlog::format_string_t<Args...> format, Args&&... args) {
        write(spdlog::level::info, format, std::forward<Args>(args)...);
    }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    template <class... Args>
    void write(spdlog::level::level_enum level, spdlog::format_string_t<Args...> format,
               Args&&... args) {
        if (!limit_.allow(rate_limiter::clock::now())) {
            return;
        }
        if (const auto n = limit_.take_suppressed(); n != 0) {
            logger_->log(level, "{}: {} more suppressed", name_, n);
        }
        logger_->log(level, "{}: {}", name_, fmt::format(format, std::forward<Args>(args)...));
    }

    std::shared_ptr<spdlog::logger> logger_;
    std::string name_;
    rate_limiter limit_;
};

} // namespace ntb::bridge
