// SPDX-License-Identifier: Apache-2.0
#include "model/smbus_slave.h"

#include <algorithm>

#include "model/register_bank.h"
#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

constexpr std::uint8_t of_csr = static_cast<std::uint8_t>(smbus::function::csr);
constexpr std::uint8_t of_eeprom = static_cast<std::uint8_t>(smbus::function::eeprom);

std::uint16_t le16(const std::uint8_t* p) {
    return static_cast<std::uint16_t>(p[0] | p[1] << 8);
}

} // namespace

smbus_slave::smbus_slave(const timing_config& timing, switch_core& core)
    : core_(core),
      command_time_(sc_core::sc_time::from_value(std::uint64_t{timing.smbus_command_ns} * 1000U)) {}

std::uint8_t smbus_slave::address() const {
    return static_cast<std::uint8_t>(
        core_.bank().get_field(sw::SMBUSSTS.at(), sw::SMBUSSTS_SSMBADDR));
}

const std::uint8_t* smbus_slave::data_of(const smbus::command_code& c, const std::uint8_t* data,
                                         std::size_t n, std::size_t& count) {
    const bool block = c.length == static_cast<std::uint8_t>(smbus::size::block);
    count = block ? n - 1 : n;
    if (block)
        return n >= 2 && data[0] == count ? data + 1 : nullptr;
    return n == c.length + std::size_t{1} ? data : nullptr;
}

std::size_t smbus_slave::write(const std::uint8_t* bytes, std::size_t n) {
    if (n == 0)
        return 0;
    const smbus::command_code c = smbus::command_code::of(bytes[0]);
    if (busy_ || !c.known())
        return 0;
    if (!c.start && (!written_.open || written_.what != c.what)) {
        misplaced_ = misplaced_ || c.what == of_eeprom;
        return 0;
    }
    if (c.pec) {
        std::uint8_t crc = smbus::pec(0, static_cast<std::uint8_t>(address() << 1));
        for (std::size_t i = 0; i + 1 < n; ++i)
            crc = smbus::pec(crc, bytes[i]);
        if (n < 2 || bytes[n - 1] != crc)
            return n - 1;
        --n;
    }
    std::size_t count = 0;
    const std::uint8_t* const data = data_of(c, bytes + 1, n - 1, count);
    if (c.start)
        written_ = sequence{{}, 0, c.what, true};
    if (data == nullptr || count > longest - written_.count) {
        written_.open = false;
        return 1;
    }
    std::copy(data, data + count,
              written_.bytes.begin() + static_cast<std::ptrdiff_t>(written_.count));
    written_.count += count;
    if (c.end) {
        written_.open = false;
        reply_.open = false;
        busy_ = true;
        started_.notify(command_time_);
    }
    return n + (c.pec ? 1U : 0U);
}

bool smbus_slave::read(std::uint8_t code, std::uint8_t* out, std::size_t n) {
    const smbus::command_code c = smbus::command_code::of(code);
    if (busy_ || !c.known() || !reply_.open || reply_.what != c.what)
        return false;
    if (c.start)
        read_position_ = 0;
    const std::size_t left = reply_.count - read_position_;
    const bool block = c.length == static_cast<std::uint8_t>(smbus::size::block);
    const std::size_t count = block ? left : std::min(left, c.length + std::size_t{1});
    std::array<std::uint8_t, longest + 2> sent{};
    std::size_t k = 0;
    if (block)
        sent[k++] = static_cast<std::uint8_t>(count);
    for (std::size_t i = 0; i < count; ++i)
        sent[k++] = reply_.bytes[read_position_++];
    if (c.pec) {
        std::uint8_t crc = smbus::pec(0, static_cast<std::uint8_t>(address() << 1));
        crc = smbus::pec(crc, code);
        crc = smbus::pec(crc, static_cast<std::uint8_t>(address() << 1 | 1));
        for (std::size_t i = 0; i < k; ++i)
            crc = smbus::pec(crc, sent[i]);
        sent[k++] = crc;
    }
    for (std::size_t i = 0; i < n; ++i)
        out[i] = i < k ? sent[i] : 0xFF; // nobody pulls the wire down
    return true;
}

void smbus_slave::run() {
    for (;;) {
        sc_core::wait(started_);
        carry_out();
        busy_ = false;
    }
}

void smbus_slave::carry_out() {
    reply_ = written_;
    reply_.open = true;
    read_position_ = 0;
    if (reply_.what == of_csr)
        access_register();
    else
        access_eeprom();
}

void smbus_slave::access_register() {
    std::uint8_t& command = reply_.bytes[0];
    const bool reads = (command & smbus::csr::read) != 0;
    const std::uint8_t failed = reads ? smbus::csr::read_error : smbus::csr::write_error;
    const std::size_t wanted = reads ? smbus::csr::request_bytes : smbus::csr::write_bytes;
    const std::uint32_t address = std::uint32_t{le16(&reply_.bytes[1])} << 2;
    const bool complete = reply_.count == wanted;
    reply_.count = smbus::csr::reply_bytes;
    if (!complete || !core_.is_register(address)) {
        command = static_cast<std::uint8_t>(command | failed);
        return;
    }
    register_access a{};
    a.byte_mask = 0;
    for (unsigned i = 0; i < 4; ++i)
        if ((command >> i & 1U) != 0)
            a.byte_mask |= 0xFFU << (8 * i);
    if (reads) {
        const std::uint32_t v = a.byte_mask != 0 ? core_.global_read(address, a) & a.byte_mask : 0;
        for (unsigned i = 0; i < 4; ++i)
            reply_.bytes[3 + i] = static_cast<std::uint8_t>(v >> (8 * i));
        return;
    }
    for (unsigned i = 0; i < 4; ++i)
        a.data |= std::uint32_t{reply_.bytes[3 + i]} << (8 * i);
    if (a.byte_mask != 0)
        core_.global_write(address, a);
}

void smbus_slave::access_eeprom() {
    std::uint8_t& command = reply_.bytes[0];
    const bool reads = (command & smbus::eeprom::read) != 0;
    const std::size_t wanted = reads ? smbus::eeprom::request_bytes : smbus::eeprom::write_bytes;
    const bool complete = reply_.count == wanted;
    reply_.count = smbus::eeprom::reply_bytes;
    if (misplaced_ || !complete) {
        misplaced_ = false;
        command = static_cast<std::uint8_t>(command | smbus::eeprom::misplaced);
        if (!complete)
            return;
    }
    const auto master_of =
        static_cast<std::uint8_t>(core_.bank().get_field(sw::SMBUSSTS.at(), sw::SMBUSSTS_MSMBADDR));
    const std::uint8_t usual = master_of != 0 ? master_of : serial_eeprom::default_address;
    const std::uint8_t at = (command & smbus::eeprom::use_given_address) != 0
                                ? static_cast<std::uint8_t>(reply_.bytes[1] >> 1)
                                : usual;
    const std::uint16_t where = le16(&reply_.bytes[2]);
    const bool answered = reads ? core_.eeprom().read(at, where, reply_.bytes[4])
                                : core_.eeprom().write(at, where, reply_.bytes[4]);
    if (!answered)
        command = static_cast<std::uint8_t>(command | smbus::eeprom::no_acknowledge);
}

} // namespace ntb
