#include "engine/runtime/triggers/trigger_input.h"

#include <gtest/gtest.h>

#include "engine/runtime/flow_catalog.h"
#include "tests/support/temp_folder.h"

namespace tideway::runtime {
namespace {

model::FlowDeclaration declared(const char* trigger, const char* config) {
    model::FlowDeclaration out;
    out.title = "Order";
    out.trigger = trigger;
    out.trigger_config = Payload(config);
    return out;
}

std::string refusal(const char* trigger, const char* config) {
    const auto read = read_trigger_input(declared(trigger, config));
    return read ? "" : read.error().message;
}

TEST(TriggerInput, IsReadFromTheDeclarationOfTheTrigger) {
    const auto request = read_trigger_input(
        declared("http_request", R"({"relative_path":"a/{b}","schema":{"type":"object"}})")
    );
    ASSERT_TRUE(request) << request.error().text();
    EXPECT_EQ(request->request->method, "POST");
    EXPECT_EQ(request->request->path->segments.size(), 2U);
    EXPECT_FALSE(request->inputs);
    const auto manual =
        read_trigger_input(declared("manual", R"({"inputs":[{"name":"a","type":"text"}]})"));
    EXPECT_EQ(manual->inputs->size(), 1U);
    EXPECT_FALSE(manual->request);
    EXPECT_FALSE(read_trigger_input(declared("manual", "{}"))->inputs);
    EXPECT_TRUE(read_trigger_input(declared("manual", R"({"inputs":{}})"))->inputs->empty());
}

TEST(TriggerInput, IsRefusedWithWhatIsWrong) {
    EXPECT_NE(refusal("http_request", R"({"method":"HEAD"})"), "");
    EXPECT_NE(refusal("http_request", R"({"method":5})"), "");
    EXPECT_NE(refusal("http_request", R"({"relative_path":"a//b"})"), "");
    EXPECT_NE(refusal("http_request", R"({"schema":{"patternProperties":{}}})"), "");
    EXPECT_NE(refusal("manual", R"({"inputs":[{"name":"a"}]})"), "");
    EXPECT_EQ(refusal("child", R"({"inputs":[{"name":"a"}]})"), "");
}

TEST(TriggerInput, OfARequestIsItsBody) {
    const auto declaration = declared("http_request", R"({"schema":{"type":"object",
        "required":["id"],"properties":{"id":{"type":"string"}}}})");
    const auto wanted = *read_trigger_input(declaration);
    EXPECT_TRUE(check_body(wanted, declaration, {{"body", {{"id", "1"}}}}));
    const auto wrong = check_body(wanted, declaration, {{"body", {{"id", 1}}}});
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("/id"), std::string::npos);
    const auto none = check_body(wanted, declaration, Json::object());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().message.find("The request has no body"), 0U) << none.error().message;
}

TEST(TriggerInput, OfAPersonIsNamedByTheFlow) {
    const auto declaration =
        declared("manual", R"({"inputs":[{"name":"a","type":"text","required":true}]})");
    const auto wanted = *read_trigger_input(declaration);
    const auto wrong = manual_event(wanted, declaration, Json::object());
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message.find("The input of 'Order' is not right: /a"), 0U)
        << wrong.error().message;
    EXPECT_EQ(*manual_event({}, declaration, Json(5)), Json(5));
}

TEST(TriggerInput, OfAVersionThatAnOlderProgramStoredIsAnything) {
    const tests::TempFolder folder;
    store::SqliteOptions options;
    options.path = folder.file("tideway.db");
    const auto store = store::open_sqlite(options);
    ASSERT_TRUE(store) << store.error().text();
    const auto registry = connector::Registry::create({});
    ASSERT_TRUE(registry) << registry.error().text();
    model::FlowVersion version;
    version.pack = "pack";
    version.flow = "order";
    version.files["pack.json"] = R"({"name":"pack","version":"1.0.0"})";
    version.files["order.lua"] =
        "return flow { title = 'T', run = function() end,"
        " trigger = trigger.manual { inputs = { { name = 'a', type = 'integer' } } } }";
    version.hash = model::content_hash(version);
    const auto stored = submit_blocking(**store, {{store::PutVersion{version}}});
    ASSERT_TRUE(stored) << stored.error().text();
    ASSERT_TRUE(
        submit_blocking(**store, {{store::PutFlow{"pack", "order", "T", stored->front().id}}})
    );
    FlowCatalog catalog(**store, **registry);
    const Status loaded = catalog.load();
    ASSERT_TRUE(loaded) << loaded.error().text();
    EXPECT_FALSE(catalog.flow("order")->published->input.inputs);
}

}  // namespace
}  // namespace tideway::runtime
