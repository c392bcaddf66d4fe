// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/vfio_user/capabilities.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tlm_bridge/device.h"
#include "tlm_bridge/vfio_user/wire.h"

namespace ntb::vfio_user {
namespace {

/// Reads an optional unsigned number; false if it is something else.
bool read_number(const nlohmann::json& object, const char* key, std::uint64_t& value) {
    const auto it = object.find(key);
    if (it == object.end()) {
        return true;
    }
    const auto* number = it->get_ptr<const nlohmann::json::number_unsigned_t*>();
    if (number == nullptr || *number == 0) {
        return false;
    }
    value = *number;
    return true;
}

} // namespace

client_capabilities parse_capabilities(bridge::const_bytes data) {
    client_capabilities result;
    if (data.size == 0) {
        return result;
    }
    result.valid = false;
    if (data.size > wire::max_version_data ||
        std::memchr(data.data, 0, data.size) != data.data + data.size - 1) {
        return result; // not one text with its terminating NUL
    }
    const auto* text = reinterpret_cast<const char*>(data.data);
    const auto json = nlohmann::json::parse(text, text + data.size - 1, nullptr,
                                            /*allow_exceptions=*/false);
    if (!json.is_object()) { // also when discarded as no JSON
        return result;
    }
    const auto it = json.find("capabilities");
    if (it == json.end()) {
        result.valid = true;
        return result;
    }
    if (!it->is_object() || !read_number(*it, "max_msg_fds", result.max_msg_fds) ||
        !read_number(*it, "max_data_xfer_size", result.max_data_xfer_size) ||
        !read_number(*it, "max_dma_maps", result.max_dma_maps)) {
        return result;
    }
    if (const auto multi = it->find("write_multiple"); multi != it->end()) {
        if (!multi->is_boolean()) {
            return result;
        }
        result.write_multiple = multi->get<bool>();
    }
    result.valid = true;
    return result;
}

std::string server_capabilities(const client_capabilities& client) {
    nlohmann::json ours{
        {"max_msg_fds", wire::max_msg_fds},
        {"max_data_xfer_size", wire::max_data_xfer_size},
        {"max_dma_maps", std::min<std::uint64_t>(client.max_dma_maps, bridge::max_dma_maps)}};
    if (client.write_multiple) {
        ours["write_multiple"] = true;
    }
    return nlohmann::json{{"capabilities", ours}}.dump();
}

} // namespace ntb::vfio_user
