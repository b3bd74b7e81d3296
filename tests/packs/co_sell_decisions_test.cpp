// What a person decides about deals, through `decisions`, with both CRMs:
// docs/co-sell-operations.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/packs/by_hand_report.h"
#include "tests/packs/decision_world.h"

namespace tideway::tests {
namespace {

using testing::HasSubstr;

using BothCrms = testing::Types<Dynamics365Side, SalesforceSide>;
TYPED_TEST_SUITE(CoSellDecisions, BothCrms);

TYPED_TEST(CoSellDecisions, AConflictIsAskedOnceHoweverOftenTheDealIsSaved) {
    const auto conflict = this->conflict("Asked once");
    EXPECT_EQ(this->notes_of_row(conflict.row), "Wants a pilot.");
    EXPECT_THAT(string_or(conflict.question, "reason"), HasSubstr("In summer."));
    EXPECT_THAT(string_or(conflict.question, "reason"), HasSubstr("Wants a pilot."));

    this->edit_row(conflict.row, this->value(13000));
    this->edit_row(conflict.row, this->value(14000));
    EXPECT_EQ(this->deal(conflict.deal).at("details").at("dealValue"), 14000)
        << "the deal stands still";
    EXPECT_EQ(this->only_question("Asked once"), conflict.question);
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, TheCrmGetsPartnerCentersValueInOneWrite) {
    const auto conflict = this->conflict("Of Partner Center");
    this->forget_writes();
    this->decide(conflict.question, "partner_center");
    EXPECT_EQ(this->notes_of_row(conflict.row), "In summer.");
    EXPECT_EQ(this->notes_of_deal(conflict.deal), "In summer.");
    EXPECT_EQ(this->row_writes(), 1U);
    EXPECT_EQ(this->referral_writes("PATCH"), 0);
    EXPECT_TRUE(this->asked("Of Partner Center").empty());
    EXPECT_EQ(this->decided(), "updated: Notes of Partner Center, by admin");
    EXPECT_THAT(
        this->audit_of(conflict.row), HasSubstr("Decision of admin: Notes of Partner Center.")
    );
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, PartnerCenterGetsTheCrmsValueInOneWrite) {
    const auto conflict = this->conflict("Of the CRM");
    this->forget_writes();
    this->decide(conflict.question, "crm");
    EXPECT_EQ(this->notes_of_row(conflict.row), "Wants a pilot.");
    EXPECT_EQ(this->notes_of_deal(conflict.deal), "Wants a pilot.");
    EXPECT_EQ(this->referral_writes("PATCH"), 1);
    EXPECT_EQ(this->decided(), "updated: Notes of the CRM, by admin");
    EXPECT_TRUE(this->asked("Of the CRM").empty());
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, WhatAPersonLeavesIsAskedAgainOnlyWhenItChanges) {
    const auto conflict = this->conflict("Left as it is");
    this->decide(conflict.question, "leave");
    EXPECT_EQ(this->decided(), "no change: admin leaves Notes as it is");
    this->edit_row(conflict.row, this->value(13000));
    EXPECT_EQ(this->deal(conflict.deal).at("details").at("dealValue"), 13000);
    EXPECT_TRUE(this->asked("Left as it is").empty());
    EXPECT_EQ(this->notes_of_deal(conflict.deal), "In summer.");

    this->edit_row(conflict.row, this->notes("Two pilots."));
    EXPECT_THAT(
        string_or(this->only_question("Left as it is"), "reason"), HasSubstr("Two pilots.")
    );
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, ANewValueTakesTheQuestionsPlace) {
    const auto conflict = this->conflict("Replaced");
    this->edit_deal(conflict.deal, "In autumn.");
    const Json now = this->only_question("Replaced");
    EXPECT_THAT(string_or(now, "reason"), HasSubstr("In autumn."));
    const auto late = this->answer(conflict.question, "crm");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, "DecisionNotFound");
    this->decide(now, "partner_center");
    EXPECT_EQ(this->notes_of_row(conflict.row), "In autumn.");
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, AnAnswerAboutAValueThatNoEventHasToldOfYetIsAskedAgain) {
    const auto conflict = this->conflict("Asked again");
    this->miss_events(true);
    (void)must(this->world().edit_deal(conflict.deal, {{"details", {{"notes", "In winter."}}}}));
    this->forget_writes();
    (void)must(this->answer(conflict.question, "partner_center"));
    this->becomes("the next question", [&] {
        const auto open = this->asked("Asked again");
        return !open.empty() && open.front() != conflict.question;
    });
    EXPECT_EQ(this->row_writes(), 0U);
    this->miss_events(false);
    this->settle();
    const Json next = this->only_question("Asked again");
    EXPECT_THAT(string_or(next, "reason"), HasSubstr("In winter."));
    this->decide(next, "partner_center");
    EXPECT_EQ(this->notes_of_row(conflict.row), "In winter.");
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, SidesThatWereMadeTheSameMeanwhileAreLeftAlone) {
    const auto conflict = this->conflict("Same meanwhile");
    this->edit_row(conflict.row, this->notes("In summer."));
    this->forget_writes();
    this->decide(conflict.question, "crm");
    EXPECT_EQ(this->decided(), "no change: both sides have the same Notes");
    EXPECT_EQ(this->row_writes(), 0U);
    EXPECT_EQ(this->referral_writes("PATCH"), 0);
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, AMutedRunAsksNobody) {
    const auto conflict = this->conflict("Muted");
    const Json run = this->runs(TypeParam::kReceiver).front();
    this->decide(conflict.question, "crm");
    this->miss_events(true);
    (void)must(this->world().edit_deal(conflict.deal, {{"details", {{"notes", "Tried."}}}}));
    EXPECT_EQ(string_or(this->tried(run), "outcome"), "conflict");
    EXPECT_TRUE(this->asked("Muted").empty());
}

TYPED_TEST(CoSellDecisions, ReconcilingNamesTheQuestionAndHealingAsksIt) {
    const std::string row = this->synchronized("Reconciled");
    const std::string deal = string_or(this->own_half_of_row(row), "id");
    this->miss_events(true);
    (void)must(this->world().edit_deal(deal, {{"details", {{"notes", "In summer."}}}}));
    const Json seen = this->run_by_hand("reconcile", Json::object());
    const Json entry = named(seen, "different", row);
    EXPECT_EQ(winners(entry), "Notes: ask");
    EXPECT_TRUE(this->asked("Reconciled").empty());

    const Json healed = this->run_by_hand("reconcile", {{"heal", true}});
    EXPECT_EQ(named(healed, "different", row).at("healed").at("outcome"), "conflict");
    this->becomes("the question", [&] { return !this->asked("Reconciled").empty(); });
    const std::string title = string_or(entry.at("fields").at(0), "question");
    EXPECT_EQ(string_or(this->only_question("Reconciled"), "title"), title);
    EXPECT_EQ(this->failures(), "");
}

TYPED_TEST(CoSellDecisions, AQuestionThatCannotBeAskedKeepsNothingElseBack) {
    const std::string row = this->synchronized("Nobody asks");
    const std::string deal = string_or(this->own_half_of_row(row), "id");
    const std::string flow = std::string("/flows/") + TypeParam::kPack + "/decide_value";
    (void)must(this->world().api().post(flow + "/off"));
    (void)must(this->world().edit_deal(
        deal, {{"details", {{"notes", "In summer."}, {"dealValue", 50000}}}}
    ));
    this->settle();
    const Json run = this->runs(TypeParam::kReceiver).front();
    (void)must(this->world().api().post(flow + "/on"));
    EXPECT_EQ(string_or(run, "outcome"), "updated");
    EXPECT_THAT(string_or(run, "outcome_reason"), HasSubstr("but nobody was asked"));
}

TYPED_TEST(CoSellDecisions, BackfillAsksAboutWhatIsUncertainAndLinksTheRestMeanwhile) {
    this->miss_events(true);
    const Json uncertain = this->announce("Backfill uncertain");
    const std::string alike = this->old_row("Backfill uncertain");
    const Json certain = this->announce("Backfill certain");
    const std::string named_by_id = this->old_row("Backfill certain");
    (void
    )must(this->world().edit_deal(string_or(certain, "id"), {{"externalReferenceId", named_by_id}})
    );

    const Json run = this->run_by_hand("backfill", Json::object());
    EXPECT_EQ(named(run, "linked", named_by_id).at("by"), "CRM ID");
    EXPECT_EQ(run.at("output").at("uncertain").at("count"), 1) << run.at("output");
    this->becomes("the question", [&] { return !this->asked("Backfill uncertain").empty(); });
    const Json question = this->only_question("Backfill uncertain");
    EXPECT_THAT(question.dump(), HasSubstr(alike));
    (void)this->run_by_hand("backfill", Json::object());
    this->becomes("the second question's end", [&] {
        return this->runs("decide_match", "Succeeded").size() == 1;
    });
    EXPECT_EQ(this->only_question("Backfill uncertain"), question);

    (void)must(this->answer(question, alike));
    this->miss_events(false);
    this->settle();
    EXPECT_EQ(this->referral_of_row(alike), string_or(uncertain, "id"));
    EXPECT_EQ(string_or(this->deal(string_or(uncertain, "id")), "externalReferenceId"), alike);
    EXPECT_EQ(this->failures(), "");
}

}  // namespace
}  // namespace tideway::tests
