// mapping.json of the co-sell packs: what is refused, who is right, and what each transform means.
#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/packs/edited_pack.h"

namespace tideway::tests {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Whose mapping a person edits.
class CoSellMapping : public EditedPack {
  protected:
    void SetUp() override {
        EditedPack::SetUp();
        mapping_ = read_json("mapping.json");
    }

    Json& field(const std::string& name) {
        for (Json& row : mapping_.at("fields")) {
            if (row.at("field") == name) {
                return row;
            }
        }
        throw std::runtime_error("no row " + name);
    }

    // What checking the pack says of the mapping: "line: message suggestion", a line for each.
    std::string refusal() {
        write_mapping();
        return refusal_of("mapping.json");
    }

    // In which line a text stands first, from a line on.
    int line_with(const std::string& text, int from = 1) const {
        std::istringstream lines(mapping_.dump(2));
        std::string line;
        for (int number = 1; std::getline(lines, line); ++number) {
            if (number >= from && line.find(text) != std::string::npos) {
                return number;
            }
        }
        return 0;
    }

    Result<runtime::CaseResult> run_case(const std::string& test) {
        write_mapping();
        return EditedPack::run_case(test);
    }

    std::string differences(const std::string& test) {
        write_mapping();
        return EditedPack::differences(test);
    }

    Json mapping_;

  private:
    void write_mapping() const { write("mapping.json", mapping_.dump(2)); }
};

TEST_F(CoSellMapping, AsItIsDeliveredHasNoMistake) {
    EXPECT_EQ(refusal(), "");
}

TEST_F(CoSellMapping, AnUnknownTransformIsFoundInItsRowWithTheNearestThatThereIs) {
    field("Deal value")["transform"] = "decimal";
    const std::string said = refusal();
    EXPECT_THAT(said, StartsWith(std::to_string(line_with("decimal")) + ": "));
    EXPECT_THAT(said, HasSubstr("the row 'Deal value' names the transform 'decimal'"));
    EXPECT_THAT(said, HasSubstr("date, money, name"));
    field("Deal value")["transform"] = "monney";
    EXPECT_THAT(refusal(), EndsWith("which there is not money\n"));
}

TEST_F(CoSellMapping, EachMistakeIsAFindingOfItsOwn) {
    field("Deal value")["transform"] = "decimal";
    field("Notes")["direction"] = "bothh";
    field("Name")["direktion"] = "create";
    const std::string said = refusal();
    EXPECT_EQ(std::ranges::count(said, '\n'), 3) << said;
    EXPECT_THAT(said, HasSubstr(std::to_string(line_with("bothh")) + ": /fields/"));
    EXPECT_THAT(said, HasSubstr("is \"bothh\" both\n"));
    EXPECT_THAT(said, HasSubstr(std::to_string(line_with("direktion")) + ": /fields/0/direktion"));
    EXPECT_THAT(said, HasSubstr(" direction\n"));
}

TEST_F(CoSellMapping, AnUnknownDirectionOrPolicyIsRefused) {
    field("Notes")["direction"] = "sideways";
    EXPECT_THAT(refusal(), HasSubstr("must be one of \"create\", \"both\""));
    field("Notes")["direction"] = "both";
    field("Notes")["policy"] = "newest";
    EXPECT_THAT(refusal(), HasSubstr("must be one of \"latest\", \"partner_center\", \"crm\""));
}

TEST_F(CoSellMapping, AskingAboutAFieldThatGoesOneWayIsRefused) {
    field("Solutions")["policy"] = "ask";
    EXPECT_THAT(refusal(), HasSubstr("the row 'Solutions' asks who is right, but goes one way"));
}

TEST_F(CoSellMapping, RowsOfATableThatPartnerCenterWouldChangeAreRefused) {
    Json& solutions = field("Solutions");
    solutions["rows"] = {
        {"table", "Microsoft_Solution__c"}, {"parent", "Opportunity__c"}, {"column", "Name"}};
    EXPECT_EQ(refusal(), "");
    solutions["direction"] = "both";
    solutions["columns"] = {"Products__c"};
    const std::string said = refusal();
    EXPECT_THAT(said, HasSubstr("the row 'Solutions' is kept in rows of a table, which are not"));
    EXPECT_THAT(said, HasSubstr("names columns of the opportunity too"));
    solutions["rows"].erase("parent");
    EXPECT_THAT(refusal(), HasSubstr("/rows/parent is missing"));
}

TEST_F(CoSellMapping, APathThatAPatchCannotWriteIsRefused) {
    field("Name")["direction"] = "both";
    const std::string said = refusal();
    EXPECT_THAT(said, HasSubstr("the row 'Name' would change name"));
    EXPECT_THAT(said, HasSubstr("details/dealValue"));
}

TEST_F(CoSellMapping, TwoRowsForOneFieldAreRefused) {
    mapping_.at("fields").push_back(field("Notes"));
    mapping_.at("fields").back()["field"] = "More notes";
    EXPECT_THAT(refusal(), HasSubstr("the row 'More notes' has the same"));
}

TEST_F(CoSellMapping, ARowWithoutAColumnIsRefusedAndSoIsAMissingColumnOfThePack) {
    Json whole = mapping_;
    field("Notes").erase("row");
    EXPECT_THAT(refusal(), HasSubstr("/row is missing"));
    mapping_ = whole;
    mapping_.at("columns").erase("audit");
    EXPECT_THAT(
        refusal(),
        StartsWith(std::to_string(line_with("\"columns\": {")) + ": /columns/audit is missing")
    );
}

TEST_F(CoSellMapping, WhatEveryDealNeedsMustBeMapped) {
    auto& rows = mapping_.at("fields");
    rows.erase(std::find(rows.begin(), rows.end(), field("Deal value")));
    EXPECT_THAT(refusal(), HasSubstr("no row maps details/dealValue"));
}

TEST_F(CoSellMapping, ThatIsWrongIsNotPublished) {
    field("Deal value")["transform"] = "decimal";
    const auto result = run_case(R"({"flow": "partner_center_to_salesforce", "expect": {}})");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "PackHasErrors");
}

TEST_F(CoSellMapping, WhatTheCrmDecidesIsPutBackInPartnerCenter) {
    field("Deal value")["policy"] = "crm";
    const char* const test = R"({
      "flow": "partner_center_to_salesforce",
      "event": {"$data": "event"},
      "answers": [
        {
          "call": "partner_center_referrals.get_referral",
          "output": {
            "$data": "referral", "externalReferenceId": "006A00000000001AAA", "details": {"dealValue": 50000}
          },
          "times": 2
        },
        {"call": "salesforce.query", "output": {"records": [{"$data": "opportunity"}]}},
        {"call": "salesforce.who_am_i", "output": {"user_id": "005A00000000009AAA"}},
        {"call": "partner_center_referrals.patch_referral", "output": {"$data": "referral"}}
      ],
      "expect": {
        "outcome": "updated",
        "reason": "the CRM decides Deal value",
        "effects": [
          {
            "call": "partner_center_referrals.patch_referral",
            "input": {"changes": {"details/dealValue": 42000}}
          }
        ]
      }
    })";
    EXPECT_EQ(differences(test), "");
}

TEST_F(CoSellMapping, ADeletedRowThatTheRecycleBinHasNoLongerMakesAllDealsCompared) {
    field("Solutions")["rows"] = {
        {"table", "Microsoft_Solution__c"}, {"parent", "Opportunity__c"}, {"column", "Name"}};
    const char* const test = R"({
      "flow": "salesforce_microsoft_solutions_to_partner_center",
      "event": {"change": "DELETE", "object": "Microsoft_Solution__c", "id": "a00A00000000001AAA"},
      "answers": [
        {
          "call": "salesforce.query",
          "input": {
            "soql": "SELECT Opportunity__c FROM Microsoft_Solution__c WHERE Id = :id", "include_deleted": true
          },
          "output": {"records": []}
        },
        {"call": "partner_center_referrals.list_referrals", "output": {"referrals": []}},
        {"call": "salesforce.query", "output": {"records": []}}
      ],
      "expect": {
        "outcome": "no change", "steps": {"If the record is gone, then": {"value": true}}, "effects": []
      }
    })";
    EXPECT_EQ(differences(test), "");
}

TEST_F(CoSellMapping, WhatAPersonDecidesStaysOnBothSidesAndAuditNamesIt) {
    field("Notes")["policy"] = "ask";
    const char* const test = R"({
      "flow": "partner_center_to_salesforce",
      "event": {"$data": "event"},
      "answers": [
        {
          "call": "partner_center_referrals.get_referral",
          "output": {
            "$data": "referral", "externalReferenceId": "006A00000000001AAA", "details": {"notes": "In summer."}
          },
          "times": 3
        },
        {"call": "salesforce.query", "output": {"records": [{"$data": "opportunity"}]}, "times": 2},
        {"call": "salesforce.who_am_i", "output": {"user_id": "005A00000000009AAA"}},
        {"call": "salesforce.update_record", "output": {"id": "006A00000000001AAA"}}
      ],
      "expect": {
        "outcome": "conflict",
        "reason": "a person has to decide Notes",
        "children": {"Ask whose value is right": {"status": "Waiting", "response": {"body": {"asks": "Notes"}}}},
        "effects": [
          {
            "call": "salesforce.update_record",
            "input": {
              "changes": {
                "Audit__c": "2026-01-05 09:00 - Update: a person has to decide Notes.", "Description": null
              }
            }
          }
        ]
      }
    })";
    EXPECT_EQ(differences(test), "");
}

TEST_F(CoSellMapping, WhatAPersonDecidesKeepsNoOtherFieldBack) {
    field("Notes")["policy"] = "ask";
    const char* const test = R"({
      "flow": "salesforce_opportunity_to_partner_center",
      "event": {"change": "UPDATE", "object": "Opportunity", "id": "006A00000000001AAA"},
      "answers": [
        {
          "call": "salesforce.get_record",
          "output": {
            "id": "006A00000000001AAA",
            "Sync_with_Partner_Center__c": true,
            "Referral_Identifier__c": "0f9d0b7c-1111-4222-8333-444455556666"
          }
        },
        {"call": "partner_center_referrals.get_referral", "output": {"$data": "own_half"}, "times": 3},
        {
          "call": "salesforce.query",
          "output": {
            "records": [
              {
                "$data": "complete_opportunity",
                "Referral_Identifier__c": "0f9d0b7c-1111-4222-8333-444455556666",
                "LastModifiedDate": "2026-01-05T09:00:00.000+0000",
                "Amount": 43000,
                "Description": "Two pilots."
              }
            ]
          }
        },
        {"call": "salesforce.query", "output": {"records": [{"$data": "contact"}]}},
        {"call": "salesforce.who_am_i", "output": {"user_id": "005A00000000009AAA"}},
        {"call": "salesforce.query", "output": {"records": []}},
        {
          "call": "salesforce.query",
          "output": {"records": [{"$data": "opportunity", "StageName": "Qualification", "Description": "Two pilots."}]}
        },
        {
          "call": "partner_center_referrals.list_referrals",
          "output": {"referrals": [{"$data": "own_half"}, {"$data": "microsoft_half"}]}
        },
        {"call": "partner_center_referrals.patch_referral", "output": {"$data": "own_half"}},
        {"call": "salesforce.update_record", "output": {"id": "006A00000000001AAA"}}
      ],
      "expect": {
        "outcome": "updated",
        "reason": "Deal value; a person has to decide Notes",
        "effects": [
          {
            "call": "partner_center_referrals.patch_referral",
            "input": {"changes": {"details/dealValue": 43000, "details/notes": null}}
          },
          {
            "call": "salesforce.update_record",
            "input": {
              "changes": {
                "Audit__c": "2026-01-05 09:00 - Update: sync success; a person has to decide Notes."
              }
            }
          }
        ]
      }
    })";
    EXPECT_EQ(differences(test), "");
}

TEST_F(CoSellMapping, WhatPartnerCenterDecidesIsPutBackInTheCrm) {
    field("Deal value")["policy"] = "partner_center";
    const char* const test = R"({
      "flow": "salesforce_opportunity_to_partner_center",
      "event": {"change": "UPDATE", "object": "Opportunity", "id": "006A00000000001AAA"},
      "answers": [
        {
          "call": "salesforce.get_record",
          "output": {
            "id": "006A00000000001AAA",
            "Sync_with_Partner_Center__c": true,
            "Referral_Identifier__c": "0f9d0b7c-1111-4222-8333-444455556666"
          }
        },
        {"call": "partner_center_referrals.get_referral", "output": {"$data": "own_half"}, "times": 2},
        {
          "call": "salesforce.query",
          "output": {
            "records": [
              {
                "$data": "complete_opportunity",
                "Referral_Identifier__c": "0f9d0b7c-1111-4222-8333-444455556666",
                "LastModifiedDate": "2026-01-05T09:00:00.000+0000",
                "Amount": 43000
              }
            ]
          }
        },
        {"call": "salesforce.query", "output": {"records": [{"$data": "contact"}]}},
        {"call": "salesforce.who_am_i", "output": {"user_id": "005A00000000009AAA"}},
        {"call": "salesforce.query", "output": {"records": []}},
        {
          "call": "partner_center_referrals.list_referrals",
          "output": {"referrals": [{"$data": "own_half"}, {"$data": "microsoft_half"}]}
        },
        {"call": "salesforce.update_record", "output": {"id": "006A00000000001AAA"}}
      ],
      "expect": {
        "outcome": "updated",
        "reason": "Partner Center decides Deal value",
        "effects": [{"call": "salesforce.update_record", "input": {"changes": {"Amount": 42000}}}]
      }
    })";
    EXPECT_EQ(differences(test), "");
}

TEST_F(CoSellMapping, ADefaultStandsForWhatTheOtherSideDoesNotSay) {
    field("Notes")["default"] = "Came from Partner Center.";
    write_probe(
        R"(require("co_sell.mapping").to_crm({ id = "r", name = "Deal", details = {} }).Description)"
    );
    EXPECT_EQ(differences(probe_of("\"Came from Partner Center.\"")), "");
}

struct TransformCase {
    const char* expression;
    const char* value;  // JSON
};

void PrintTo(const TransformCase& value, std::ostream* out) {
    *out << value.expression;
}

class CoSellTransform : public CoSellMapping, public testing::WithParamInterface<TransformCase> {};

TEST_P(CoSellTransform, MeansWhatItSays) {
    write_probe(std::string("t.") + GetParam().expression);
    EXPECT_EQ(differences(probe_of(GetParam().value)), "");
}

const TransformCase kTransforms[] = {
    {"text.equal(nil, '')", "true"},
    {"text.equal('EUR', 'GBP')", "false"},
    {"name.equal('Deal', '\xE2\x9C\x93 Deal', {})", "true"},
    {"name.to_crm('\xE2\x9C\x93 Deal', {})", "\"\xE2\x9C\x93 Deal\""},
    {"name.to_crm('Northwind', { max = 6 })", "\"\xE2\x9C\x93 Nort\""},
    {"name.to_referral('\xE2\x9C\x93 Deal')", "\"Deal\""},
    {"money.equal('42000.00', 42000)", "true"},
    {"money.equal(nil, 0)", "true"},
    {"money.to_referral(0) == nil", "true"},
    {"money.to_crm('12500.25')", "12500.25"},
    {"date.equal('2026-03-31T23:30:00Z', '2026-03-31')", "true"},
    {"date.to_crm('2026-03-31T23:30:00Z')", "\"2026-03-31\""},
    {"date.to_referral('2026-03-31')", "\"2026-03-31T00:00:00Z\""},
    {"notes.equal('a\\r\\nb', 'a\\nb', {})", "true"},
    {"notes.equal('abcdef', 'abc', { max = 3 })", "true"},
    {"notes.to_crm('a\xF0\x9F\x9A\x80' .. 'b', { max = 2 })", "\"a\""},
    {"solutions.equal({ { id = 'B' }, { id = 'A' } }, 'A, B')", "true"},
    {"solutions.equal({ { id = 'A' } }, nil)", "false"},
    {"solutions.to_referral(' , ', nil, {}) == nil", "true"},
    {"solutions.to_crm({ { id = 'A' }, { id = 'B' } })", "\"A, B\""},
    {"yes_once.equal(nil, false)", "true"},
    {"yes_once.to_referral(false) == nil", "true"},
    {"choice.to_crm('A', { values = { A = 'Label' } })", "\"Label\""},
    {"choice.to_referral('Label', nil, { values = { A = 'Label' } })", "\"A\""},
    {"contact.equal({ { email = 'Kim@x.example' } }, { firstName = 'Kim', email = "
     "'kim@x.example', "
     "phoneNumber = '1' })",
     "true"},
    {"contact.equal({}, { email = 'kim@x.example' })", "true"},
    {"contact.to_referral({ email = 'a' }, { { email = 'b' } })",
     "[{\"email\": \"a\"}, {\"email\": \"b\"}]"},
    {"team.equal({ { email = 'a' }, { email = 'b' } }, { { email = 'B' }, { email = 'A' "
     "} })",
     "true"},
    {"team.equal({ { email = 'a' } }, {})", "false"},
};

INSTANTIATE_TEST_SUITE_P(Each, CoSellTransform, testing::ValuesIn(kTransforms));

}  // namespace
}  // namespace tideway::tests
