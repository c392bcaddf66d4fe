// SPDX-License-Identifier: Apache-2.0
// Builds and takes apart vfio-user messages for the tests, as a client would.
#pragma once

#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sstream>
#include <string>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "tlm_bridge/tests/memory_transport.h"
#include "tlm_bridge/vfio_user/wire.h"

namespace ntb::bridge::test {

namespace wire = vfio_user::wire;

template <class T>
void append(byte_vector& to, const T& value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    to.insert(to.end(), bytes, bytes + sizeof value);
}
inline void append_all(byte_vector& to, const byte_vector& more) {
    to.insert(to.end(), more.begin(), more.end());
}

template <class T>
byte_vector bytes_of(const T& value) {
    byte_vector b;
    append(b, value);
    return b;
}

/// A whole message with the right size in its header.
inline byte_vector message(wire::command command, const byte_vector& payload = {},
                           std::uint32_t flags = 0, std::uint16_t id = 1) {
    wire::header h{};
    h.message_id = id;
    h.command = static_cast<std::uint16_t>(command);
    h.message_size = static_cast<std::uint32_t>(sizeof h + payload.size());
    h.flags = flags;
    byte_vector b = bytes_of(h);
    append_all(b, payload);
    return b;
}

inline byte_vector version_payload(const std::string& json, std::uint16_t major = 0,
                                   std::uint16_t minor = 0) {
    byte_vector b = bytes_of(wire::version{major, minor});
    for (const char c : json) {
        b.push_back(static_cast<std::uint8_t>(c));
    }
    b.push_back(0);
    return b;
}
inline byte_vector version_message() {
    return message(wire::command::version, version_payload(R"({"capabilities":{}})"));
}

inline byte_vector read_message(std::uint32_t region, std::uint64_t offset, std::uint32_t count,
                                std::uint16_t id = 1) {
    return message(wire::command::region_read, bytes_of(wire::region_access{offset, region, count}),
                   0, id);
}
inline byte_vector write_message(std::uint32_t region, std::uint64_t offset,
                                 const byte_vector& data, std::uint32_t flags = 0,
                                 std::uint16_t id = 1) {
    byte_vector p =
        bytes_of(wire::region_access{offset, region, static_cast<std::uint32_t>(data.size())});
    append_all(p, data);
    return message(wire::command::region_write, p, flags, id);
}

/// One reply, or what is left where the bytes are no reply.
struct reply {
    wire::header header{};
    byte_vector payload;
    [[nodiscard]] bool is_error() const { return (header.flags & wire::flag_error) != 0; }
    [[nodiscard]] int error() const { return static_cast<int>(header.error_no); }
};
/// Cuts everything that was sent into replies.
inline std::vector<reply> replies_in(const byte_vector& sent) {
    std::vector<reply> all;
    std::size_t at = 0;
    while (at + sizeof(wire::header) <= sent.size()) {
        reply r;
        r.header = wire::load<wire::header>(sent.data() + at);
        const std::size_t size = r.header.message_size;
        if (size < sizeof(wire::header) || at + size > sent.size()) {
            break;
        }
        r.payload.assign(sent.begin() + static_cast<std::ptrdiff_t>(at + sizeof(wire::header)),
                         sent.begin() + static_cast<std::ptrdiff_t>(at + size));
        all.push_back(std::move(r));
        at += size;
    }
    return all;
}

inline unique_fd new_memory(std::size_t size) {
    unique_fd fd(::memfd_create("guest", MFD_CLOEXEC));
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        fd.reset();
    }
    return fd;
}
inline unique_fd new_eventfd(unsigned count = 0, int flags = EFD_NONBLOCK) {
    return unique_fd(::eventfd(count, flags | EFD_CLOEXEC));
}
inline unique_fd duplicate(const unique_fd& fd) {
    return unique_fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}
/// Signals waiting in a non-blocking eventfd, which are taken.
inline std::uint64_t take_count(const unique_fd& fd) {
    std::uint64_t count = 0;
    return ::read(fd.get(), &count, sizeof count) == sizeof count ? count : 0;
}
template <class... Fds>
std::vector<unique_fd> fd_list(Fds&&... fds) {
    std::vector<unique_fd> list;
    (list.push_back(std::forward<Fds>(fds)), ...);
    return list;
}
inline bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

/// A logger whose lines a test can read.
class captured_log {
public:
    captured_log()
        : logger_(std::make_shared<spdlog::logger>(
              "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_))) {
        logger_->set_pattern("%v");
    }
    [[nodiscard]] const std::shared_ptr<spdlog::logger>& logger() const { return logger_; }
    [[nodiscard]] std::string text() const { return text_.str(); }
    [[nodiscard]] bool has(const std::string& part) const {
        return text().find(part) != std::string::npos;
    }
    [[nodiscard]] unsigned count(const std::string& part) const {
        unsigned n = 0;
        const std::string all = text();
        for (auto at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) {
            ++n;
        }
        return n;
    }

private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> logger_;
};

} // namespace ntb::bridge::test
