// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/peer/record.h"

namespace ntb::peer {

bool well_formed(const layout::slot_header& h, bool first) {
    if (h.kind == 0 || h.kind > last_record_kind || h.bytes > layout::slot_data_bytes)
        return false;
    const auto kind = static_cast<record_kind>(h.kind);
    if ((kind == record_kind::continued) == first)
        return false;
    const std::uint32_t limit = kind == record_kind::memory_write || kind == record_kind::continued
                                    ? 2 * max_request_bytes
                                    : max_request_bytes;
    if (h.total > limit || h.bytes > h.total || h.port >= max_ports || h.from_port >= max_ports ||
        h.partition >= max_partitions)
        return false;
    switch (kind) {
    case record_kind::crossing:
        return h.index < crossing::kinds && h.total == 0;
    case record_kind::register_read:
    case record_kind::register_write:
    case record_kind::word:
    case record_kind::writes_settle:
        return h.total == 0;
    case record_kind::memory_read:
        return h.total == 0 && h.value != 0 && h.value <= max_request_bytes;
    case record_kind::memory_write:
        return h.total != 0 && ((h.flags & flag_byte_enables) != 0 ? h.total % 2 == 0
                                                                   : h.total <= max_request_bytes);
    case record_kind::completion:
        return true;
    case record_kind::continued:
        return h.bytes != 0;
    }
    return false;
}

layout::slot_header encode(const crossing& c) {
    layout::slot_header h{};
    h.kind = static_cast<std::uint16_t>(record_kind::crossing);
    h.index = static_cast<std::uint8_t>(c.kind);
    h.port = static_cast<std::uint8_t>(c.port.value());
    h.from_port = static_cast<std::uint8_t>(c.from_port.value());
    h.partition = static_cast<std::uint8_t>(c.partition.value());
    h.from_index = c.from_index;
    h.mask = c.index;
    h.flags = c.flag ? flag_set : std::uint8_t{0};
    h.value = c.value;
    h.tag = c.tag;
    return h;
}

crossing decode_crossing(const layout::slot_header& h) {
    crossing c{};
    c.kind = static_cast<crossing::what>(h.index);
    c.port = port_number(h.port);
    c.from_port = port_number(h.from_port);
    c.partition = partition_number(h.partition);
    c.from_index = h.from_index;
    c.index = static_cast<std::uint8_t>(h.mask & 0xFFU);
    c.flag = (h.flags & flag_set) != 0;
    c.value = h.value;
    c.tag = h.tag;
    return c;
}

} // namespace ntb::peer
