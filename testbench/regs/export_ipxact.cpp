// SPDX-License-Identifier: Apache-2.0
// IP-XACT (IEEE 1685-2014): one component, one memory map with one address block a space. The
// order of elements is the schema's. How the map is said in it:
//  - families are dimensions; one at a stride is a registerFile of that range (families.h), for
//    the standard's arrays are dense;
//  - access: ro `read-only`, rw `read-write`, rw1c and rw1s `read-write` with modifiedWriteValue
//    oneToClear and oneToSet, wo `write-only`, reserved `read-only` and `reserved`;
//  - volatile where the device may change the field: ro with a behaviour, rw1c, rw1s;
//  - resets: the plain one is the fundamental reset; a second one of the type HOT stands where a
//    hot reset resets the field, too (without it the field is sticky);
//  - what has no known place is a vendor extension, too: ntb:declaredRegister of its address block,
//    ntb:declaredField of its register;
//  - what the standard has no element for is a vendor extension in a namespace of ours.
#include "testbench/regs/export.h"
#include "testbench/regs/families.h"
#include "testbench/regs/words.h"

namespace ntb::regs {

namespace ipxact {
namespace {

constexpr std::string_view preamble =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Registers of the 89HPES24NT6AG2, generated from the model's register map
     (ntbsim regs export: format ipxact). Vendor extensions: see docs/exports.md. -->
<ipxact:component xmlns:ipxact="http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.accellera.org/XMLSchema/IPXACT/1685-2014 http://www.accellera.org/XMLSchema/IPXACT/1685-2014/index.xsd"
    xmlns:ntb="urn:ntbsim:registers">
)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else
            out += c;
    }
    return out;
}

class writer {
public:
    void open(std::string_view name) {
        line("<" + std::string(name) + ">");
        ++depth_;
    }
    void close(std::string_view name) {
        --depth_;
        line("</" + std::string(name) + ">");
    }
    void element(std::string_view name, std::string_view text) {
        line("<" + std::string(name) + ">" + escaped(text) + "</" + std::string(name) + ">");
    }
    void element_if(std::string_view name, std::string_view text) {
        if (!text.empty())
            element(name, text);
    }
    void element(std::string_view name, std::size_t number) {
        element(name, std::to_string(number));
    }
    void line(const std::string& text) {
        out_.append(std::size_t{1} * depth_, ' ').append(text).append(1, '\n');
    }
    [[nodiscard]] const std::string& text() const { return out_; }

private:
    std::string out_{};
    unsigned depth_ = 1;
};

/// A number as the standard's expressions write it.
std::string number(std::uint32_t value) {
    return "'h" + hex(value, 1).substr(2);
}

void write_reset(writer& out, const field& f, std::string_view attributes) {
    out.line("<ipxact:reset" + std::string(attributes) + "><ipxact:value>" + number(f.reset) +
             "</ipxact:value></ipxact:reset>");
}

void write_access(writer& out, const reg& r, const field& f) {
    const bool hardware_writes = f.policy == access::rw1c || f.policy == access::rw1s ||
                                 (f.policy == access::ro && !r.behaviour.empty());
    out.element("ipxact:volatile", hardware_writes ? "true" : "false");
    switch (f.policy) {
    case access::ro:
        out.element("ipxact:access", "read-only");
        break;
    case access::rw:
        out.element("ipxact:access", "read-write");
        break;
    case access::rw1c:
        out.element("ipxact:access", "read-write");
        out.element("ipxact:modifiedWriteValue", "oneToClear");
        break;
    case access::rw1s:
        out.element("ipxact:access", "read-write");
        out.element("ipxact:modifiedWriteValue", "oneToSet");
        break;
    case access::wo:
        out.element("ipxact:access", "write-only");
        break;
    case access::reserved:
        out.element("ipxact:access", "read-only");
        out.element("ipxact:reserved", "1");
        break;
    }
}

void write_field(writer& out, const reg& r, const field& f) {
    out.open("ipxact:field");
    out.element("ipxact:name", f.name);
    out.element_if("ipxact:description", f.gloss);
    out.element("ipxact:bitOffset", f.lsb);
    out.open("ipxact:resets");
    write_reset(out, f, "");
    if (f.on_hot_reset == hot_reset::resets)
        write_reset(out, f, " resetTypeRef=\"HOT\"");
    out.close("ipxact:resets");
    out.element("ipxact:bitWidth", f.msb - f.lsb + 1U);
    write_access(out, r, f);
    out.open("ipxact:vendorExtensions");
    out.element("ntb:resetConfidence", word_of(f.reset_confidence));
    out.close("ipxact:vendorExtensions");
    out.close("ipxact:field");
}

void write_declared_field(writer& out, const declared_field& f) {
    out.open("ntb:declaredField");
    out.element("ntb:name", f.name);
    out.element_if("ntb:description", f.gloss);
    if (f.width != 0)
        out.element("ntb:width", std::size_t{f.width});
    out.element("ntb:access", word_of(f.policy));
    out.element("ntb:reset", std::size_t{f.reset});
    out.element("ntb:resetConfidence", word_of(f.reset_confidence));
    out.element("ntb:hotReset", word_of(f.on_hot_reset));
    out.element("ntb:source", f.source);
    out.close("ntb:declaredField");
}

/// Sources, behaviours, and fields without a position.
void write_facts(writer& out, const space& s, const reg& r) {
    out.element("ntb:source", r.source);
    out.element_if("ntb:behaviour", r.behaviour);
    out.element("ntb:confidence", word_of(r.sureness));
    if (r.dword_only)
        out.element("ntb:dwordOnly", "true");
    for_each_declared_field(s, r,
                            [&out](const declared_field& f) { write_declared_field(out, f); });
}

void write_declared_register(writer& out, const space& s, const reg& r) {
    out.open("ntb:declaredRegister");
    out.element("ntb:name", r.name);
    out.element("ntb:description", r.description);
    out.element("ntb:size", std::size_t{r.size} * 8U);
    for (std::size_t i = 0; i < r.field_count(); ++i)
        write_field(out, r, r.fields[i]);
    write_facts(out, s, r);
    out.close("ntb:declaredRegister");
}

void write_node(writer& out, const space& s, const family_node& n, std::uint32_t base) {
    const std::string_view index(&n.array.letter, n.is_array() ? 1 : 0);
    out.open(n.row != nullptr ? "ipxact:register" : "ipxact:registerFile");
    out.element("ipxact:name", n.name);
    out.element_if("ipxact:displayName", n.label);
    if (n.row != nullptr)
        out.element_if("ipxact:description", n.row->description);
    if (n.is_array())
        out.element("ipxact:dim", n.array.count);
    out.element("ipxact:addressOffset", number(n.offset - base));
    if (n.row != nullptr) {
        out.element("ipxact:size", std::size_t{n.row->size} * 8U);
        for (std::size_t i = 0; i < n.row->field_count(); ++i)
            write_field(out, *n.row, n.row->fields[i]);
        out.open("ipxact:vendorExtensions");
        out.element_if("ntb:index", index);
        write_facts(out, s, *n.row);
        out.close("ipxact:vendorExtensions");
        out.close("ipxact:register");
        return;
    }
    out.element("ipxact:range", number(n.array.stride));
    for (const family_node& child : n.children)
        write_node(out, s, child, 0);
    out.open("ipxact:vendorExtensions");
    out.element("ntb:index", index);
    out.close("ipxact:vendorExtensions");
    out.close("ipxact:registerFile");
}

void write_space(writer& out, const space& s) {
    out.open("ipxact:memoryMap");
    out.element("ipxact:name", s.name);
    out.element("ipxact:displayName", s.title);
    out.element("ipxact:description", s.reached_by);
    out.open("ipxact:addressBlock");
    out.element("ipxact:name", "registers");
    out.element("ipxact:baseAddress", number(s.base));
    out.element("ipxact:range", number(s.bytes));
    out.element("ipxact:width", std::size_t{32});
    out.element("ipxact:usage", "register");
    for (const family_node& n : families_of(s))
        write_node(out, s, n, s.base);
    if (s.declared_count != 0) {
        out.open("ipxact:vendorExtensions");
        for (std::size_t i = 0; i < s.declared_count; ++i)
            write_declared_register(out, s, s.declared[i]);
        out.close("ipxact:vendorExtensions");
    }
    out.close("ipxact:addressBlock");
    out.element("ipxact:addressUnitBits", std::size_t{8});
    out.close("ipxact:memoryMap");
}

} // namespace
} // namespace ipxact

std::string export_ipxact() {
    using namespace ipxact;
    writer out;
    out.element("ipxact:vendor", "ntbsim");
    out.element("ipxact:library", "registers");
    out.element("ipxact:name", "ntb_switch");
    out.element("ipxact:version", "1");
    out.open("ipxact:memoryMaps");
    for (const space& s : spaces)
        write_space(out, s);
    out.close("ipxact:memoryMaps");
    out.open("ipxact:resetTypes");
    out.open("ipxact:resetType");
    out.element("ipxact:name", "HOT");
    out.element("ipxact:description", "Hot reset; a field without one keeps its value over it");
    out.close("ipxact:resetType");
    out.close("ipxact:resetTypes");
    out.element("ipxact:description",
                "IDT/Renesas PCI Express switch with non-transparent bridging");
    return std::string(preamble) + out.text() + "</ipxact:component>\n";
}

} // namespace ntb::regs
