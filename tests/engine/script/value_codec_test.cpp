// JSON <-> Lua through a script: decode of the event, encode of the result.
#include "engine/script/value_codec.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

// The event, through the script and back.
std::string round_trip(const std::string& json) {
    return run_body("return event", json).value();
}

std::string encoded(const std::string& expression) {
    return run_body("return json.encode(" + expression + ")").value();
}

std::string refused(const std::string& expression) {
    return encoded(expression);
}

TEST(ValueCodec, WritesCanonicalJson) {
    EXPECT_EQ(
        round_trip(R"( { "b" : [ 1 , 2.50 , "x" ] , "a" : { } } )"), R"({"a":{},"b":[1,2.5,"x"]})"
    );
}

TEST(ValueCodec, KeepsEmptyListsAndObjectsApart) {
    EXPECT_EQ(round_trip(R"({"a":[],"b":{},"c":[[],{}]})"), R"({"a":[],"b":{},"c":[[],{}]})");
    EXPECT_EQ(encoded("{ {}, array {}, array { 1 } }"), R"("[{},[],[1]]")");
}

TEST(ValueCodec, RemembersNullKeysUntilTheyAreAssigned) {
    EXPECT_EQ(round_trip(R"({"a":null,"b":1})"), R"({"a":null,"b":1})");
    const std::string event = R"({"a":null,"b":null,"c":null})";
    EXPECT_EQ(
        run_body("event.a = 1 event.b = nil return event", event).value(), R"({"a":1,"c":null})"
    );
    EXPECT_EQ(
        run_body("event.a = 1 event.a = nil return event", event).value(), R"({"b":null,"c":null})"
    );
    EXPECT_EQ(
        run_body(
            "local n = 0 for _ in pairs(event) do n = n + 1 end\n"
            "return { event.a == nil, json.is_null(event, 'a'), json.is_null(event, 'x'), n,\n"
            "  next(event) == nil }",
            event
        )
            .value(),
        "[true,true,false,0,true]"
    );
}

TEST(ValueCodec, TheLastOfTwoEqualKeysCounts) {
    EXPECT_EQ(round_trip(R"({"a":null,"a":1})"), R"({"a":1})");
    EXPECT_EQ(round_trip(R"({"a":1,"a":null})"), R"({"a":null})");
}

TEST(ValueCodec, NullStaysInListsAndCanBeWrittenAnywhere) {
    EXPECT_EQ(round_trip("[null,1,null]"), "[null,1,null]");
    EXPECT_EQ(run_body("return { #event, event[1] == null }", "[null,1,null]").value(), "[3,true]");
    EXPECT_EQ(encoded("{ a = null }"), R"("{\"a\":null}")");
}

TEST(ValueCodec, KeepsSixtyFourBitIntegersAndFloats) {
    EXPECT_EQ(
        round_trip("[9223372036854775807,-9223372036854775808,1.0,0.1,1e22,-0.0,1e-7,123456.789]"),
        "[9223372036854775807,-9223372036854775808,1.0,0.1,1e+22,-0.0,1e-07,123456.789]"
    );
    EXPECT_EQ(round_trip("[1.10,100.0,5e-324]"), "[1.1,100.0,5e-324]");
}

TEST(ValueCodec, NumbersThatADoubleCannotHoldBecomeDecimalText) {
    EXPECT_EQ(
        round_trip("[18446744073709551616,0.12345678901234567890,1e400,12345678901234.5678]"),
        R"(["18446744073709551616","0.12345678901234567890","1e400","12345678901234.5678"])"
    );
}

TEST(ValueCodec, RefusesNumbersWithoutAJsonForm) {
    EXPECT_THAT(refused("{ a = 0/0 }"), testing::HasSubstr("$.a is not a finite number"));
    EXPECT_THAT(refused("{ { 1/0 } }"), testing::HasSubstr("$[1][1] is not a finite number"));
}

TEST(ValueCodec, NamesThePlaceOfAValueWithoutAJsonForm) {
    EXPECT_THAT(
        refused("{ row = { items = { 1, 2, print or pairs } } }"),
        testing::HasSubstr("$.row.items[3] is a function")
    );
    EXPECT_THAT(refused("{ a = { 1, nil, 3 } }"), testing::HasSubstr("$.a is a list with holes"));
    EXPECT_THAT(refused("{ 1, x = 2 }"), testing::HasSubstr("$ has numbers and text as keys"));
    EXPECT_THAT(refused("{ [true] = 2 }"), testing::HasSubstr("$ has a boolean as a key"));
    EXPECT_THAT(refused("{ [1.5] = 2 }"), testing::HasSubstr("$ has a number as a key"));
}

TEST(ValueCodec, RefusesTextThatIsNotUtf8) {
    EXPECT_THAT(refused("{ a = '\\xff' }"), testing::HasSubstr("$.a is text that is not UTF-8"));
    for (const char* bad :
         {"\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\""}) {
        EXPECT_THAT(round_trip(bad), testing::HasSubstr("InvalidJSON")) << bad;
    }
}

TEST(ValueCodec, RefusesTablesThatContainThemselves) {
    EXPECT_THAT(
        run_body("local t = {} t.t = t return t").value(), testing::HasSubstr("contains itself")
    );
}

TEST(ValueCodec, RefusesWhatIsNotJson) {
    for (const char* bad :
         {"{",   "[1,]",   "{\"a\":1,}", "01",          "1.",  ".5",         "+1",
          "nul", "[1 2]",  "\"\\x\"",    "\"\\ud800\"", "\"a", "1 2",        "{a:1}",
          "'a'", "\"\n\"", "-",          "1e",          "NaN", "\"\\u12g4\""}) {
        EXPECT_THAT(round_trip(bad), testing::HasSubstr("InvalidJSON")) << bad;
    }
}

TEST(ValueCodec, BoundsTheDepth) {
    EXPECT_EQ(round_trip(std::string(128, '[') + std::string(128, ']')).size(), 256U);
    EXPECT_THAT(
        round_trip(std::string(129, '[') + std::string(129, ']')),
        testing::HasSubstr("nested deeper")
    );
    EXPECT_THAT(round_trip(std::string(100'000, '[')), testing::HasSubstr("nested deeper"));
}

TEST(ValueCodec, EscapesLikeTheRestOfTheSystem) {
    const std::string text =
        Json(std::string("a\"\\\b\f\n\r\t\x01\x1f\x7f/\u00e9\u20ac\U0001F600")).dump();
    EXPECT_EQ(round_trip(text), text);
    EXPECT_EQ(round_trip(R"("\u00e9\ud83d\ude00\/")"), "\"\u00e9\U0001F600/\"");
}

// A random value whose canonical form is what Json::dump writes.
Json random_json(std::mt19937_64& random, int depth) {
    const auto pick = [&random](int below) {
        return static_cast<int>(random() % static_cast<unsigned>(below));
    };
    switch (pick(depth > 4 ? 5 : 7)) {
        case 0:
            return nullptr;
        case 1:
            return pick(2) == 0;
        case 2:
            return static_cast<std::int64_t>(random());
        case 3:
            return pick(1000) / 8.0;
        case 4: {
            std::string text;
            for (int i = pick(20); i > 0; --i) {
                static constexpr const char* kPieces[] = {
                    "a", "\n", "\"", "\\", "\u00e9", "\u20ac", " "};
                text += kPieces[pick(7)];
            }
            return text;
        }
        case 5: {
            Json list = Json::array();
            for (int i = pick(6); i > 0; --i) {
                list.push_back(random_json(random, depth + 1));
            }
            return list;
        }
        default: {
            Json object = Json::object();
            for (int i = pick(6); i > 0; --i) {
                object["k" + std::to_string(pick(30))] = random_json(random, depth + 1);
            }
            return object;
        }
    }
}

TEST(ValueCodec, RoundTripsRandomValuesUnchanged) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto vm = make_vm(flow_of("return { v = json.decode(json.encode(event)) }"));
    for (int i = 0; i < 2000; ++i) {
        const std::string value = random_json(random, 0).dump();
        RecordingHost host;
        const auto execution = Execution::create(*vm, host, {});
        const ExecutionState state = execution->start(Payload("{\"inner\":" + value + "}"));
        ASSERT_EQ(state.kind, ExecutionState::Kind::kReturned) << state.error.message;
        ASSERT_EQ(state.value.str(), "{\"v\":{\"inner\":" + value + "}}");
    }
}

TEST(ValueCodec, RoundTripsRandomDoubles) {
    std::mt19937_64 random(7);
    std::string text = "[";
    std::vector<double> doubles;
    for (int i = 0; i < 3000; ++i) {
        double value = 0;
        const std::uint64_t bits = random();
        std::memcpy(&value, &bits, sizeof value);
        if (!std::isfinite(value)) {
            continue;
        }
        // A longer form than the shortest would become text.
        char shortest[40];
        for (int precision = 1; precision <= 17; ++precision) {
            std::snprintf(shortest, sizeof shortest, "%.*e", precision - 1, value);
            if (std::strtod(shortest, nullptr) == value) {
                break;
            }
        }
        text += (doubles.empty() ? "" : ",") + std::string(shortest);
        doubles.push_back(value);
    }
    const std::string out = round_trip(text + "]");
    const Json back = Json::parse(out);
    ASSERT_EQ(back.size(), doubles.size());
    for (std::size_t i = 0; i < doubles.size(); ++i) {
        ASSERT_TRUE(back[i].is_number_float()) << back[i].dump();
        ASSERT_EQ(back[i].get<double>(), doubles[i]);
    }
}

TEST(Secrets, CannotBePrintedConcatenatedMeasuredOrRead) {
    for (const char* attempt :
         {"tostring(s)",
          "s .. 'x'",
          "#s",
          "s.x",
          "s == env 'Other'",
          "s < s",
          "string.format('%s', s)",
          "json.encode({ s })",
          "rawequal(s, s)",
          "compose('C', s)",
          "log('x', { s = s })",
          "connection('shop').create_row('X', { row = s })",
          "table.concat({ s })"}) {
        RecordingHost host;
        host.rule = [](const StepRequest& request) -> std::optional<Answer> {
            return request.kind == RequestKind::kEnv
                       ? Answer::of(Payload("{\"$secret\":\"" + request.name + "\"}"))
                       : RecordingHost::answer_at_once(request);
        };
        const auto vm = make_vm(flow_of(std::string("local s = env 'Key' local x = ") + attempt));
        const auto execution = Execution::create(*vm, host, {});
        const ExecutionState state = execution->start(Payload());
        EXPECT_EQ(state.kind, ExecutionState::Kind::kFailed) << attempt;
        EXPECT_THAT(state.error.message, testing::HasSubstr("secret")) << attempt;
    }
}

TEST(Secrets, GoIntoSecretFieldsAsReferences) {
    RecordingHost host;
    host.rule = [](const StepRequest& request) -> std::optional<Answer> {
        return request.kind == RequestKind::kEnv ? Answer::of(Payload(R"({"$secret":"Key"})"))
                                                 : RecordingHost::answer_at_once(request);
    };
    const auto vm = make_vm(flow_of("connection('shop').create_row('X', { token = env 'Key' })"));
    const auto execution = Execution::create(*vm, host, {});
    ASSERT_EQ(execution->start(Payload()).kind, ExecutionState::Kind::kReturned);
    EXPECT_EQ(host.requests.back().input.str(), R"({"token":{"$secret":"Key"}})");
}

TEST(Secrets, CannotBeForgedByAnEvent) {
    const Ran plain = run_body("return event.token['$secret']", R"({"token":{"$secret":"Key"}})");
    EXPECT_EQ(plain.value(), R"("Key")");
    const Ran forged = run_body(
        "connection('shop').create_row('X', { token = event.token })",
        R"({"token":{"$secret":"Key"}})"
    );
    EXPECT_THAT(forged.value(), testing::HasSubstr("imitates a secret"));
}

}  // namespace
}  // namespace tideway::script
