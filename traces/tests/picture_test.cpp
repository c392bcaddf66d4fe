// SPDX-License-Identifier: Apache-2.0
// Diagram and viewer layout: well-formed, complete, and true to the waveform.
#include <boost/test/unit_test.hpp>
#include <map>

#include "traces/diagram/svg_canvas.h"
#include "traces/diagram/time_axis.h"
#include "traces/diagram/timing_diagram.h"
#include "traces/diagram/wavejson.h"
#include "traces/layout/gtkwave_layout.h"
#include "traces/signal_selection.h"
#include "traces/tests/ping_pong.h"
#include "traces/tests/support.h"
#include "traces/trace_error.h"
#include "traces/vcd_recorder.h"

namespace ntb::traces::test {
namespace {

using attributes = std::map<std::string, std::string>;

struct element {
    std::string name;
    attributes values;
    std::string text;
};

/// A small strict XML reader: throws on anything that is not well-formed (of what we write).
std::vector<element> parse_xml(const std::string& xml) {
    const auto bad = [](const std::string& why) { throw std::runtime_error(why); };
    std::vector<element> elements;
    std::vector<std::size_t> open;
    std::size_t at = 0;
    const std::string declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    if (xml.compare(0, declaration.size(), declaration) != 0)
        bad("no declaration");
    at = declaration.size();
    bool root_closed = false;
    while (at < xml.size()) {
        if (xml[at] != '<') {
            const char c = xml[at];
            if (c == '&') {
                const std::size_t end = xml.find(';', at);
                const std::string entity = xml.substr(at, end - at + 1);
                if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;")
                    bad("entity " + entity);
            } else if (c == '>' || (static_cast<unsigned char>(c) < ' ' && c != '\n')) {
                bad("character");
            }
            if (open.empty() && c != '\n')
                bad("text outside");
            if (!open.empty())
                elements[open.back()].text += c;
            ++at;
            continue;
        }
        std::size_t end = xml.find('>', at);
        if (end == std::string::npos)
            bad("tag without end");
        std::string tag = xml.substr(at + 1, end - at - 1);
        at = end + 1;
        if (tag[0] == '/') {
            if (open.empty() || elements[open.back()].name != tag.substr(1))
                bad("closing " + tag);
            open.pop_back();
            root_closed = open.empty();
            continue;
        }
        if (root_closed)
            bad("second root");
        const bool empty = tag.back() == '/';
        if (empty)
            tag.pop_back();
        element e;
        std::size_t i = tag.find_first_of(" \n");
        e.name = tag.substr(0, i);
        while (i != std::string::npos && (i = tag.find_first_not_of(' ', i)) != std::string::npos) {
            const std::size_t equals = tag.find("=\"", i);
            if (equals == std::string::npos)
                bad("attribute in " + tag);
            const std::size_t close = tag.find('"', equals + 2);
            if (close == std::string::npos)
                bad("attribute value in " + tag);
            const std::string value = tag.substr(equals + 2, close - equals - 2);
            if (value.find('<') != std::string::npos)
                bad("attribute value " + value);
            if (!e.values.emplace(tag.substr(i, equals - i), value).second)
                bad("attribute twice in " + tag);
            i = close + 1;
        }
        elements.push_back(e);
        if (!empty)
            open.push_back(elements.size() - 1);
    }
    if (!open.empty() || !root_closed)
        bad("element without end");
    return elements;
}

struct box {
    double x1, y1, x2, y2;
    std::string text;
};

/// Where the texts of a diagram are; halos (drawn before the text itself) left out.
std::vector<box> text_boxes(const std::string& svg) {
    std::vector<box> boxes;
    for (const element& e : parse_xml(svg)) {
        if (e.name != "text" || e.values.at("fill") == "none")
            continue;
        const double size = std::stod(e.values.at("font-size"));
        const bool mono = e.values.at("font-family").find("Mono") != std::string::npos;
        const double width = text_width(e.text, size, mono) * 0.97; // the estimate is an upper one
        double x = std::stod(e.values.at("x"));
        const double y = std::stod(e.values.at("y"));
        if (e.values.at("text-anchor") == "end")
            x -= width;
        else if (e.values.at("text-anchor") == "middle")
            x -= width / 2;
        boxes.push_back({x, y - size * 0.8, x + width, y + size * 0.2, e.text});
    }
    return boxes;
}

struct fixture {
    temporary_directory directory;
    std::string path = directory.file("t.vcd");

    void play(const ping_pong_timing& timing = {}, unsigned rings = 20) const {
        vcd_recorder r({path});
        ping_pong model(r, timing);
        for (unsigned i = 0; i < rings; ++i)
            model.ring(i & 1U);
        r.close(model.now());
    }
    [[nodiscard]] std::string draw() const {
        return draw_timing_diagram(find_exchange(path, std::nullopt, std::nullopt));
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(picture, fixture)

BOOST_AUTO_TEST_CASE(the_diagram_is_well_formed_and_needs_nothing_external) {
    play();
    const std::string svg = draw();
    const std::vector<element> elements = parse_xml(svg);
    BOOST_TEST(elements.front().name == "svg");
    BOOST_TEST(elements.size() > 100U);
    BOOST_TEST(svg.find("href") == std::string::npos);
    BOOST_TEST(svg.find("@import") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_first_exchange_with_its_answer_is_shown) {
    play();
    const exchange_window w = find_exchange(path, std::nullopt, std::nullopt);
    BOOST_REQUIRE(w.deliveries.size() == 2U);
    BOOST_TEST(w.deliveries[0].from == 0U);
    BOOST_TEST(w.deliveries[1].from == 2U);
    BOOST_TEST(w.begin_ps < 100000U);
    BOOST_TEST(w.choice.substr(0, 23) == "answered doorbell 1 of ");
    BOOST_TEST(w.lanes.size() == 12U);
    for (const lane& l : w.lanes)
        BOOST_TEST(!l.values.empty());
}

BOOST_AUTO_TEST_CASE(an_exchange_with_too_much_in_it_gives_way_to_one_that_can_be_read) {
    {
        vcd_recorder r({path});
        ping_pong model(r);
        model.ring(0);
        model.poll(1, 500);
        for (const unsigned side : {1U, 0U, 1U})
            model.ring(side);
        r.close(model.now());
    }
    const exchange_window w = find_exchange(path, std::nullopt, std::nullopt);
    BOOST_TEST(w.choice == "answered doorbell 2 of 3");
    BOOST_REQUIRE(w.deliveries.size() == 2U);
    BOOST_TEST(w.deliveries[0].from == 2U);
    BOOST_TEST(find_exchange(path, w.begin_ps, w.end_ps).choice.empty());
}

BOOST_AUTO_TEST_CASE(where_every_answer_is_too_far_a_doorbell_is_shown_alone) {
    {
        vcd_recorder r({path});
        ping_pong model(r);
        for (unsigned i = 0; i < 4; ++i) {
            model.ring(i & 1U);
            model.poll(1, 500);
        }
        r.close(model.now());
    }
    const exchange_window w = find_exchange(path, std::nullopt, std::nullopt);
    BOOST_TEST(w.deliveries.size() == 1U);
    BOOST_TEST(w.choice == "doorbell 1 of 4, too much happens before an answer for one picture");
    parse_xml(draw_timing_diagram(w));
}

BOOST_AUTO_TEST_CASE(the_diagram_tells_the_measured_latencies_and_packets) {
    play();
    const std::string svg = draw();
    for (const char* text :
         {"write to peer MSI 112 ns (28 cycles)", "write to peer INDBELLSTS 96 ns (24 cycles)",
          "INDBELLSTS to MSI 16 ns (4 cycles)", "MWr OUTDBELLSET 0x1", "MSI 0xfee00000 0x41",
          "Doorbell from port 0 to port 2, and its answer", "nt.indbellsts", "time in ns"})
        BOOST_TEST(svg.find(text) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_changed_number_of_the_timing_changes_the_diagram) {
    play();
    const std::string before = draw();
    ping_pong_timing timing;
    timing.doorbell = 9;
    play(timing);
    BOOST_TEST(draw().find("write to peer MSI 116 ns (29 cycles)") != std::string::npos);
    BOOST_TEST(draw() != before);
}

BOOST_AUTO_TEST_CASE(no_two_labels_overlap_and_none_leaves_the_picture) {
    for (const std::uint64_t host : {1U, 20U, 60U, 3000U, 4000000U}) {
        for (const std::uint64_t egress : {1U, 12U}) {
            ping_pong_timing timing;
            timing.host = host;
            timing.egress = egress;
            play(timing);
            const std::string svg = draw();
            const double width = std::stod(parse_xml(svg).front().values.at("width"));
            const double height = std::stod(parse_xml(svg).front().values.at("height"));
            const std::vector<box> boxes = text_boxes(svg);
            BOOST_TEST(boxes.size() > 30U);
            for (std::size_t i = 0; i < boxes.size(); ++i) {
                const box& a = boxes[i];
                BOOST_TEST((a.x1 >= 0 && a.x2 <= width && a.y1 >= 0 && a.y2 <= height), a.text);
                for (std::size_t j = 0; j < i; ++j) {
                    const box& b = boxes[j];
                    const bool apart = a.x2 <= b.x1 || b.x2 <= a.x1 || a.y2 <= b.y1 || b.y2 <= a.y1;
                    BOOST_TEST(apart, a.text + " / " + b.text);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_chosen_span_is_shown_as_it_is) {
    play();
    const exchange_window w = find_exchange(path, 0, 3000000);
    BOOST_TEST(w.begin_ps == 0U);
    BOOST_TEST(w.end_ps == 3000000U);
    BOOST_TEST(w.deliveries.size() == 5U);
    parse_xml(draw_timing_diagram(w));
}

BOOST_AUTO_TEST_CASE(chosen_signals_are_shown_in_the_order_of_their_patterns) {
    play();
    diagram_options o;
    o.from_ps = 0;
    o.to_ps = 1000000;
    o.signals = "switch.sests,switch.port2.nt.msi*,*.link.rx.tlp,switch.port2.nt.msi";
    o.title = "What I want";
    o.marks = {{500000, "here"}, {5000000, "outside"}};
    const exchange_window w = find_exchange(path, o);
    std::vector<std::string> names;
    for (const lane& l : w.lanes)
        names.push_back(std::to_string(l.port) + ' ' + l.name);
    const std::vector<std::string> expected{"24 sests", "2 nt.msi", "2 nt.msi_count",
                                            "0 link.rx.tlp", "2 link.rx.tlp"};
    BOOST_TEST(names == expected, boost::test_tools::per_element());
    const std::string svg = draw_timing_diagram(w);
    parse_xml(svg);
    for (const char* text : {"What I want", ">here<", ">Switch<", ">nt.msi_count<"})
        BOOST_TEST(svg.find(text) != std::string::npos, text);
    BOOST_TEST(svg.find("outside") == std::string::npos);
    o.signals = "switch.port7.*";
    BOOST_CHECK_THROW((void)find_exchange(path, o), trace_error);
}

BOOST_AUTO_TEST_CASE(a_doorbell_without_an_interrupt_is_shown_up_to_its_status) {
    {
        vcd_recorder r({path});
        r.declare_bits("switch.core_clock_ps", 32, 4000);
        const signal_id set = r.declare_bits("switch.port0.nt.outdbellset", 32, 0);
        const signal_id status = r.declare_bits("switch.port2.nt.indbellsts", 32, 0);
        r.declare_bits("switch.port2.nt.indbellmsk", 32, 1);
        r.pulse(set, 100000, 104000, 1);
        r.set(status, 132000, 1);
        r.close(200000);
    }
    const std::string svg = draw_timing_diagram(find_exchange(path, 90000, 190000));
    BOOST_TEST(svg.find("write to peer INDBELLSTS 32 ns (8 cycles)") != std::string::npos);
    BOOST_TEST(svg.find("peer MSI") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(wavejson_has_a_column_per_cycle_and_gaps_where_nothing_happens) {
    {
        vcd_recorder r({path});
        r.declare_bits("switch.core_clock_ps", 32, 4000);
        const signal_id wire = r.declare_bits("switch.port0.nt.msi", 1, 0);
        const signal_id vector = r.declare_bits("switch.port0.nt.indbellsts", 32, 3);
        const signal_id text = r.declare_text("switch.port0.link.rx.tlp");
        r.pulse(wire, 4000, 8000, 1);
        r.set(vector, 8000, 17);
        r.text(text, 8000, 8000, 12000, "a \"quoted\" one");
        r.set(vector, 400000, 0);
        r.close(408000);
    }
    diagram_options o;
    o.from_ps = 0;
    o.to_ps = 408000;
    o.signals = "*.msi,*.indbellsts,*.tlp";
    const std::string json = wavejson(find_exchange(path, o));
    for (const char* text :
         {R"({"name": "nt.msi", "wave": "010..|..."})",
          R"({"name": "nt.indbellsts", "wave": "=.=..|.=.", "data": ["0x3", "0x11", "0x0"]})",
          R"({"name": "link.rx.tlp", "wave": "z.=z.|...", "data": ["a \"quoted\" one"]})"})
        BOOST_TEST(json.find(text) != std::string::npos, text << " in " << json);
}

BOOST_AUTO_TEST_CASE(a_span_without_exchange_still_shows_its_signals) {
    play();
    const std::string svg = draw_timing_diagram(find_exchange(path, 20000, 90000));
    parse_xml(svg);
    BOOST_TEST(svg.find("Ports 0 and 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(messages_are_drawn_where_there_are_no_doorbells) {
    const std::string svg =
        draw_timing_diagram(find_exchange(NTBSIM_TRACES_TEST_DATA "/exchange.vcd", 500000, 590000));
    parse_xml(svg);
    BOOST_TEST(svg.find("Message from port 2 to port 0") != std::string::npos);
    BOOST_TEST(svg.find("write to peer MSI 76 ns (19 cycles)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_waveform_without_exchange_is_an_error_that_says_what_to_do) {
    play({}, 0);
    BOOST_CHECK_EXCEPTION((void)draw(), trace_error, [](const trace_error& e) {
        return std::string(e.what()).find("--from and --to") != std::string::npos;
    });
    BOOST_CHECK_THROW((void)find_exchange(path, 5000000, 4000000), trace_error);
}

BOOST_AUTO_TEST_CASE(a_span_with_too_much_in_it_is_refused) {
    play({}, 1000);
    BOOST_CHECK_THROW((void)find_exchange(path, 0, 400000000), trace_error);
}

BOOST_AUTO_TEST_CASE(text_of_a_waveform_cannot_break_out_of_the_picture) {
    {
        vcd_recorder r({path});
        const signal_id tlp = r.declare_text("switch.port0.link.rx.tlp");
        r.declare_bits("switch.port2.nt.msi", 1, 0);
        r.text(tlp, 4000, 4000, 8000, "</text><script>alert(\"x\")</script>&amp;");
        r.close(100000);
    }
    const std::string svg = draw_timing_diagram(find_exchange(path, 0, 50000));
    for (const element& e : parse_xml(svg))
        BOOST_TEST(e.name != "script");
}

BOOST_AUTO_TEST_CASE(idle_time_is_cut_out_of_the_axis_and_order_is_kept) {
    const std::vector<std::uint64_t> events{0, 10000, 1000000, 1004000, 9000000};
    const time_axis axis(0, 9000000, events, 200000, 4000, 100, 1000);
    BOOST_TEST(axis.spans().size() == 3U);
    double last = 0;
    for (std::uint64_t t = 0; t <= 9000000; t += 50000) {
        BOOST_TEST(axis.x(t) >= last);
        last = axis.x(t);
    }
    BOOST_TEST(axis.x(0) == 100);
    BOOST_TEST(axis.x(9000000) == axis.right());
}

BOOST_AUTO_TEST_CASE(a_topic_shows_what_belongs_to_it_and_no_more) {
    play();
    const std::string all = gtkwave_layout(path, "t.vcd");
    for (const layout_topic topic : layout_topics) {
        const std::string text = gtkwave_layout(path, "t.vcd", topic);
        BOOST_TEST(text.find("switch.port0.link.rx.tlp") != std::string::npos);
        BOOST_TEST(text.size() < all.size());
    }
    const std::string bells = gtkwave_layout(path, "t.vcd", layout_topic::doorbells);
    BOOST_TEST(bells.find("switch.port2.nt.indbellsts[31:0]") != std::string::npos);
    BOOST_TEST(bells.find("switch.sests") == std::string::npos);
    const std::string interrupts = gtkwave_layout(path, "t.vcd", layout_topic::interrupts);
    BOOST_TEST(interrupts.find("switch.port2.nt.ntintmsk[31:0]") != std::string::npos);
    BOOST_TEST(interrupts.find("outdbellset") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_layout_groups_every_signal_of_a_port_once) {
    play();
    const std::string layout = gtkwave_layout(path, "sub/t.vcd");
    BOOST_TEST(layout.find("[dumpfile] \"sub/t.vcd\"\n[savefile] ") != std::string::npos);
    const vcd_reader reader(path);
    for (const vcd_signal& s : reader.signals()) {
        if (s.name == "switch.core_clock_ps")
            continue;
        const std::string name =
            s.name + (s.width == 1 ? "" : '[' + std::to_string(s.width - 1) + ":0]") + '\n';
        const std::size_t first = layout.find(name);
        BOOST_TEST(first != std::string::npos, s.name);
        BOOST_TEST(layout.find('\n' + name, first) == std::string::npos, s.name);
    }
    for (const char* group : {"port 0: link", "port 0: doorbells", "port 2: interrupts",
                              "switch: events and global registers"}) {
        const std::size_t begin = layout.find(std::string("@800200\n-") + group + '\n');
        BOOST_TEST(begin != std::string::npos, group);
        BOOST_TEST(layout.find(std::string("@1000200\n-") + group + '\n', begin) !=
                   std::string::npos);
    }
    BOOST_TEST(layout.find("@820\n+{rx tlp (from host)} switch.port0.link.rx.tlp\n") !=
               std::string::npos);
    BOOST_TEST(layout.find("@22\nswitch.port0.nt.indbellsts[31:0]\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
