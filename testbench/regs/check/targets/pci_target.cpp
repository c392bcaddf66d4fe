// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/targets/pci_target.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sstream>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testbench/regs/check/targets/config_window.h"

namespace ntb::regs::check {

namespace {

constexpr std::size_t registers_bytes = 0x1000;

/// "0000:01:00.0" of what may lack the domain; empty if it is no BDF.
std::string full_bdf(const std::string& text) {
    std::string bdf = text.size() == 7 ? "0000:" + text : text;
    constexpr const char* form = "xxxx:xx:xx.f";
    if (bdf.size() != std::strlen(form))
        return "";
    for (std::size_t i = 0; i < bdf.size(); ++i) {
        const auto c = static_cast<unsigned char>(bdf[i]);
        const bool fits = form[i] == 'x'   ? std::isxdigit(c) != 0
                          : form[i] == 'f' ? c >= '0' && c <= '7'
                                           : c == static_cast<unsigned char>(form[i]);
        if (!fits)
            return "";
    }
    return bdf;
}

/// What the kernel calls the way to that reset; null if it has none.
const char* method_for(reset_kind kind) {
    return kind == reset_kind::hot ? "bus" : kind == reset_kind::from_d3hot ? "pm" : nullptr;
}

} // namespace

pci_target::pci_target(const std::string& bdf, const pci_permissions& may)
    : bdf_(full_bdf(bdf)), may_(may) {
    if (bdf_.empty())
        throw target_error("pci:" + bdf + ": not a bus address like 0000:01:00.0");
    const std::string path = file("config");
    config_ =
        bridge::unique_fd(::open(path.c_str(), (may_.writes ? O_RDWR : O_RDONLY) | O_CLOEXEC));
    if (!config_)
        throw target_error(path + ": " + std::strerror(errno) +
                           (errno == EACCES ? " (run it as root)" : ""));
    struct stat st {};
    std::uint32_t probe = 0;
    if (::fstat(config_.get(), &st) != 0 || st.st_size < static_cast<off_t>(registers_bytes))
        throw target_error(path + ": only " + std::to_string(st.st_size) +
                           " bytes: the machine gives no extended configuration space");
    if (::pread(config_.get(), &probe, 4, registers_bytes - 8) != 4)
        throw target_error(path + ": the kernel shows a part of it only (run it as root)");
    map_bar0();
}

pci_target::~pci_target() {
    if (bar0_ != nullptr)
        ::munmap(const_cast<std::uint8_t*>(bar0_), registers_bytes);
}

std::string pci_target::file(const char* of_function) const {
    return "/sys/bus/pci/devices/" + bdf_ + "/" + of_function;
}

void pci_target::map_bar0() {
    if (!bar0_is_config_window(*this, 0) || !memory_space_is_on(*this, 0))
        return;
    const bridge::unique_fd resource(
        ::open(file("resource0").c_str(), (may_.writes ? O_RDWR : O_RDONLY) | O_SYNC | O_CLOEXEC));
    if (!resource)
        return; // the report says that BAR0 is not used
    void* const at =
        ::mmap(nullptr, registers_bytes, may_.writes ? PROT_READ | PROT_WRITE : PROT_READ,
               MAP_SHARED, resource.get(), 0);
    if (at != MAP_FAILED)
        bar0_ = static_cast<volatile std::uint8_t*>(at);
}

std::uint32_t pci_target::read(door by, unsigned /*function*/, std::uint32_t offset, unsigned width,
                               unsigned /*byte_enables*/) {
    if (by == door::bar0) {
        if (width == 4)
            return *reinterpret_cast<volatile std::uint32_t*>(bar0_ + offset);
        if (width == 2)
            return *reinterpret_cast<volatile std::uint16_t*>(bar0_ + offset);
        return bar0_[offset];
    }
    std::uint32_t value = 0;
    if (::pread(config_.get(), &value, width, offset) != static_cast<ssize_t>(width))
        throw target_error(file("config") + ": cannot be read: " + std::strerror(errno));
    return value;
}

void pci_target::write(door by, unsigned /*function*/, std::uint32_t offset, unsigned width,
                       std::uint32_t value, unsigned /*byte_enables*/) {
    if (!may_.writes)
        throw target_error(name() + ": a write was asked for without --allow-writes");
    if (by == door::bar0) {
        if (width == 4)
            *reinterpret_cast<volatile std::uint32_t*>(bar0_ + offset) = value;
        else if (width == 2)
            *reinterpret_cast<volatile std::uint16_t*>(bar0_ + offset) =
                static_cast<std::uint16_t>(value);
        else
            bar0_[offset] = static_cast<std::uint8_t>(value);
        return;
    }
    if (::pwrite(config_.get(), &value, width, offset) != static_cast<ssize_t>(width))
        throw target_error(file("config") + ": cannot be written: " + std::strerror(errno));
}

std::string pci_target::reset_methods() const {
    const bridge::unique_fd methods(::open(file("reset_method").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    const ssize_t n = methods ? ::read(methods.get(), text.data(), text.size()) : 0;
    return std::string(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0U);
}

void pci_target::choose_reset_methods(const std::string& methods) const {
    const bridge::unique_fd choice(::open(file("reset_method").c_str(), O_WRONLY | O_CLOEXEC));
    if (!choice || ::write(choice.get(), methods.data(), methods.size()) !=
                       static_cast<ssize_t>(methods.size()))
        throw target_error(file("reset_method") + ": " + std::strerror(errno));
}

bool pci_target::can_reset(reset_kind kind) const {
    const char* const method = method_for(kind);
    if (method == nullptr || !may_.writes || !may_.reset)
        return false;
    std::istringstream offered(reset_methods());
    std::string word;
    while (offered >> word)
        if (word == method)
            return true;
    return false;
}

void pci_target::reset(reset_kind kind, unsigned /*function*/) {
    const std::string before = reset_methods();
    choose_reset_methods(method_for(kind));
    const bridge::unique_fd reset(::open(file("reset").c_str(), O_WRONLY | O_CLOEXEC));
    const bool done = reset && ::write(reset.get(), "1", 1) == 1;
    const int error = errno;
    choose_reset_methods(before);
    if (!done)
        throw target_error(file("reset") + ": " + std::strerror(error));
    settle();
}

void pci_target::settle() {
    if (may_.writes)
        ::usleep(200); // posted writes, and what they start
}

} // namespace ntb::regs::check
