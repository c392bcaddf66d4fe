// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "tlm_bridge/setup_error.h"

namespace ntb::bridge {
namespace {

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

unique_fd new_socket() {
    return unique_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

[[noreturn]] void fail(const std::string& path, const std::string& why, const std::string& remedy) {
    throw setup_error("socket " + path, why, remedy);
}

/// Refuses what cannot be the path of a socket.
void check_path(const std::string& path) {
    if (path.empty()) {
        fail("\"\"", "the path is empty", "give a path");
    }
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        fail(path,
             "the path has " + std::to_string(path.size()) + " bytes, a socket's may have " +
                 std::to_string(sizeof(sockaddr_un::sun_path) - 1),
             "give a shorter path");
    }
    if (path.find('\0') != std::string::npos) {
        fail(path, "the path holds a zero byte", "give another path");
    }
}

/// Makes room at the path: nothing there, or a socket on which nobody listens, which is removed.
void clear_path(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        switch (errno) {
        case ENOENT: {
            const auto slash = path.rfind('/');
            const std::string directory =
                slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
            struct stat parent {};
            if (::stat(directory.c_str(), &parent) != 0) {
                fail(path, "the directory " + directory + " does not exist",
                     "make it: mkdir -p " + directory);
            }
            return;
        }
        case ENOTDIR:
            fail(path, "a part of the path is not a directory", "give another path");
        default:
            fail(path, std::strerror(errno), "give a path in a directory of your own");
        }
    }
    if (!S_ISSOCK(status.st_mode)) {
        fail(path, "something that is not a socket is there", "remove it or give another path");
    }
    const unique_fd probe = new_socket();
    const sockaddr_un address = address_of(path);
    if (!probe) {
        fail(path, std::strerror(errno), "close some files");
    }
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
        errno == EAGAIN) {
        fail(path, "another process listens there", "stop it or give another path");
    }
    if (errno != ECONNREFUSED) {
        fail(path, std::string("it is somebody else's socket: ") + std::strerror(errno),
             "give another path");
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        fail(path, std::string("cannot remove the stale socket: ") + std::strerror(errno),
             "remove it or give another path");
    }
}

} // namespace

unix_listener::unix_listener(std::string path) : path_(std::move(path)) {
    check_path(path_);
    clear_path(path_);

    socket_ = new_socket();
    if (!socket_) {
        fail(path_, std::strerror(errno), "close some files");
    }
    // On Linux the mode of the socket becomes the mode of the path, so that there is no moment in
    // which others could connect.
    const sockaddr_un address = address_of(path_);
    if (::fchmod(socket_.get(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(path_, std::strerror(errno), "give a path in a directory of your own");
    }
    struct stat status {};
    if (::lstat(path_.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
        made_ = status.st_mtim;
    }
    constexpr int backlog = 4;
    if (::listen(socket_.get(), backlog) != 0) {
        const int error = errno;
        ::unlink(path_.c_str());
        fail(path_, std::strerror(error), "give another path");
    }
    spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

unix_listener::~unix_listener() {
    struct stat status {};
    // An inode number alone may have been given to a new file.
    if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == inode_ && status.st_mtim.tv_sec == made_.tv_sec &&
        status.st_mtim.tv_nsec == made_.tv_nsec) {
        ::unlink(path_.c_str());
    }
}

unique_fd unix_listener::accept() {
    for (;;) {
        unique_fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client) {
            return client;
        }
        if (errno == EINTR || errno == ECONNABORTED) {
            continue;
        }
        if ((errno == EMFILE || errno == ENFILE) && spare_) {
            spare_.reset();
            client.reset(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            client.reset();
            spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        }
        return {};
    }
}

unique_fd connect_to(const std::string& path, const std::string& to_do) {
    check_path(path);
    unique_fd socket = new_socket();
    if (!socket) {
        fail(path, std::strerror(errno), "close some files");
    }
    const sockaddr_un address = address_of(path);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        switch (errno) {
        case ENOENT:
            fail(path, "nothing is there", to_do);
        case ECONNREFUSED:
            fail(path, "nobody listens there", to_do);
        case EAGAIN:
            fail(path, "who listens there does not accept", "look what holds it up, or " + to_do);
        default:
            fail(path, std::strerror(errno), "give a socket of your own");
        }
    }
    return socket;
}

io_result unix_stream::receive(mutable_bytes into, fd_batch& fds) {
    iovec part{into.data, into.size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * fd_batch::capacity)> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t n = 0;
    do {
        n = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return {errno == EAGAIN || errno == EWOULDBLOCK ? io_status::would_block
                                                        : io_status::closed,
                0};
    }
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            fds.add(unique_fd(fd));
        }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        fds.note_refused(1); // at least one; the kernel does not say how many it dropped
    }
    if (n == 0) {
        return {io_status::closed, 0};
    }
    // The kernel ends a receive at descriptors, whatever is behind them; otherwise only when there
    // is no more.
    const bool drained = static_cast<std::size_t>(n) < into.size && message.msg_controllen == 0;
    return {io_status::ok, static_cast<std::size_t>(n), drained};
}

io_result unix_stream::send(const_bytes bytes) {
    return send_with(bytes, -1);
}

io_result unix_stream::send_with(const_bytes bytes, int descriptor) {
    iovec part{const_cast<std::uint8_t*>(bytes.data), bytes.size}; // sendmsg() only reads it
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
    }
    ssize_t n = 0;
    do { // most replies take no descriptor along, and send() costs the kernel less
        n = descriptor < 0
                ? ::send(socket_.get(), bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL)
                : ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        const bool too_many = errno == ETOOMANYREFS;
        const bool later = errno == EAGAIN || errno == EWOULDBLOCK || too_many;
        return {later ? io_status::would_block : io_status::closed, 0, false, too_many};
    }
    return {io_status::ok, static_cast<std::size_t>(n)};
}

bool unix_stream::hung_up() const {
    pollfd p{socket_.get(), POLLRDHUP, 0};
    return ::poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

} // namespace ntb::bridge
