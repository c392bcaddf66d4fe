// SPDX-License-Identifier: Apache-2.0
#include "testbench/vfio_client/connection.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace ntb::vfio_user {

namespace {

bridge::unique_fd connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw client_error("the socket's path is too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    bridge::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        throw client_error("cannot connect to " + path + ": " + std::strerror(errno));
    return fd;
}

} // namespace

client_connection::client_connection(const std::string& socket_path)
    : socket_(connect_to(socket_path)) {}

client_connection::message client_connection::make(wire::command command, std::uint32_t flags,
                                                   const void* payload, std::size_t size) {
    wire::header h{};
    h.message_id = next_id_++;
    h.command = static_cast<std::uint16_t>(command);
    h.message_size = static_cast<std::uint32_t>(sizeof h + size);
    h.flags = wire::type_command | flags;
    message out(h.message_size);
    std::memcpy(out.data(), &h, sizeof h);
    if (size != 0)
        std::memcpy(out.data() + sizeof h, payload, size);
    return out;
}

void client_connection::send(const message& m, int file) {
    std::size_t sent = 0;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof file)> control{};
    while (sent < m.size()) {
        iovec part{const_cast<std::uint8_t*>(m.data()) + sent, m.size() - sent};
        msghdr h{};
        h.msg_iov = &part;
        h.msg_iovlen = 1;
        if (file >= 0 && sent == 0) {
            h.msg_control = control.data();
            h.msg_controllen = control.size();
            cmsghdr* const rights = CMSG_FIRSTHDR(&h);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(sizeof file);
            std::memcpy(CMSG_DATA(rights), &file, sizeof file);
        }
        const ssize_t n = ::sendmsg(socket_.get(), &h, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            throw client_error("the server went away");
        sent += static_cast<std::size_t>(n);
    }
}

void client_connection::read_exactly(std::uint8_t* to, std::size_t size) {
    while (size != 0) {
        const ssize_t n = ::recv(socket_.get(), to, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            throw client_error("the server closed the connection");
        to += n;
        size -= static_cast<std::size_t>(n);
    }
}

client_connection::message client_connection::receive() {
    wire::header h{};
    read_exactly(reinterpret_cast<std::uint8_t*>(&h), sizeof h);
    if (h.message_size < sizeof h || h.message_size > wire::max_message_size)
        throw client_error("a reply has no sensible size");
    if ((h.flags & wire::flag_error) != 0)
        throw client_error("the server refused a request");
    message out(h.message_size);
    std::memcpy(out.data(), &h, sizeof h);
    read_exactly(out.data() + sizeof h, out.size() - sizeof h);
    return out;
}

void client_connection::shake_hands() {
    std::array<std::uint8_t, 128> payload{};
    const wire::version v{wire::protocol_major, wire::protocol_minor};
    const char text[] =
        R"({"capabilities":{"max_msg_fds":8,"max_data_xfer_size":65536,"write_multiple":true}})";
    std::memcpy(payload.data(), &v, sizeof v);
    std::memcpy(payload.data() + sizeof v, text, sizeof text);
    round_trip(make(wire::command::version, 0, payload.data(), sizeof v + sizeof text));
}

} // namespace ntb::vfio_user
