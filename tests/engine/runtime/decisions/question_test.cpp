// wait_for_decision: what a flow asks a person.
#include <future>

#include <gtest/gtest.h>

#include "engine/runtime/decisions/decisions.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using model::Status;
using runtime::GivenAnswer;
using runtime::OpenDecision;

constexpr const char* kAsks = R"(
return flow { title = "Asks", trigger = trigger.manual {}, run = function(event)
  local said = wait_for_decision("Ask which one", {
    title = "Fabrikam: which amount?",
    reason = "Partner Center has 5, the CRM has " .. event.amount .. ".",
    choices = { keep = "both stay as they are", crm = "the CRM's amount is taken" },
    default = "keep",
    timeout = event.timeout,
  })
  return { answer = said.answer, person = said.person }
end })";

constexpr const char* kEvent = R"({"amount":7,"timeout":"P1D"})";

class Question : public ::testing::Test {
  protected:
    Question()
        : Question(kAsks) {}

    explicit Question(const char* flow)
        : world_(WorldOptions{}, {{"asks", flow}}) {
        add_engine_decisions(decisions_, world_.runtime(), world_.catalog());
    }

    Uid ask() {
        const auto admitted = world_.admit("asks", kEvent);
        EXPECT_TRUE(admitted) << (admitted ? "" : admitted.error().text());
        return admitted->runs.front();
    }

    std::vector<OpenDecision> list() {
        return decisions_.list(world_.reader()).value_or(std::vector<OpenDecision>());
    }

    OpenDecision only() {
        EXPECT_TRUE(world_.becomes([&] { return list().size() == 1; }));
        const auto open = list();
        return open.empty() ? OpenDecision() : open.front();
    }

    std::string answer(const std::string& id, const std::string& word) {
        const auto answered = decisions_.answer_blocking(id, GivenAnswer{word, {}, "ada"});
        return answered ? "" : answered.error().code;
    }

    RuntimeWorld world_;
    runtime::Decisions decisions_{world_.store()};
};

TEST_F(Question, WaitsInTheListWithItsFactsAndItsChoices) {
    const Uid run = ask();
    const OpenDecision open = only();
    EXPECT_EQ(open.kind, "question");
    EXPECT_EQ(open.decision.title, "Fabrikam: which amount?");
    EXPECT_EQ(open.decision.reason, "Partner Center has 5, the CRM has 7.");
    EXPECT_EQ(open.decision.flow, "test/asks");
    EXPECT_EQ(open.decision.step, "Ask which one");
    EXPECT_EQ(open.decision.run, run);
    ASSERT_EQ(open.decision.choices.size(), 2U);
    EXPECT_EQ(open.decision.choices[0].word, "crm");
    EXPECT_EQ(open.decision.choices[0].means, "the CRM's amount is taken");
    EXPECT_NE(open.decision.choices[1].means.find("done without an answer by"), std::string::npos);
}

TEST_F(Question, GoesOnWithTheAnswerAndWhoGaveIt) {
    const Uid run = ask();
    EXPECT_EQ(answer(only().id, "crm"), "");
    EXPECT_EQ(world_.ended(run).output.view(), R"({"answer":"crm","person":"ada"})");
    EXPECT_TRUE(list().empty());
}

TEST_F(Question, TakesOnlyOneOfItsChoicesAndOnlyOnce) {
    const Uid run = ask();
    const std::string id = only().id;
    EXPECT_EQ(answer(id, "perhaps"), "UnknownAnswer");
    EXPECT_EQ(answer(id, "keep"), "");
    EXPECT_EQ(answer(id, "crm"), "DecisionNotFound");
    EXPECT_EQ(world_.ended(run).output.view(), R"({"answer":"keep","person":"ada"})");
}

TEST_F(Question, IsStillAskedAfterARestartAndAnsweredThen) {
    const Uid run = ask();
    const std::string id = only().id;
    world_.restart();
    runtime::Decisions again(world_.store());
    add_engine_decisions(again, world_.runtime(), world_.catalog());
    ASSERT_TRUE(again.answer_blocking(id, GivenAnswer{"crm", {}, "ada"}));
    EXPECT_EQ(world_.ended(run).output.view(), R"({"answer":"crm","person":"ada"})");
}

TEST_F(Question, IsNotAskedAnyMoreWhenItsRunIsCancelled) {
    const Uid run = ask();
    only();
    std::promise<tideway::Status> cancelled;
    const auto record = world_.reader().run_by_uid(run);
    world_.runtime().cancel((*record)->id, "Not needed.", [&cancelled](tideway::Status status) {
        cancelled.set_value(std::move(status));
    });
    ASSERT_TRUE(cancelled.get_future().get());
    EXPECT_EQ(world_.ended(run).status, Status::kCancelled);
    EXPECT_TRUE(list().empty());
}

constexpr const char* kAsksAboutADeal = R"(
return flow { title = "Asks", trigger = trigger.manual {}, run = function(event)
  local said = wait_for_decision("Ask which one", {
    title = event.title,
    choices = { keep = "both stay as they are", crm = "the CRM's amount is taken" },
    default = "keep",
    key = event.deal,
  })
  return { answer = said.answer, elsewhere = said.elsewhere == true }
end })";

class QuestionWithAKey : public Question {
  protected:
    QuestionWithAKey()
        : Question(kAsksAboutADeal) {}

    Uid ask(const std::string& deal, const std::string& title) {
        const auto admitted = world_.admit("asks", dump(Json{{"deal", deal}, {"title", title}}));
        EXPECT_TRUE(admitted) << (admitted ? "" : admitted.error().text());
        return admitted->runs.front();
    }

    void becomes_open(std::size_t count) {
        EXPECT_TRUE(world_.becomes([&] { return list().size() == count; }));
    }

    static constexpr const char* kGaveWay = R"({"answer":"keep","elsewhere":true})";
    static constexpr const char* kAnswered = R"({"answer":"crm","elsewhere":false})";
};

TEST_F(QuestionWithAKey, ThatSaysTheSameAsAnOpenOneIsNotAskedASecondTime) {
    const Uid first = ask("Fabrikam", "5 or 7?");
    const std::string id = only().id;
    EXPECT_EQ(world_.ended(ask("Fabrikam", "5 or 7?")).output.view(), kGaveWay);
    EXPECT_EQ(only().id, id);
    EXPECT_EQ(answer(id, "crm"), "");
    EXPECT_EQ(world_.ended(first).output.view(), kAnswered);
}

TEST_F(QuestionWithAKey, ThatSaysSomethingElseTakesThePlaceOfTheOpenOne) {
    const Uid first = ask("Fabrikam", "5 or 7?");
    const std::string id = only().id;
    const Uid second = ask("Fabrikam", "5 or 9?");
    EXPECT_EQ(world_.ended(first).output.view(), kGaveWay);
    EXPECT_EQ(answer(id, "crm"), "DecisionNotFound");
    EXPECT_EQ(only().decision.title, "5 or 9?");
    EXPECT_EQ(answer(only().id, "crm"), "");
    EXPECT_EQ(world_.ended(second).output.view(), kAnswered);
}

TEST_F(QuestionWithAKey, LeavesThoseOfOtherKeysAlone) {
    ask("Fabrikam", "5 or 7?");
    becomes_open(1);
    ask("Contoso", "5 or 7?");
    ask("\"Contoso\"", "5 or 7?");
    becomes_open(3);
}

TEST_F(QuestionWithAKey, CanBeAskedAgainWhenItWasAnswered) {
    const Uid first = ask("Fabrikam", "5 or 7?");
    EXPECT_EQ(answer(only().id, "keep"), "");
    world_.ended(first);
    const Uid second = ask("Fabrikam", "5 or 7?");
    EXPECT_EQ(answer(only().id, "crm"), "");
    EXPECT_EQ(world_.ended(second).output.view(), kAnswered);
}

TEST_F(QuestionWithAKey, ThatGaveWayDoesSoAfterARestartToo) {
    const Uid first = ask("Fabrikam", "5 or 7?");
    only();
    world_.restart();
    ask("Fabrikam", "5 or 9?");
    EXPECT_EQ(world_.ended(first).output.view(), kGaveWay);
}

TEST(QuestionWithoutAnAnswer, IsDecidedByItsDefaultWhenItsTimeIsUp) {
    RuntimeWorld world(WorldOptions{.speed = 100'000}, {{"asks", kAsks}});
    const auto run = world.run("asks", kEvent);
    EXPECT_EQ(run.status, Status::kSucceeded) << run.error.view();
    EXPECT_EQ(run.output.view(), R"({"answer":"keep","person":""})");
}

TEST(QuestionWithoutAnAnswer, IsNobodysInARunThatChangesNothing) {
    RuntimeWorld world({{"asks", kAsks}});
    runtime::EnvironmentSettings settings;
    settings.mode = runtime::Mode::kObserve;
    ASSERT_TRUE(world.environment().set(settings));
    const auto run = world.run("asks", kEvent);
    EXPECT_EQ(run.output.view(), R"({"answer":"keep","person":""})");
    EXPECT_TRUE(world.reader().open_questions()->empty());
}

TEST(QuestionThatIsWrong, FailsWithWhatIsMissing) {
    RuntimeWorld world({{"bad", R"(
return flow { title = "Bad", trigger = trigger.manual {}, run = function()
  wait_for_decision("Ask", { title = "?", choices = { yes = "it is" }, default = "no" })
end })"}});
    const auto run = world.run("bad");
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_NE(
        std::string(run.error.view()).find("the default 'no' is none of the choices"),
        std::string::npos
    ) << run.error.view();
}

}  // namespace
}  // namespace tideway::testing
