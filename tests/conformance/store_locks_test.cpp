#include "engine/base/json.h"
#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using store::AcquireLock;
using store::CallbackFate;
using store::CloseCallback;
using store::PutCallback;
using store::ReceiveCallback;
using store::ReleaseLock;
using store::SetRunStatus;

class Holders {
  public:
    AcquireLock ask(store::RunId run, const std::string& path = "Lock") {
        return {"deal 1", run, Uid::derive(root_, std::to_string(run)), path};
    }

  private:
    Uid root_ = Uid::random();
};

// ------------------------------------------------------------------ locks

TEST_P(StoreConformance, GrantsALockFirstComeFirstServed) {
    Holders holders;
    const std::vector<store::RunId> runs{new_run(), new_run(), new_run()};
    EXPECT_TRUE(done(holders.ask(runs[0])).granted);
    EXPECT_FALSE(done(holders.ask(runs[1])).granted);
    EXPECT_FALSE(done(holders.ask(runs[2])).granted);

    const store::Outcome first = done(ReleaseLock{"deal 1", runs[0], "Lock"});
    EXPECT_EQ(first.run_id, runs[1]);
    EXPECT_EQ(first.run_uid, run(runs[1]).uid);
    EXPECT_EQ(first.path, "Lock");
    ASSERT_EQ(first.grants.size(), 1U);
    EXPECT_EQ(first.grants[0].key, "deal 1");
    EXPECT_EQ(done(ReleaseLock{"deal 1", runs[1], "Lock"}).run_id, runs[2]);
    EXPECT_EQ(done(ReleaseLock{"deal 1", runs[2], "Lock"}).run_id, 0);
    EXPECT_TRUE(reader().locks()->empty());
}

TEST_P(StoreConformance, KeepsThePlaceInTheQueueOfARunThatAsksAgain) {
    Holders holders;
    const store::RunId first = new_run();
    const store::RunId second = new_run();
    EXPECT_TRUE(done(holders.ask(first)).granted);
    EXPECT_FALSE(done(holders.ask(second)).granted);
    EXPECT_TRUE(done(holders.ask(first)).granted);
    EXPECT_FALSE(done(holders.ask(second)).granted);
    EXPECT_EQ(reader().locks()->size(), 2U);
}

TEST_P(StoreConformance, GrantsALockAgainToTheSameCallTree) {
    const Uid root = Uid::random();
    const store::RunId parent = new_run();
    const store::RunId child = new_run();
    const store::RunId other = new_run();
    EXPECT_TRUE(done(AcquireLock{"deal 1", parent, root, "Lock"}).granted);
    EXPECT_FALSE(done(AcquireLock{"deal 1", other, Uid::random(), "Lock"}).granted);
    EXPECT_TRUE(done(AcquireLock{"deal 1", child, root, "Inner"}).granted);

    const store::Outcome inner = done(ReleaseLock{"deal 1", child, "Inner"});
    EXPECT_EQ(inner.run_id, 0);
    EXPECT_TRUE(inner.grants.empty());
    EXPECT_EQ(done(ReleaseLock{"deal 1", parent, "Lock"}).run_id, other);
}

TEST_P(StoreConformance, KeepsLocksOfDifferentKeysApart) {
    EXPECT_TRUE(done(AcquireLock{"deal 1", new_run(), Uid::random(), "Lock"}).granted);
    EXPECT_TRUE(done(AcquireLock{"deal 2", new_run(), Uid::random(), "Lock"}).granted);
}

TEST_P(StoreConformance, PassesTheLocksOfAnEndedRunOn) {
    Holders holders;
    const store::RunId holder = new_run();
    const store::RunId waiting = new_run();
    const store::RunId last = new_run();
    done(holders.ask(holder));
    done(holders.ask(waiting));
    done(holders.ask(last));
    store::AppendJournal end = sample_append(holder, 1, 1);
    end.run = ended_run(model::Status::kFailed);
    const store::Outcome ended = done(end);
    ASSERT_EQ(ended.grants.size(), 1U);
    EXPECT_EQ(ended.grants[0].run_id, waiting);
    EXPECT_EQ(ended.grants[0].path, "Lock");

    const SetRunStatus cancel{waiting, model::Status::kCancelled, "", std::nullopt};
    const store::Outcome cancelled = done(cancel);
    ASSERT_EQ(cancelled.grants.size(), 1U);
    EXPECT_EQ(cancelled.grants[0].run_id, last);
}

TEST_P(StoreConformance, ForgetsThePlaceInTheQueueOfAnEndedRun) {
    Holders holders;
    const store::RunId holder = new_run();
    const store::RunId gone = new_run();
    const store::RunId last = new_run();
    done(holders.ask(holder));
    done(holders.ask(gone));
    done(holders.ask(last));
    end_run(gone, model::Status::kCancelled);
    EXPECT_EQ(done(ReleaseLock{"deal 1", holder, "Lock"}).run_id, last);
}

TEST_P(StoreConformance, HoldsLocksAcrossARestartAndWhileTheRunIsPaused) {
    Holders holders;
    const store::RunId holder = new_run();
    const store::RunId waiting = new_run();
    done(holders.ask(holder));
    done(holders.ask(waiting));
    done(SetRunStatus{holder, model::Status::kPaused, "", std::nullopt});
    reopen();
    const auto locks = reader().locks();
    ASSERT_TRUE(locks);
    ASSERT_EQ(locks->size(), 2U);
    EXPECT_EQ(locks->at(0).run_id, holder);
    EXPECT_TRUE(locks->at(0).granted);
    EXPECT_EQ(locks->at(1).run_id, waiting);
    EXPECT_FALSE(locks->at(1).granted);
    EXPECT_EQ(done(ReleaseLock{"deal 1", holder, "Lock"}).run_id, waiting);
}

TEST_P(StoreConformance, RefusesALockForAnEndedRunAndWithoutAHolder) {
    const store::RunId ended = new_run();
    end_run(ended, model::Status::kSucceeded);
    EXPECT_EQ(code_of(apply(AcquireLock{"k", ended, Uid::random(), ""})), "RunEnded");
    EXPECT_EQ(code_of(apply(AcquireLock{"k", 4711, Uid::random(), ""})), "RunNotFound");
    EXPECT_EQ(code_of(apply(AcquireLock{"k", new_run(), Uid(), ""})), "LockHolderMissing");
    EXPECT_EQ(done(ReleaseLock{"k", ended, ""}).run_id, 0);
}

// ------------------------------------------------------------------ callbacks

TEST_P(StoreConformance, KeepsACallbackUntilItIsAwaited) {
    const store::RunId id = new_run();
    EXPECT_FALSE(done(PutCallback{"token", id, "Wait", at_second(100), ""}).granted);
    const store::Outcome call = done(ReceiveCallback{"token", Payload(R"({"a":1})"), at_second(5)});
    EXPECT_EQ(call.callback, CallbackFate::kTaken);
    EXPECT_EQ(call.run_id, id);
    EXPECT_EQ(call.run_uid, run(id).uid);
    EXPECT_EQ(call.path, "Wait");
    reopen();
    EXPECT_TRUE(done(PutCallback{"token", id, "Wait", at_second(100), ""}).granted);
    const auto kept = reader().callback(id, "Wait");
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ((*kept)->token, "token");
    EXPECT_TRUE((*kept)->received);
    EXPECT_EQ((*kept)->payload.view(), R"({"a":1})");
}

TEST_P(StoreConformance, TakesACallbackOnce) {
    const store::RunId id = new_run();
    done(PutCallback{"token", id, "Wait", at_second(100), ""});
    const auto first = done(ReceiveCallback{"token", large_payload('a'), at_second(1)});
    EXPECT_EQ(first.callback, CallbackFate::kTaken);
    const auto second = done(ReceiveCallback{"token", large_payload('b'), at_second(2)});
    EXPECT_EQ(second.callback, CallbackFate::kRepeated);
    EXPECT_EQ(second.run_id, 0);
    EXPECT_EQ((*reader().callback(id, "Wait"))->payload, large_payload('a'));
}

TEST_P(StoreConformance, RefusesCallbacksThatAreUnknownLateOrOfAnEndedRun) {
    const ReceiveCallback call{"token", Payload("1"), at_second(99)};
    EXPECT_EQ(done(call).callback, CallbackFate::kUnknown);
    const store::RunId id = new_run();
    done(PutCallback{"token", id, "Wait", at_second(99), ""});
    EXPECT_EQ(done(call).callback, CallbackFate::kClosed);
    EXPECT_EQ(
        code_of(apply(PutCallback{"token", new_run(), "Wait", at_second(1), ""})),
        "CallbackTokenTaken"
    );
    end_run(id, model::Status::kTimedOut);
    EXPECT_EQ(done(call).callback, CallbackFate::kUnknown);
    EXPECT_FALSE(*reader().callback(id, "Wait"));
    EXPECT_EQ(code_of(apply(PutCallback{"late", id, "Wait", at_second(1), ""})), "RunEnded");
}

TEST_P(StoreConformance, ClosesACallbackForCallsThatLeftBeforeToo) {
    const store::RunId id = new_run();
    done(PutCallback{"token", id, "Wait", at_second(100), ""});
    EXPECT_FALSE(done(CloseCallback{id, "Wait"}).granted);
    const auto call = done(ReceiveCallback{"token", Payload("1"), at_second(5)});
    EXPECT_EQ(call.callback, CallbackFate::kClosed);
    EXPECT_FALSE((*reader().callback(id, "Wait"))->received);
    EXPECT_FALSE(done(CloseCallback{id, "Wait"}).granted);
    EXPECT_FALSE(done(CloseCallback{id, "Elsewhere"}).granted);
}

TEST_P(StoreConformance, KeepsACallThatCameBeforeItsCallbackIsClosed) {
    const store::RunId id = new_run();
    done(PutCallback{"token", id, "Wait", at_second(100), ""});
    done(ReceiveCallback{"token", Payload("1"), at_second(5)});
    EXPECT_TRUE(done(CloseCallback{id, "Wait"}).granted);
    EXPECT_EQ((*reader().callback(id, "Wait"))->payload.view(), "1");
}

TEST_P(StoreConformance, KeepsOneQuestionOfAFlowWithOneKey) {
    const auto question = [](const std::string& title, const std::string& asked) {
        return dump(Json{{"title", title}, {"default", "no"}, {"key", "Deal"}, {"asked", asked}});
    };
    const auto open = [&] {
        std::string out;
        const auto rows = reader().open_questions();
        for (const store::QuestionRow& row : *rows) {
            out += row.token + " ";
        }
        return out;
    };
    const store::RunId first = new_run();
    const store::RunId second = new_run();
    const store::RunId of_another_flow = new_run(8);
    done(PutCallback{"a", first, "Ask", at_second(100), question("5 or 7?", "now")});
    done(PutCallback{"b", of_another_flow, "Ask", at_second(100), question("5 or 9?", "now")});

    done(PutCallback{"c", second, "Ask", at_second(100), question("5 or 7?", "later")});
    EXPECT_EQ(open(), "a b ");
    const std::string said((*reader().callback(second, "Ask"))->payload.view());
    EXPECT_EQ(said, R"({"answer":"no","elsewhere":true,"person":""})");

    const auto put =
        done(PutCallback{"d", second, "Again", at_second(100), question("5 or 9?", "later")});
    ASSERT_EQ(put.grants.size(), 1U);
    EXPECT_EQ(put.grants.front().run_id, first);
    EXPECT_EQ(put.grants.front().path, "Ask");
    EXPECT_TRUE((*reader().callback(first, "Ask"))->received);
    EXPECT_EQ(open(), "d b ");
}

TEST_P(StoreConformance, TellsWhichQuestionsNobodyHasAnswered) {
    const store::RunId id = new_run();
    done(PutCallback{"call", id, "Call", at_second(100), ""});
    done(PutCallback{"asked", id, "Ask/@answer", at_second(100), R"({"title":"Which one?"})"});
    done(PutCallback{"answered", id, "Before", at_second(100), R"({"title":"Before"})"});
    done(ReceiveCallback{"answered", Payload("1"), at_second(5)});
    done(PutCallback{"closed", id, "Late", at_second(100), R"({"title":"Late"})"});
    done(CloseCallback{id, "Late"});
    const auto open = reader().open_questions();
    ASSERT_TRUE(open);
    ASSERT_EQ(open->size(), 1U);
    EXPECT_EQ(open->front().token, "asked");
    EXPECT_EQ(open->front().run, run(id).uid);
    EXPECT_EQ(open->front().path, "Ask/@answer");
    EXPECT_EQ(open->front().expires, at_second(100));
    EXPECT_EQ(open->front().question, R"({"title":"Which one?"})");
}

TEST_P(StoreConformance, ForgetsTheQuestionsOfARunThatHasEnded) {
    const store::RunId id = new_run();
    done(PutCallback{"asked", id, "Ask", at_second(100), R"({"title":"Which one?"})"});
    end_run(id, model::Status::kCancelled);
    EXPECT_TRUE(reader().open_questions()->empty());
}

}  // namespace
}  // namespace tideway::tests
