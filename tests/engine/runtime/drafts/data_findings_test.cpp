// Data files of a pack: what does not fit is a finding with its place.
#include "engine/runtime/drafts/data_findings.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kSchema = R"({
  "type": "object", "additionalProperties": false, "required": ["title"],
  "properties": {"title": {"type": "string"}, "rows": {"type": "array", "items": {"enum": ["north", "south"]}}}
})";

class DataFindings : public testing::Test {
  protected:
    DataFindings() { schema(Json::parse(kSchema)); }

    void schema(const Json& schema) { files_["schemas/words.json"] = dump(schema); }

    void checked_by(const std::string& lua) {
        Json with_check = Json::parse(kSchema);
        with_check["x-check"] = "lib/check.lua";
        schema(with_check);
        files_["lib/check.lua"] = lua;
    }

    std::vector<std::string> found(const std::string& data) {
        files_["words.json"] = data;
        std::vector<std::string> out;
        Pack pack;
        pack.files = files_;
        for (const script::Finding& finding : data_findings(pack)) {
            out.push_back(
                finding.file + ":" + std::to_string(finding.line) + ":" +
                std::to_string(finding.column) + " " + finding.message +
                (finding.suggestion.empty() ? "" : " -> " + finding.suggestion)
            );
        }
        return out;
    }

    std::map<std::string, std::string> files_ = {
        {"pack.json",
         "{\"name\": \"deals\",\n \"schemas\": {\"words.json\": \"schemas/words.json\"}}"}};
};

TEST_F(DataFindings, AreNoneWhereTheFileFits) {
    EXPECT_THAT(found(R"({"title": "Words", "rows": ["north"]})"), IsEmpty());
}

TEST_F(DataFindings, NameLineColumnAndTheNearestThatThereIs) {
    EXPECT_THAT(
        found("{\n \"titlex\": \"Words\",\n \"rows\": [\"north\",\n  \"souht\"]\n}"),
        ElementsAre(
            "words.json:1:1 /title is missing",
            "words.json:2:2 /titlex is not known (known: rows, title) -> title",
            "words.json:4:3 /rows/1 must be one of \"north\", \"south\", is \"souht\" -> south"
        )
    );
}

TEST_F(DataFindings, AreWhatAFunctionOfThePackSaysToo) {
    checked_by(R"(return function(data)
  local found = array {}
  for i, row in ipairs(data.rows) do
    table.insert(found, { pointer = "/rows/" .. (i - 1), message = "row " .. row .. " is taken",
      suggestion = "Take another.", known = { "southern" } })
  end
  return found
end)");
    EXPECT_THAT(
        found("{\"title\": \"Words\",\n \"rows\": [\"north\", \"south\"]}"),
        ElementsAre(
            "words.json:2:11 row north is taken -> Take another.",
            "words.json:2:20 row south is taken -> Take another."
        )
    );
}

TEST_F(DataFindings, SuggestTheNearestOfWhatTheFunctionKnows) {
    checked_by(R"(return function(data)
  return { { pointer = "/title", message = "there is no such title", known = { "Deals", "Words" } } }
end)");
    EXPECT_THAT(
        found(R"({"title": "Wrods"})"),
        ElementsAre("words.json:1:11 there is no such title -> Words")
    );
}

TEST_F(DataFindings, HaveTheMistakesOfTheFunctionItself) {
    checked_by("return function(data)\n  return #data.rows + data.title\nend");
    const auto said = found(R"({"title": "Words", "rows": []})");
    ASSERT_EQ(said.size(), 1U);
    EXPECT_THAT(said.front(), StartsWith("lib/check.lua:2:0 lib/check.lua:2: attempt to "));
    EXPECT_THAT(
        found(R"({"rows": 7})"),
        ElementsAre(
            "words.json:1:1 /title is missing",
            "words.json:1:10 /rows must be an array, is a number"
        )
    ) << "a check may count on the schema";
}

TEST_F(DataFindings, NameAFileThatIsNotThereInPackJson) {
    files_.erase("schemas/words.json");
    EXPECT_THAT(found("{}"), ElementsAre("pack.json:2:14 the pack has no file schemas/words.json"));
}

TEST_F(DataFindings, NameASchemaThatWouldNotBeEnforced) {
    schema({{"type", "object"}, {"unevaluatedProperties", false}});
    const auto said = found("{}");
    ASSERT_EQ(said.size(), 1U);
    EXPECT_THAT(
        said.front(), HasSubstr("unevaluatedProperties is a keyword that is not supported")
    );
}

TEST_F(DataFindings, LeaveTheSyntaxOfJsonToOthers) {
    EXPECT_THAT(found("{"), IsEmpty());
}

}  // namespace
}  // namespace tideway::runtime
