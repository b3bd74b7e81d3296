// Single misfortunes around the two main flows: answers that never come, effects that land late, a
// store that is gone, a disk that is full.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "engine/app/config.h"
#include "tests/crash/both_crms.h"
#include "tests/crash/scenarios.h"
#include "tests/support/poll.h"

namespace tideway::tests {
namespace {

constexpr const char* kPacks = TIDEWAY_SOURCE_DIR "/flows";
constexpr const char* kLibrary = "co_sell";
constexpr const char* kReferrals = "/v1.0/engagements/referrals";

// The pack, with a second for the create of our half.
Status copy_impatient_pack(const std::string& pack, const TempFolder& to) {
    for (const std::string& folder : {pack, std::string(kLibrary)}) {
        std::filesystem::copy(
            std::filesystem::path(kPacks) / folder,
            to.file(folder),
            std::filesystem::copy_options::recursive
        );
    }
    const std::string file = to.file(pack) + "/create_co_sell_referral.lua";
    TIDEWAY_TRY_ASSIGN(std::string text, app::read_text_file(file));
    const std::string input = "referral = new_referral.own(row) }";
    const std::size_t at = text.find(input);
    if (at == std::string::npos) {
        return fail(ErrorKind::kNotFound, "TextNotFound", file + " has no '" + input + "'.");
    }
    text.insert(at + input.size(), ", { timeout = \"PT1S\" }");
    std::ofstream(file) << text;
    return {};
}

class FaultsWith : public testing::Test {
  protected:
    explicit FaultsWith(CrmKind crm)
        : kind_(crm) {}

    static void TearDownTestSuite() { shared_.clear(); }

    void SetUp() override {
        std::unique_ptr<CrashWorld>& world = shared_[kind_];
        if (!world) {
            make_world(kPacks, world);
        }
        world_ = world.get();
        begin();
    }

    void TearDown() override {
        if (world_ != nullptr) {
            world_->server().kill();
        }
    }

    // Where something is changed that outlives the server: the registered address, a sign-in.
    void use_world_of_its_own(const std::string& packs = kPacks) {
        world_->server().kill();
        make_world(packs, own_);
        world_ = own_.get();
        begin();
    }

    template <typename Outcome>
    void ok(const Outcome& outcome) {
        ASSERT_TRUE(outcome) << outcome.error().text();
    }

    void partner_center_fault(const Json& fault) {
        ok(world_->partner_center("POST", "/faults", fault));
    }

    void crm_fault(Json fault, const Json& requests) {
        fault.update(requests);
        ok(world_->crm().control("POST", "/faults", fault));
    }

    void expect_clean(Scenario& scenario) {
        ok(world_->settle());
        const auto verdict = scenario.check(*world_);
        ASSERT_TRUE(verdict) << verdict.error().text();
        EXPECT_TRUE(verdict->is_clean()) << verdict->text();
    }

    // The fault is used up: the test saw what it speaks of.
    void expect_used_up() {
        for (const auto& faults :
             {world_->partner_center("GET", "/faults"), world_->crm().control("GET", "/faults")}) {
            ASSERT_TRUE(faults) << faults.error().text();
            EXPECT_TRUE(faults->at("faults").empty()) << dump(*faults);
        }
    }

    // The server works on until the sandbox has the request that the fault is for.
    void wait_until_used_up() {
        ok(world_->wait_until("the fault", [this]() -> Result<bool> {
            TIDEWAY_TRY_ASSIGN(const Json faults, world_->partner_center("GET", "/faults"));
            return faults.at("faults").empty();
        }));
    }

    // The answers to the PATCHes of referrals, in order.
    Result<std::vector<std::int64_t>> answers_to_patches() {
        TIDEWAY_TRY_ASSIGN(const Json log, world_->partner_center("GET", "/writes"));
        std::vector<std::int64_t> out;
        for (const Json& write : log.at("writes")) {
            if (string_or(write, "method") == "PATCH") {
                out.push_back(int_or(write, "status", 0));
            }
        }
        return out;
    }

    // Without a look at the server, which hears nothing.
    void wait_for_patch() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (std::chrono::steady_clock::now() < deadline) {
            const auto answers = answers_to_patches();
            ASSERT_TRUE(answers) << answers.error().text();
            if (!answers->empty()) {
                return;
            }
            between_looks();
        }
        FAIL() << "the PATCH did not take effect";
    }

    void delay_second_half(std::int64_t milliseconds) {
        partner_center_fault(
            {{"method", "POST"},
             {"path", kReferrals},
             {"body_contains", "\"msft\""},
             {"kind", "delay"},
             {"ms", milliseconds}}
        );
    }

    void expect_one_pair(const CreatedOpportunity& scenario) {
        Verdict verdict;
        ok(scenario.check_pair(*world_, verdict));
        EXPECT_TRUE(verdict.is_clean()) << verdict.text();
    }

    // Those that no other run called.
    Result<std::vector<Json>> failed_runs() {
        TIDEWAY_TRY_ASSIGN(auto out, world_->runs("&status=Failed"));
        std::erase_if(out, [](const Json& run) { return run.contains("parent"); });
        return out;
    }

    // Journal rows of all runs that say how an attempt ended.
    Result<std::string> attempts() {
        TIDEWAY_TRY_ASSIGN(const auto runs, world_->runs());
        std::string out;
        for (const Json& run : runs) {
            TIDEWAY_TRY_ASSIGN(
                const Json journal, world_->api("GET", "/runs/" + string_or(run, "id") + "/journal")
            );
            for (const Json& row : journal.at("value")) {
                out += string_or(row, "kind") == "attempt" ? dump(row) + "\n" : "";
            }
        }
        return out;
    }

    CrashWorld* world_ = nullptr;

  private:
    void make_world(const std::string& packs, std::unique_ptr<CrashWorld>& out) {
        auto made = CrashWorld::create(TIDEWAY_PROGRAM, kind_, packs);
        ASSERT_TRUE(made) << made.error().text();
        out = std::move(*made);
    }

    void begin() {
        ASSERT_NE(world_, nullptr);
        ok(world_->begin({}));
    }

    static inline std::map<CrmKind, std::unique_ptr<CrashWorld>> shared_;
    CrmKind kind_;
    std::unique_ptr<CrashWorld> own_;
};

class Faults : public FaultsWith, public testing::WithParamInterface<CrmKind> {
  protected:
    Faults()
        : FaultsWith(GetParam()) {}
};

class StoreFaults : public FaultsWith {
  protected:
    StoreFaults()
        : FaultsWith(CrmKind::kDynamics365) {}
};

TEST_P(Faults, ACreateInPartnerCenterThatLandsLateMakesOneRecord) {
    partner_center_fault(
        {{"method", "POST"}, {"path", kReferrals}, {"kind", "late_effect"}, {"ms", 700}}
    );
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Late referral"));
    expect_clean(scenario);
    expect_used_up();
}

TEST_P(Faults, ACreateInTheCrmThatLandsLateMakesOneRecord) {
    crm_fault({{"kind", "late_effect"}, {"ms", 700}}, world_->crm().requests().create_opportunity);
    AnnouncedDeal scenario;
    ok(scenario.act(*world_, "Late opportunity"));
    expect_clean(scenario);
    expect_used_up();
}

TEST_P(Faults, ACreateWhoseAnswerIsCutOffMakesOneRecord) {
    partner_center_fault(
        {{"method", "POST"}, {"path", kReferrals}, {"kind", "cut_after"}, {"count", 2}}
    );
    CreatedOpportunity created;
    ok(created.act(*world_, "Cut referral"));
    expect_clean(created);
    expect_used_up();
}

TEST_P(Faults, ACreateInTheCrmWhoseAnswerIsCutOffMakesOneRecord) {
    crm_fault({{"kind", "cut_after"}}, world_->crm().requests().create_opportunity);
    AnnouncedDeal announced;
    ok(announced.act(*world_, "Cut opportunity"));
    expect_clean(announced);
    expect_used_up();
}

// The step's second is over before the service acts: in doubt, asked for until it is there.
TEST_P(Faults, ACreateThatTimesOutInALivingProcessMakesOneRecord) {
    const TempFolder packs;
    ok(copy_impatient_pack(world_->crm().pack().name, packs));
    use_world_of_its_own(packs.path());
    partner_center_fault({{"method", "POST"}, {"path", kReferrals}, {"kind", "delay"}, {"ms", 1800}}
    );
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Slow referral"));
    expect_clean(scenario);
    expect_used_up();
    EXPECT_EQ(world_->server().deaths(), 0);
    const auto noted = attempts();
    ASSERT_TRUE(noted) << noted.error().text();
    EXPECT_NE(noted->find("RequestTimedOut"), std::string::npos) << *noted;
}

// The write-back of the referral's id waits until the referral's own webhooks were delivered.
TEST_P(Faults, OurOwnWebhookBeforeOurOwnAnswerMakesNoSecondOpportunity) {
    crm_fault({{"kind", "delay"}, {"ms", 1500}}, world_->crm().requests().update_opportunity);
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Own webhook first"));
    expect_clean(scenario);
    expect_used_up();
}

// The PATCH with If-Match is done, its answer is lost and the server dies about then; the scan of
// crash points has the exact places.
TEST_P(Faults, AWriteBackThatLandedWithoutAnAnswerIsSettledAcrossACrash) {
    partner_center_fault(
        {{"method", "PATCH"}, {"path", std::string(kReferrals) + "/*"}, {"kind", "cut_after"}}
    );
    AnnouncedDeal scenario;
    ok(scenario.act(*world_, "Landed before the crash"));
    ok(world_->wait_until("the write-back", [this]() -> Result<bool> {
        TIDEWAY_TRY_ASSIGN(const int patched, world_->patches_in_partner_center());
        return patched == 1;
    }));
    world_->server().kill();
    expect_clean(scenario);
    expect_used_up();
}

// The PATCH has taken effect and its answer is on the way when the server dies; the next life
// repeats it with the version that it has itself changed, and takes the 412 for what it is.
TEST_P(Faults, AWriteBackRepeatedAfterACrashIsRefusedByItsVersionAndCountsAsDone) {
    partner_center_fault(
        {{"method", "PATCH"},
         {"path", std::string(kReferrals) + "/*"},
         {"kind", "delay"},
         {"ms", 1000}}
    );
    AnnouncedDeal scenario;
    ok(scenario.act(*world_, "Landed unheard"));
    wait_until_used_up();
    world_->server().freeze();
    wait_for_patch();
    ASSERT_FALSE(HasFatalFailure());
    world_->server().kill();
    expect_clean(scenario);
    const auto answers = answers_to_patches();
    ASSERT_TRUE(answers) << answers.error().text();
    EXPECT_EQ(*answers, (std::vector<std::int64_t>{200, 412}));
}

// The token is good when the request leaves, and no longer when Partner Center looks at it.
TEST_P(Faults, ATokenThatEndsBetweenTheTwoHalvesIsRenewedAndThereIsOnePair) {
    ok(world_->partner_center("POST", "/identity", {{"token_lifetime_s", 2}}));
    delay_second_half(3500);
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Token ended"));
    expect_clean(scenario);
    expect_used_up();
}

TEST_P(Faults, ASignInToTheCrmThatEndsBeforeTheWriteBackIsRenewedAndThereIsOnePair) {
    ok(world_->crm().end_sign_ins_after(std::chrono::seconds(2)));
    crm_fault({{"kind", "delay"}, {"ms", 3500}}, world_->crm().requests().update_opportunity);
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Session ended"));
    // Nothing else is asked of the CRM meanwhile: a session that is used goes on.
    ok(world_->wait_until("the write-back", [&]() -> Result<bool> {
        TIDEWAY_TRY_ASSIGN(
            const auto rows, world_->opportunities(&SeenOpportunity::id, scenario.opportunity())
        );
        return !rows.empty() && !rows.front().referral.empty();
    }));
    expect_clean(scenario);
    expect_used_up();
}

// Nobody is signed in any more when the second half is to be made: a person has to act.
TEST_P(Faults, ASignInThatIsRevokedBetweenTheTwoHalvesFailsTheRunAndItsResubmitMakesOnePair) {
    use_world_of_its_own();
    delay_second_half(1000);
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Revoked"));
    wait_until_used_up();
    ok(world_->partner_center("POST", "/identity", {{"revoke", "everything"}}));
    ok(world_->wait_until("the failed run", [this]() -> Result<bool> {
        TIDEWAY_TRY_ASSIGN(const auto failed, failed_runs());
        return !failed.empty();
    }));
    const auto halves = world_->deals("externalReferenceId", scenario.opportunity());
    ASSERT_TRUE(halves) << halves.error().text();
    EXPECT_EQ(halves->size(), 1U);

    ok(world_->sign_in_again());
    ok(world_->settle());
    const auto failed = failed_runs();
    ASSERT_TRUE(failed) << failed.error().text();
    for (const Json& run : *failed) {
        ok(world_->api("POST", "/runs/" + string_or(run, "id") + "/resubmit", Json::object()));
    }
    ok(world_->settle());
    expect_one_pair(scenario);
}

// Refused with a time to wait, and the process dies while it waits.
TEST_P(Faults, ASecondHalfThatIsThrottledWhileTheServerDiesIsMadeOnce) {
    partner_center_fault(
        {{"method", "POST"},
         {"path", kReferrals},
         {"body_contains", "\"msft\""},
         {"kind", "throttle"},
         {"seconds", 1},
         {"count", 3}}
    );
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Throttled"));
    ok(world_->wait_until("the first refusal", [this]() -> Result<bool> {
        TIDEWAY_TRY_ASSIGN(const Json left, world_->partner_center("GET", "/faults"));
        return dump(left).find("\"count\":3") == std::string::npos;
    }));
    world_->server().kill();
    expect_clean(scenario);
    expect_used_up();
}

TEST_P(Faults, AWipedStoreMakesNothingASecondTime) {
    use_world_of_its_own();
    AnnouncedDeal announced;
    ok(announced.act(*world_, "Known deal"));
    expect_clean(announced);
    ok(world_->begin_with_wiped_store());
    ok(world_->partner_center(
        "PATCH", "/deals/" + announced.referral(), {{"details", {{"dealValue", 43000}}}}
    ));
    ok(world_->settle());
    const auto rows = world_->opportunities(&SeenOpportunity::name, "Known deal");
    ASSERT_TRUE(rows) << rows.error().text();
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().value, 43000);
    const auto writes = world_->crm().writes();
    ASSERT_TRUE(writes) << writes.error().text();
    EXPECT_EQ(writes->opportunities_made, 1);
}

TEST_P(Faults, AWipedStoreMakesNoHalfASecondTime) {
    use_world_of_its_own();
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Known opportunity"));
    expect_clean(scenario);
    ok(world_->begin_with_wiped_store());
    ok(world_->crm().change_value(scenario.opportunity(), 19000));
    ok(world_->settle());
    Verdict verdict;
    ok(check_runs(*world_, verdict));
    EXPECT_TRUE(verdict.is_clean()) << verdict.text();
    const auto halves = world_->deals("externalReferenceId", scenario.opportunity());
    ASSERT_TRUE(halves) << halves.error().text();
    ASSERT_EQ(halves->size(), 2U);
    const auto named = world_->deals("name", "Known opportunity");
    ASSERT_TRUE(named) << named.error().text();
    EXPECT_EQ(named->size(), 2U);
    const auto has_new_value = [](const Json& half) {
        return half.at("target").at(0).at("id") != "msft" &&
               half.at("details").at("dealValue") == 19000;
    };
    EXPECT_EQ(std::ranges::count_if(*halves, has_new_value), 1) << dump(Json(*halves));
    const auto made = world_->creates_in_partner_center();
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(*made, 2);
    const auto rows = world_->opportunities(&SeenOpportunity::name, "Known opportunity");
    ASSERT_TRUE(rows) << rows.error().text();
    EXPECT_EQ(rows->size(), 1U);
    const auto writes = world_->crm().writes();
    ASSERT_TRUE(writes) << writes.error().text();
    EXPECT_EQ(writes->opportunities_made, 0);
}

TEST_P(Faults, AResubmitAfterASuccessfulCreateMakesNothing) {
    CreatedOpportunity scenario;
    ok(scenario.act(*world_, "Resubmitted"));
    expect_clean(scenario);
    const auto runs = world_->runs("&outcome=created");
    ASSERT_TRUE(runs) << runs.error().text();
    ASSERT_FALSE(runs->empty());
    for (const Json& run : *runs) {
        ok(world_->api("POST", "/runs/" + string_or(run, "id") + "/resubmit", Json::object()));
    }
    ok(world_->settle());
    const auto made = world_->creates_in_partner_center();
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(*made, 2);
    const auto halves = world_->deals("externalReferenceId", scenario.opportunity());
    ASSERT_TRUE(halves) << halves.error().text();
    EXPECT_EQ(halves->size(), 2U);
}

// The write-ahead log cannot grow beyond the limit: commits fail at a place that depends on it.
TEST_F(StoreFaults, ADiskThatFillsUpLosesAndDoublesNothing) {
    int refused = 0;
    for (std::int64_t kilobytes = 64; kilobytes <= 512; kilobytes += 64) {
        ServerProcess::Life cramped;
        cramped.file_limit = kilobytes * 1024;
        const Status began = world_->begin({cramped});
        ASSERT_TRUE(began) << kilobytes << " kB: " << began.error().text();
        AnnouncedDeal scenario;
        ok(scenario.act(*world_, "Disk of " + std::to_string(kilobytes)));
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
        ok(world_->wait_until("the disk to be full", [until]() -> Result<bool> {
            return std::chrono::steady_clock::now() > until;
        }));
        world_->server().kill();
        const auto log = app::read_text_file(world_->log_file());
        ASSERT_TRUE(log) << log.error().text();
        refused += log->find("could not be stored") != std::string::npos ? 1 : 0;
        std::filesystem::resize_file(world_->log_file(), 0);
        expect_clean(scenario);
    }
    EXPECT_GT(refused, 0);
}

INSTANTIATE_TEST_SUITE_P(With, Faults, both_crms(), name_of_crm);

}  // namespace
}  // namespace tideway::tests
