// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/peer/attachment.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>

#include "tlm_bridge/fault_guard.h"
#include "tlm_bridge/setup_error.h"

namespace ntb::peer {

namespace {

struct flock lock_of(std::int64_t byte, short type) {
    struct flock l {};
    l.l_type = type;
    l.l_whence = SEEK_SET;
    l.l_start = byte;
    l.l_len = 1;
    return l;
}

[[nodiscard]] bool try_lock(int fd, std::int64_t byte) {
    struct flock l = lock_of(byte, F_WRLCK);
    return ::fcntl(fd, F_SETLK, &l) == 0;
}

void unlock(int fd, std::int64_t byte) {
    struct flock l = lock_of(byte, F_UNLCK);
    (void)::fcntl(fd, F_SETLK, &l);
}

/// Whether another process holds it.
[[nodiscard]] bool is_locked(int fd, std::int64_t byte) {
    struct flock l = lock_of(byte, F_WRLCK);
    return ::fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

constexpr const char* new_server = "end all simulators and start the ivshmem server again";

struct attach_lock_guard {
    int fd;
    explicit attach_lock_guard(int descriptor) : fd(descriptor) {}
    attach_lock_guard(const attach_lock_guard&) = delete;
    attach_lock_guard& operator=(const attach_lock_guard&) = delete;
    ~attach_lock_guard() { unlock(fd, layout::attach_lock); }
};

} // namespace

std::uint64_t monotonic_ns() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

attachment::attachment(const options& o) : fd_(o.memory_fd), ports_(o.ports) {
    map(o);
    try {
        hold_attach_lock(o);
        const attach_lock_guard attaching(fd_);
        if (header().magic.load() == 0)
            make_header(o);
        else if (o.fresh && deserted())
            begin_anew(o);
        else
            check_header(o);
        take_side(o);
    } catch (...) {
        bridge::fault_guard::remove(guard_);
        ::munmap(memory_, layout::memory_bytes);
        throw;
    }
}

attachment::~attachment() {
    if (!damaged())
        mine().incarnation.store(0);
    unlock(fd_, layout::side_lock + side_);
    bridge::fault_guard::remove(guard_);
    ::munmap(memory_, layout::memory_bytes);
}

void attachment::map(const options& o) {
    struct stat s {};
    if (::fstat(fd_, &s) != 0)
        throw bridge::setup_error(o.name, std::strerror(errno), "is its server running?");
    if (s.st_size < static_cast<off_t>(layout::memory_bytes))
        throw bridge::setup_error(o.name,
                                  "its shared memory has " + std::to_string(s.st_size) +
                                      " bytes, the peer link needs " +
                                      std::to_string(layout::memory_bytes),
                                  "start the ivshmem server with 4 MiB or more");
    void* const at =
        ::mmap(nullptr, layout::memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (at == MAP_FAILED)
        throw bridge::setup_error(o.name, std::string("its memory: ") + std::strerror(errno),
                                  "is it writable?");
    memory_ = static_cast<std::uint8_t*>(at);
    guard_ = bridge::fault_guard::add(memory_, layout::memory_bytes, PROT_READ | PROT_WRITE);
}

void attachment::hold_attach_lock(const options& o) {
    const auto until = std::chrono::steady_clock::now() + o.patience;
    while (!try_lock(fd_, layout::attach_lock)) {
        if (errno != EAGAIN && errno != EACCES)
            throw bridge::setup_error(
                o.name, std::string("its memory cannot be locked: ") + std::strerror(errno),
                "use shared memory of this machine");
        if (std::chrono::steady_clock::now() >= until)
            throw bridge::setup_error(o.name, "another simulator is attaching and does not finish",
                                      "end it and try again");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void attachment::make_header(const options& o) {
    for (std::size_t i = 0; i < layout::memory_bytes; ++i)
        if (memory_[i] != 0)
            throw bridge::setup_error(o.name, "its shared memory is in use by something else",
                                      "start an ivshmem server for the simulators alone");
    layout::header& h = header();
    h.version.store(layout::version);
    h.header_bytes.store(sizeof(layout::header));
    h.memory_bytes.store(layout::memory_bytes);
    describe_switch(o);
    h.magic.store(layout::magic);
}

void attachment::describe_switch(const options& o) {
    layout::header& h = header();
    epoch_ns_ = monotonic_ns();
    h.topology_hash.store(o.topology_hash);
    h.epoch_ns.store(epoch_ns_);
    h.pace.store(o.exact ? 1 : 0);
}

bool attachment::deserted() const {
    return !is_locked(fd_, layout::side_lock) && !is_locked(fd_, layout::side_lock + 1);
}

void attachment::begin_anew(const options& o) {
    check_format(o);
    header().powered.store(0);
    describe_switch(o);
}

void attachment::check_format(const options& o) {
    const layout::header& h = header();
    if (h.magic.load() != layout::magic)
        throw bridge::setup_error(o.name, "its shared memory is in use by something else",
                                  "start an ivshmem server for the simulators alone");
    if (h.version.load() != layout::version || h.header_bytes.load() != sizeof(layout::header) ||
        h.memory_bytes.load() != layout::memory_bytes)
        throw bridge::setup_error(
            o.name,
            "its switch is of format version " + std::to_string(h.version.load()) +
                ", this program has " + std::to_string(layout::version),
            std::string("run the same ntbsim on both sides, and ") + new_server);
}

void attachment::check_header(const options& o) {
    check_format(o);
    const layout::header& h = header();
    if (h.topology_hash.load() != o.topology_hash)
        throw bridge::setup_error(o.name, "its switch has another " + o.hashed,
                                  std::string("give both sides the same options, or ") +
                                      new_server);
    if (h.pace.load() != (o.exact ? 1U : 0U))
        throw bridge::setup_error(o.name, "its switch has another --pace",
                                  std::string("give both sides the same --pace, or ") + new_server);
    epoch_ns_ = h.epoch_ns.load();
    if (epoch_ns_ > monotonic_ns())
        throw bridge::setup_error(o.name, "its switch begins in the future", new_server);
}

bool attachment::take_lock_of(unsigned side) {
    if (is_locked(fd_, layout::side_lock + side))
        return false;
    // Before the lock says that somebody lives here: the number of one who was killed must not be
    // taken for that of the comer. Nobody else attaches meanwhile.
    header().by_side[side].incarnation.store(0);
    return try_lock(fd_, layout::side_lock + side);
}

void attachment::take_side(const options& o) {
    layout::header& h = header();
    unsigned side = 0;
    while (side < layout::sides && !take_lock_of(side))
        ++side;
    if (side == layout::sides)
        throw bridge::setup_error(o.name, "two simulators are attached already",
                                  "a switch has two parts at most");
    side_ = side;
    joined_another_ = other_alive();
    if (joined_another_)
        await_power(o);
    powered_ = h.powered.load() != 0;
    if (joined_another_ && (other().ports.load() & o.ports) != 0) {
        unlock(fd_, layout::side_lock + side);
        throw bridge::setup_error(o.name, "the other simulator serves one of these ports",
                                  "give each simulator ports of its own");
    }
    incarnation_ = h.incarnations.fetch_add(1) + 1;
    if (incarnation_ == 0) // has run over, or somebody wrote it; 0 means nobody
        incarnation_ = h.incarnations.fetch_add(1) + 1;
    layout::side& m = mine();
    for (layout::port_view& v : m.views) {
        v.accepts_requests.store(0);
        v.doorbells.store(0);
    }
    m.ivshmem_id.store(o.ivshmem_id);
    m.ports.store(o.ports);
    m.next_ps.store(0); // it has everything before it
    m.now_ps.store(0);
    h.wish.fetch_and(~(1U << side_));
    if (!joined_another_)
        h.turn.store(side_);
    if (joined_another_) {
        h.core_side.store(1 - side_);
        h.core_generation.fetch_add(1);
    } else {
        take_core();
    }
    begin_rings();
    m.incarnation.store(incarnation_); // from here on the other side sends
}

void attachment::begin_rings() {
    first_incoming_ = incoming().positions->head.load();
    incoming().positions->tail.store(first_incoming_);
    // What predecessors sent may still be under way. If they left positions that cannot be, the
    // other side will have given up on what was there.
    layout::ring& sent = *outgoing().positions;
    const std::uint64_t tail = sent.tail.load();
    if (sent.head.load() - tail > layout::slots_per_ring)
        sent.head.store(tail);
    mine().first_slot.store(sent.head.load());
}

void attachment::await_power(const options& o) {
    const auto until = std::chrono::steady_clock::now() + o.patience;
    while (header().powered.load() == 0 && other_alive()) {
        if (std::chrono::steady_clock::now() >= until) {
            unlock(fd_, layout::side_lock + side_);
            throw bridge::setup_error(o.name, "the other simulator does not get ready",
                                      "end it and try again");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

bool attachment::other_alive() const {
    return is_locked(fd_, layout::side_lock + (1 - side_));
}

void attachment::take_core() {
    header().core_side.store(side_);
    header().core_generation.fetch_add(1);
}

bool attachment::damaged() const {
    return guard_ >= 0 && bridge::fault_guard::faults(guard_) != 0;
}

} // namespace ntb::peer
