// solutions.json of the co-sell packs: the catalogue of what sellers may enter in Products.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/packs/edited_pack.h"

namespace tideway::tests {
namespace {

using testing::HasSubstr;

constexpr const char* kTwo = R"({"solutions": [
  {"id": "SOL-20001-XYZ", "name": "Line inspection"},
  {"id": "SOL-30002-ABC", "name": "Telemetry hub"}
]})";

class CoSellSolutions : public EditedPack {
  protected:
    // What an expression over the solutions of the library gives, as JSON.
    void expect(const std::string& expression, const std::string& value) {
        write_probe("require(\"co_sell.solutions\")." + expression);
        EXPECT_EQ(differences(probe_of(value)), "") << expression;
    }
};

TEST_F(CoSellSolutions, OfAnEmptyCatalogueAreAnyIds) {
    expect("problem('SOL-9', nil, {}) == nil", "true");
    expect(
        "to_referral(' SOL-9 ', nil, {})", R"([{"id": "SOL-9", "name": "SOL-9", "type": "Name"}])"
    );
}

TEST_F(CoSellSolutions, AreEnteredByIdOrNameAndGetTheirNameInTheDeal) {
    write("solutions.json", kTwo);
    expect(
        "to_referral('telemetry HUB, SOL-20001-XYZ', nil, {})",
        R"([{"id": "SOL-30002-ABC", "name": "Telemetry hub"},
            {"id": "SOL-20001-XYZ", "name": "Line inspection"}])"
    );
    expect("equal({ { id = 'SOL-20001-XYZ' } }, 'Line inspection')", "true");
}

TEST_F(CoSellSolutions, ThatTheDealHasAlreadyMayStay) {
    write("solutions.json", kTwo);
    expect("problem('SOL-9', nil, {}) ~= nil", "true");
    expect("problem('SOL-9', { { id = 'SOL-9' } }, {}) == nil", "true");
    expect("equal({ { id = 'SOL-9' } }, 'SOL-9')", "true");
    expect("to_referral('SOL-9', nil, {}) == nil", "true");
}

TEST_F(CoSellSolutions, ThatTheCatalogueDoesNotHaveMakeNoDealAndAuditOffersWhatItHas) {
    write("solutions.json", kTwo);
    const char* const test = R"({
      "flow": "salesforce_opportunity_to_partner_center",
      "event": {"change": "CREATE", "object": "Opportunity", "id": "006A00000000001AAA"},
      "answers": [
        {
          "call": "salesforce.get_record",
          "output": {"id": "006A00000000001AAA", "Sync_with_Partner_Center__c": true}
        },
        {
          "call": "salesforce.query",
          "output": {"records": [{"$data": "complete_opportunity", "Products__c": "SOL-9, Telemetry hub"}]}
        },
        {"call": "salesforce.query", "output": {"records": [{"$data": "contact"}]}},
        {"call": "salesforce.update_record", "output": {"id": "006A00000000001AAA"}}
      ],
      "expect": {
        "status": "Failed",
        "error": {"code": "ReferralRefused", "message": "The catalogue of solutions does not have SOL-9."},
        "effects": [
          {
            "call": "salesforce.update_record",
            "input": {
              "changes": {
                "Audit__c": "2026-01-05 09:00 - The catalogue of solutions does not have SOL-9. Enter what it has in Products: SOL-20001-XYZ (Line inspection), SOL-30002-ABC (Telemetry hub); or add the solution to solutions.json."
              }
            }
          }
        ]
      }
    })";
    EXPECT_EQ(differences(test), "");
}

// Said of a deal that is there: everything else is carried over.
TEST_F(CoSellSolutions, ThatAreNotCarriedOverAreNamed) {
    write("solutions.json", kTwo);
    expect(
        "withheld('SOL-9', {}, {})",
        R"("were not carried over. The catalogue of solutions does not have SOL-9. Enter what it has in Products: SOL-20001-XYZ (Line inspection), SOL-30002-ABC (Telemetry hub); or add the solution to solutions.json.")"
    );
    expect(
        "withheld(nil, {}, {})",
        R"("are empty in the CRM and were not carried over; a deal keeps at least one")"
    );
}

TEST_F(CoSellSolutions, WithoutAnIdAreAMistakeOfTheFile) {
    write("solutions.json", R"({"solutions": [{"name": "Line inspection"}]})");
    EXPECT_THAT(refusal_of("solutions.json"), HasSubstr("/solutions/0/id is missing"));
}

}  // namespace
}  // namespace tideway::tests
