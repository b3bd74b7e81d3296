#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using store::AppendJournal;
using store::ClaimRun;
using store::SetRunStatus;

// ------------------------------------------------------------------ admit

TEST_P(StoreConformance, KeepsAnAdmittedEventAndItsRun) {
    store::Admit admit = sample_admit();
    admit.run->parent_uid = Uid::random();
    admit.run->parent_path = "Call the child";
    admit.run->resubmit_of = Uid::random();
    admit.run->root_uid = admit.run->resubmit_of;
    const store::Outcome outcome = done(admit);

    const auto event = reader().event(outcome.id);
    ASSERT_TRUE(event && *event);
    EXPECT_EQ((*event)->uid, admit.event.uid);
    EXPECT_EQ((*event)->flow_id, 7);
    EXPECT_EQ((*event)->source, "http_request");
    EXPECT_EQ((*event)->status, model::EventStatus::kAccepted);
    EXPECT_EQ((*event)->payload, admit.event.payload);
    EXPECT_EQ((*event)->received, at_second(1));
    EXPECT_EQ((*event)->run_id, outcome.run_id);

    const model::RunRecord stored = run(outcome.run_id);
    EXPECT_EQ(outcome.run_uid, admit.run->uid);
    EXPECT_EQ(stored.uid, admit.run->uid);
    EXPECT_EQ(stored.root_uid, admit.run->root_uid);
    EXPECT_EQ(stored.parent_uid, admit.run->parent_uid);
    EXPECT_EQ(stored.parent_path, "Call the child");
    EXPECT_EQ(stored.resubmit_of, admit.run->resubmit_of);
    EXPECT_EQ(stored.event_id, outcome.id);
    EXPECT_EQ(stored.version_id, 3);
    EXPECT_EQ(stored.status, model::Status::kWaiting);
    EXPECT_EQ(stored.created, at_second(1));
    EXPECT_FALSE(stored.ended);
}

TEST_P(StoreConformance, RemembersWhatReadersAreNotShown) {
    store::Admit admit = sample_admit();
    admit.event.is_secured = true;
    admit.run->is_secured = true;
    const store::Outcome outcome = done(admit);
    EXPECT_TRUE((*reader().event(outcome.id))->is_secured);
    EXPECT_TRUE(run(outcome.run_id).is_secured);

    const store::Outcome plain = done(sample_admit());
    EXPECT_FALSE((*reader().event(plain.id))->is_secured);
    model::RunRecord changed = run(plain.run_id);
    EXPECT_FALSE(changed.is_secured);
    changed.is_secured = true;
    AppendJournal append;
    append.run_id = plain.run_id;
    append.lease_epoch = changed.lease_epoch;
    append.run = changed;
    for (const auto secured :
         {model::Secured::kNothing, model::Secured::kOutputs, model::Secured::kBoth}) {
        model::JournalRow row;
        row.seq = static_cast<std::int64_t>(append.rows.size()) + 1;
        row.secured = secured;
        append.rows.push_back(row);
    }
    done(append);
    EXPECT_TRUE(run(plain.run_id).is_secured);
    const auto rows = reader().journal(plain.run_id);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ(rows->at(0).secured, model::Secured::kNothing);
    EXPECT_EQ(rows->at(1).secured, model::Secured::kOutputs);
    EXPECT_EQ(rows->at(2).secured, model::Secured::kBoth);
}

TEST_P(StoreConformance, RemembersWhoSentAnEventAndStartedItsRun) {
    store::Admit admit = sample_admit();
    admit.event.person = "ada";
    admit.run->person = "ada";
    const store::Outcome made = done(admit);
    EXPECT_EQ(run(made.run_id).person, "ada");
    EXPECT_EQ((*reader().event(made.id))->person, "ada");
    EXPECT_EQ(run(new_run()).person, "");
}

TEST_P(StoreConformance, RecordsARefusedEventWithoutARun) {
    store::Admit admit{sample_event(), std::nullopt, std::nullopt};
    admit.event.status = model::EventStatus::kRefused;
    admit.event.reason = "The flow is off.";
    const store::Outcome outcome = done(admit);

    EXPECT_EQ(outcome.run_id, 0);
    const auto event = reader().event(outcome.id);
    ASSERT_TRUE(event && *event);
    EXPECT_EQ((*event)->status, model::EventStatus::kRefused);
    EXPECT_EQ((*event)->reason, "The flow is off.");
}

TEST_P(StoreConformance, AnswersASecondEventWithTheSameKeyWithTheFirstRun) {
    store::Admit first = sample_admit();
    first.event.dedupe_key = "referral r-1";
    first.dedupe_expires = at_second(100);
    const store::Outcome made = done(first);
    store::Admit second = sample_admit();
    second.event.dedupe_key = "referral r-1";
    second.event.received = at_second(99);
    second.dedupe_expires = at_second(200);
    const store::Outcome found = done(second);

    EXPECT_TRUE(found.is_duplicate);
    EXPECT_EQ(found.run_id, made.run_id);
    EXPECT_EQ(found.run_uid, first.run->uid);
    EXPECT_NE(found.id, made.id);
    const auto event = reader().event(found.id);
    ASSERT_TRUE(event && *event);
    EXPECT_EQ((*event)->status, model::EventStatus::kDuplicate);
    EXPECT_EQ((*event)->run_id, made.run_id);
    EXPECT_EQ(reader().runs({})->runs.size(), 1U);
}

TEST_P(StoreConformance, FindsADuplicateWithinTheSameBatch) {
    store::Admit first = sample_admit();
    first.event.dedupe_key = "k";
    first.dedupe_expires = at_second(100);
    store::Admit second = sample_admit();
    second.event.dedupe_key = "k";
    second.dedupe_expires = at_second(100);
    const StoreResult result = apply(first, second);

    ASSERT_TRUE(result);
    EXPECT_FALSE(result->at(0).is_duplicate);
    EXPECT_TRUE(result->at(1).is_duplicate);
    EXPECT_EQ(result->at(1).run_id, result->at(0).run_id);
}

TEST_P(StoreConformance, AcceptsTheKeyAgainAfterItsTimeAndInAnotherFlow) {
    store::Admit admit = sample_admit();
    admit.event.dedupe_key = "k";
    admit.dedupe_expires = at_second(100);
    done(admit);
    store::Admit other_flow = sample_admit(8);
    other_flow.event.dedupe_key = "k";
    other_flow.dedupe_expires = at_second(100);
    EXPECT_FALSE(done(other_flow).is_duplicate);
    store::Admit later = sample_admit();
    later.event.dedupe_key = "k";
    later.event.received = at_second(100);
    later.dedupe_expires = at_second(300);
    const store::Outcome made = done(later);
    EXPECT_FALSE(made.is_duplicate);
    store::Admit again = sample_admit();
    again.event.dedupe_key = "k";
    again.event.received = at_second(200);
    again.dedupe_expires = at_second(300);
    EXPECT_EQ(done(again).run_id, made.run_id);
}

TEST_P(StoreConformance, DoesNotRememberTheKeyOfARefusedEvent) {
    store::Admit refused{sample_event(), std::nullopt, at_second(100)};
    refused.event.status = model::EventStatus::kRefused;
    refused.event.dedupe_key = "k";
    done(refused);
    store::Admit accepted = sample_admit();
    accepted.event.dedupe_key = "k";
    accepted.dedupe_expires = at_second(100);
    EXPECT_FALSE(done(accepted).is_duplicate);
}

TEST_P(StoreConformance, MakesARunOfOneUidOnce) {
    const store::Admit admit = sample_admit();
    const store::Outcome first = done(admit);
    const store::Outcome second = done(admit);

    EXPECT_TRUE(second.is_duplicate);
    EXPECT_EQ(second.run_id, first.run_id);
    EXPECT_EQ(second.id, first.id);
    EXPECT_EQ(reader().runs({})->runs.size(), 1U);
}

TEST_P(StoreConformance, RefusesARunWithoutAUid) {
    store::Admit admit = sample_admit();
    admit.run->uid = Uid();
    EXPECT_EQ(code_of(apply(admit)), "RunUidMissing");
    EXPECT_TRUE(reader().events({.flow_id = 7})->events.empty());
}

// ------------------------------------------------------------------ journal

TEST_P(StoreConformance, ReturnsTheAppendedRowsAsTheyWere) {
    const store::RunId id = new_run();
    AppendJournal append = sample_append(id, 1, 3);
    append.rows[1].kind = model::RowKind::kAttempt;
    append.rows[1].attempt = 2;
    append.rows[1].attempt_class = model::AttemptClass::kInDoubt;
    append.rows[1].status = model::Status::kFailed;
    append.rows[1].output = Payload();
    append.rows[2].path = std::string("zero\0byte", 9);
    done(append);

    const auto rows = journal(id);
    ASSERT_EQ(rows.size(), 3U);
    for (std::size_t at = 0; at < rows.size(); ++at) {
        const model::JournalRow& want = append.rows[at];
        EXPECT_EQ(rows[at].seq, want.seq);
        EXPECT_EQ(rows[at].kind, want.kind);
        EXPECT_EQ(rows[at].path, want.path);
        EXPECT_EQ(rows[at].line, want.line);
        EXPECT_EQ(rows[at].operation, want.operation);
        EXPECT_EQ(rows[at].spec_hash, want.spec_hash);
        EXPECT_EQ(rows[at].status, want.status);
        EXPECT_EQ(rows[at].code, want.code);
        EXPECT_EQ(rows[at].attempt, want.attempt);
        EXPECT_EQ(rows[at].attempt_class, want.attempt_class);
        EXPECT_EQ(rows[at].input, want.input);
        EXPECT_EQ(rows[at].output, want.output);
        EXPECT_EQ(rows[at].at, want.at);
    }
}

TEST_P(StoreConformance, PagesTheJournalBySequence) {
    const store::RunId id = new_run();
    done(sample_append(id, 1, 2));
    done(sample_append(id, 3, 5));
    const auto tail = reader().journal(id, 3);
    ASSERT_TRUE(tail);
    ASSERT_EQ(tail->size(), 2U);
    EXPECT_EQ(tail->front().seq, 4);
}

TEST_P(StoreConformance, RefusesAGapAndARepeatedRow) {
    const store::RunId id = new_run();
    done(sample_append(id, 1, 2));
    EXPECT_EQ(code_of(apply(sample_append(id, 4, 4))), "JournalGap");
    EXPECT_EQ(code_of(apply(sample_append(id, 2, 3))), "JournalGap");
    AppendJournal inside = sample_append(id, 3, 4);
    inside.rows[1].seq = 5;
    EXPECT_EQ(code_of(apply(inside)), "JournalGap");
    EXPECT_EQ(journal(id).size(), 2U);
    done(sample_append(id, 3, 3));
}

TEST_P(StoreConformance, RefusesAnOldLease) {
    const store::RunId id = new_run();
    const store::Outcome claim = done(ClaimRun{id, false});
    EXPECT_EQ(claim.lease_epoch, 1);
    EXPECT_EQ(code_of(apply(sample_append(id, 1, 1))), "LeaseLost");
    AppendJournal mine = sample_append(id, 1, 1);
    mine.lease_epoch = 1;
    done(mine);
    EXPECT_EQ(done(ClaimRun{id, true}).lease_epoch, 2);
    EXPECT_EQ(run(id).deaths, 1);
    AppendJournal old = sample_append(id, 2, 2);
    old.lease_epoch = 1;
    EXPECT_EQ(code_of(apply(old)), "LeaseLost");
    EXPECT_EQ(journal(id).size(), 1U);
}

TEST_P(StoreConformance, ChangesTheColumnsOfTheRunWithItsRows) {
    const store::RunId id = new_run();
    AppendJournal append = sample_append(id, 1, 1);
    append.run = ended_run(model::Status::kFailed);
    append.run->code = "ActionFailed";
    append.run->error = Payload(R"({"code":"NotFound"})");
    append.run->failed_step = "Get the referral";
    append.run->fingerprint = "f1";
    append.run->outcome = "ignored";
    append.run->outcome_reason = "not ours";
    append.run->response = Payload(R"({"status":200})");
    append.run->output = Payload("[]");
    append.run->deaths = 2;
    append.run->journal_bytes = 450;
    append.run->lease_epoch = 99;
    done(append);

    const model::RunRecord stored = run(id);
    EXPECT_EQ(stored.status, model::Status::kFailed);
    EXPECT_EQ(stored.code, "ActionFailed");
    EXPECT_EQ(stored.error.view(), R"({"code":"NotFound"})");
    EXPECT_EQ(stored.failed_step, "Get the referral");
    EXPECT_EQ(stored.fingerprint, "f1");
    EXPECT_EQ(stored.outcome, "ignored");
    EXPECT_EQ(stored.outcome_reason, "not ours");
    EXPECT_EQ(stored.response.view(), R"({"status":200})");
    EXPECT_EQ(stored.output.view(), "[]");
    EXPECT_EQ(stored.deaths, 2);
    EXPECT_EQ(stored.started, at_second(2));
    EXPECT_EQ(stored.ended, at_second(9));
    EXPECT_EQ(stored.journal_bytes, 450);
    EXPECT_EQ(stored.lease_epoch, 0);
    EXPECT_EQ(stored.flow_id, 7);
}

TEST_P(StoreConformance, RefusesRowsForAnEndedOrUnknownRun) {
    const store::RunId id = new_run();
    end_run(id, model::Status::kSucceeded);
    EXPECT_EQ(code_of(apply(sample_append(id, 1, 1))), "RunEnded");
    EXPECT_EQ(code_of(apply(ClaimRun{id, false})), "RunEnded");
    EXPECT_EQ(code_of(apply(sample_append(4711, 1, 1))), "RunNotFound");
    EXPECT_EQ(code_of(apply(ClaimRun{4711, false})), "RunNotFound");
}

TEST_P(StoreConformance, UndoesTheWholeBatchThatFailsAndOnlyThat) {
    const store::RunId id = new_run();
    auto bad =
        submit(store(), batch_of(sample_append(id, 1, 2), sample_admit(), sample_append(id, 9, 9)));
    auto good = submit(store(), batch_of(sample_append(id, 1, 1)));
    EXPECT_EQ(code_of(bad.get()), "JournalGap");
    EXPECT_EQ(code_of(good.get()), "");
    EXPECT_EQ(journal(id).size(), 1U);
    EXPECT_EQ(reader().runs({})->runs.size(), 1U);
}

// ------------------------------------------------------------------ status, lists

TEST_P(StoreConformance, SetsTheStatusOfARunForAnOperator) {
    const store::RunId id = new_run();
    done(SetRunStatus{id, model::Status::kPaused, "restored from a backup", std::nullopt});
    EXPECT_EQ(run(id).status, model::Status::kPaused);
    EXPECT_EQ(run(id).wait_reason, "restored from a backup");
    EXPECT_FALSE(run(id).ended);
    done(SetRunStatus{id, model::Status::kCancelled, "Not needed.", at_second(50)});
    const model::RunRecord stored = run(id);
    EXPECT_EQ(stored.status, model::Status::kCancelled);
    EXPECT_EQ(stored.ended, at_second(50));
    EXPECT_EQ(model::parse_step_error(stored.error.view()).message, "Not needed.");
    const SetRunStatus again{id, model::Status::kWaiting, "", std::nullopt};
    EXPECT_EQ(code_of(apply(again)), "RunEnded");
}

TEST_P(StoreConformance, KeepsWhyARunIsPausedUntilItGoesOn) {
    const store::RunId id = new_run();
    done(store::ClaimRun{id, true});
    SetRunStatus pause{id, model::Status::kPaused, "It died.", std::nullopt};
    pause.code = "RunDiesRepeatedly";
    pause.remedy = "Look at it.";
    done(pause);
    EXPECT_EQ(run(id).code, "RunDiesRepeatedly");
    const model::StepError error = model::parse_step_error(run(id).error.view());
    EXPECT_EQ(error.code, "RunDiesRepeatedly");
    EXPECT_EQ(error.message, "It died.");
    EXPECT_EQ(error.remedy, "Look at it.");
    EXPECT_EQ(run(id).deaths, 1);
    done(SetRunStatus{id, model::Status::kRunning, "", std::nullopt});
    EXPECT_EQ(run(id).status, model::Status::kRunning);
    EXPECT_EQ(run(id).code, "");
    EXPECT_EQ(run(id).wait_reason, "");
    EXPECT_TRUE(run(id).error.empty());
    EXPECT_EQ(run(id).deaths, 0);
}

TEST_P(StoreConformance, ListsOpenRunsOldestFirst) {
    const store::RunId waiting = new_run();
    const store::RunId ended = new_run();
    const store::RunId paused = new_run();
    end_run(ended, model::Status::kFailed);
    done(SetRunStatus{paused, model::Status::kPaused, "", std::nullopt});
    const auto open = reader().open_runs();
    ASSERT_TRUE(open);
    ASSERT_EQ(open->size(), 2U);
    EXPECT_EQ(open->at(0).id, waiting);
    EXPECT_EQ(open->at(1).id, paused);
}

TEST_P(StoreConformance, FindsRunsByEveryFilter) {
    store::Admit child = sample_admit(8);
    child.run->created = at_second(500);
    child.run->parent_uid = Uid::random();
    child.run->root_uid = Uid::random();
    child.run->person = "ada";
    const store::RunId plain = new_run();
    const store::RunId special = done(child).run_id;
    AppendJournal end = sample_append(special, 1, 1);
    end.run = ended_run(model::Status::kFailed);
    end.run->outcome = "created";
    end.run->fingerprint = "f1";
    model::EffectRecord effect;
    effect.record_id = "rec-1";
    end.effects.push_back(effect);
    done(end);
    const auto only = [this](store::RunFilter filter) {
        const auto found = reader().runs(filter);
        return found && found->runs.size() == 1 ? found->runs.front().id : -1;
    };

    EXPECT_EQ(only({.flow_id = 8}), special);
    EXPECT_EQ(only({.statuses = {model::Status::kFailed, model::Status::kTimedOut}}), special);
    EXPECT_EQ(only({.statuses = {model::Status::kSucceeded, model::Status::kWaiting}}), plain);
    EXPECT_EQ(only({.created_from = at_second(500)}), special);
    EXPECT_EQ(only({.created_to = at_second(500)}), plain);
    EXPECT_EQ(only({.outcome = "created"}), special);
    EXPECT_EQ(only({.fingerprint = "f1"}), special);
    EXPECT_EQ(only({.record_id = "rec-1"}), special);
    EXPECT_EQ(only({.person = "ada"}), special);
    EXPECT_TRUE(reader().runs({.person = "bob"})->runs.empty());
    EXPECT_EQ(only({.root_uid = child.run->root_uid}), special);
    EXPECT_EQ(only({.root_uid = run(plain).uid}), plain);
    EXPECT_EQ(only({.parent_uid = child.run->parent_uid}), special);
    EXPECT_EQ(only({.before_id = special}), plain);
    EXPECT_EQ(only({.limit = 1}), special);
    EXPECT_EQ((*reader().run_by_uid(child.run->uid))->id, special);
    EXPECT_FALSE(*reader().run_by_uid(Uid::random()));
}

TEST_P(StoreConformance, ListsEventsOfAFlowNewestFirst) {
    const store::Outcome first = done(sample_admit());
    const store::Outcome second = done(sample_admit());
    done(sample_admit(8));
    const auto all = reader().events({.flow_id = 7});
    ASSERT_TRUE(all);
    ASSERT_EQ(all->events.size(), 2U);
    EXPECT_EQ(all->events.front().event.id, second.id);
    const auto older = reader().events({.flow_id = 7, .before_id = second.id});
    ASSERT_EQ(older->events.size(), 1U);
    EXPECT_EQ(older->events.front().event.id, first.id);
}

// ------------------------------------------------------------------ effects

TEST_P(StoreConformance, CompletesAnEffectThatWasWrittenWithItsIntent) {
    const store::RunId id = new_run();
    AppendJournal intent = sample_append(id, 1, 1);
    model::EffectRecord effect;
    effect.key = "k1";
    effect.path = "Create";
    effect.seq = 1;
    effect.connection = "dynamics365";
    effect.operation = "dataverse.create_row";
    effect.object = "opportunity";
    effect.created = at_second(3);
    effect.fields = Payload(R"({"name":"h1"})");
    intent.effects.push_back(effect);
    done(intent);
    ASSERT_EQ(reader().effects(id)->size(), 1U);
    EXPECT_EQ(reader().effects(id)->front().state, model::EffectState::kOpen);

    AppendJournal result = sample_append(id, 2, 2);
    effect.record_id = "rec-1";
    effect.version = "W/1";
    effect.state = model::EffectState::kDone;
    effect.output = Payload(R"({"id":"rec-1"})");
    effect.created = at_second(4);
    effect.completed = at_second(5);
    result.effects.push_back(effect);
    done(result);

    const auto by_key = reader().effects_by_key("k1");
    ASSERT_TRUE(by_key);
    ASSERT_EQ(by_key->size(), 1U);
    const model::EffectRecord& stored = by_key->front();
    EXPECT_EQ(stored.run_id, id);
    EXPECT_EQ(stored.path, "Create");
    EXPECT_EQ(stored.seq, 1);
    EXPECT_EQ(stored.operation, "dataverse.create_row");
    EXPECT_EQ(stored.record_id, "rec-1");
    EXPECT_EQ(stored.fields.view(), R"({"name":"h1"})");
    EXPECT_EQ(stored.version, "W/1");
    EXPECT_EQ(stored.state, model::EffectState::kDone);
    EXPECT_EQ(stored.output.view(), R"({"id":"rec-1"})");
    EXPECT_EQ(stored.created, at_second(3));
    EXPECT_EQ(stored.completed, at_second(5));
}

TEST_P(StoreConformance, OpensAnEffectAgainThatWasParked) {
    const store::RunId id = new_run();
    model::EffectRecord effect;
    effect.path = "Create";
    effect.seq = 1;
    effect.created = at_second(3);
    std::int64_t seq = 1;
    for (const model::EffectState state :
         {model::EffectState::kOpen, model::EffectState::kParked, model::EffectState::kOpen}) {
        AppendJournal append = sample_append(id, seq, seq);
        ++seq;
        effect.state = state;
        append.effects.push_back(effect);
        done(append);
        ASSERT_EQ(reader().effects(id)->size(), 1U);
        EXPECT_EQ(reader().effects(id)->front().state, state);
    }
}

TEST_P(StoreConformance, TellsWhoWroteARecordNewestFirst) {
    std::vector<store::RunId> runs{new_run(), new_run(), new_run()};
    for (const store::RunId id : runs) {
        AppendJournal append = sample_append(id, 1, 1);
        model::EffectRecord effect;
        effect.key = "same";
        effect.connection = id == runs[2] ? "other" : "dynamics365";
        effect.object = "opportunity";
        effect.record_id = "rec-1";
        append.effects.push_back(effect);
        done(append);
    }
    const auto found = reader().effects_on("dynamics365", "opportunity", "rec-1", 10);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ(found->front().run_id, runs[1]);
    EXPECT_EQ(reader().effects_on("dynamics365", "opportunity", "rec-1", 1)->size(), 1U);
    EXPECT_EQ(reader().effects_by_key("same")->front().run_id, runs[2]);
}

// ------------------------------------------------------------------ payloads, restart

TEST_P(StoreConformance, ReturnsLargePayloadsWhereverTheyAre) {
    store::Admit admit = sample_admit();
    admit.event.payload = large_payload('e');
    admit.run->output = large_payload('o');
    const store::Outcome made = done(admit);
    AppendJournal append = sample_append(made.run_id, 1, 1);
    append.rows[0].input = large_payload('i');
    append.rows[0].output = large_payload('e');
    append.run = ended_run(model::Status::kFailed);
    append.run->error = large_payload('x');
    append.run->response = large_payload('r');
    append.run->output = large_payload('o');
    model::EffectRecord effect;
    effect.output = large_payload('f');
    append.effects.push_back(effect);
    done(append);

    EXPECT_EQ((*reader().event(made.id))->payload, large_payload('e'));
    EXPECT_EQ(journal(made.run_id).at(0).input, large_payload('i'));
    EXPECT_EQ(journal(made.run_id).at(0).output, large_payload('e'));
    EXPECT_EQ(run(made.run_id).error, large_payload('x'));
    EXPECT_EQ(run(made.run_id).response, large_payload('r'));
    EXPECT_EQ(run(made.run_id).output, large_payload('o'));
    EXPECT_EQ(reader().effects(made.run_id)->front().output, large_payload('f'));
}

TEST_P(StoreConformance, HasEverythingAfterARestart) {
    store::Admit admit = sample_admit();
    admit.event.dedupe_key = "k";
    admit.dedupe_expires = at_second(100);
    const store::Outcome made = done(admit);
    done(sample_append(made.run_id, 1, 4));
    reopen();
    EXPECT_EQ(journal(made.run_id).size(), 4U);
    EXPECT_EQ(run(made.run_id).uid, made.run_uid);
    EXPECT_TRUE(done(admit).is_duplicate);
    done(sample_append(made.run_id, 5, 5));
}

}  // namespace
}  // namespace tideway::tests
