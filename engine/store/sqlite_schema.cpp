// The schema in SQLite's words. Times are microseconds since 1970, uids 16 bytes, statuses the
// words of the model, payloads JSON text or, when they are large, "@<payload.id>"
// (payload_table.h). A step that was released is never edited: changes are a new step.
#include <array>

#include "engine/store/migrations.h"

namespace tideway::store {
namespace {

// Ids are never used twice (AUTOINCREMENT): ledger and pages name runs that may be gone.
// Indexes are partial where they can be: a run that succeeded without lineage is in few of them.
constexpr const char* kRuns = R"sql(
CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid BLOB,
  flow_id INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  source TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  dedupe_key TEXT NOT NULL,
  received INTEGER NOT NULL,
  payload TEXT NOT NULL);
CREATE INDEX event_by_flow ON event(flow_id, id);
CREATE INDEX event_beside_run ON event(run_id) WHERE status <> 'Accepted' AND run_id <> 0;
CREATE INDEX event_without_run ON event(received) WHERE run_id = 0;

CREATE TABLE dedupe(
  flow_id INTEGER NOT NULL,
  dedupe_key TEXT NOT NULL,
  expires INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  run_uid BLOB,
  PRIMARY KEY(flow_id, dedupe_key)) WITHOUT ROWID;
CREATE INDEX dedupe_by_expiry ON dedupe(expires);

CREATE TABLE run(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid BLOB NOT NULL,
  root_uid BLOB NOT NULL,
  parent_uid BLOB,
  parent_path TEXT NOT NULL,
  resubmit_of BLOB,
  flow_id INTEGER NOT NULL,
  version_id INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  created INTEGER NOT NULL,
  lease_epoch INTEGER NOT NULL,
  next_seq INTEGER NOT NULL,
  journal_bytes INTEGER NOT NULL,
  status TEXT NOT NULL,
  wait_reason TEXT NOT NULL,
  code TEXT NOT NULL,
  failed_step TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  outcome TEXT NOT NULL,
  outcome_reason TEXT NOT NULL,
  deaths INTEGER NOT NULL,
  wake_at INTEGER,
  started INTEGER,
  ended INTEGER,
  error TEXT NOT NULL,
  response TEXT NOT NULL,
  output TEXT NOT NULL);
CREATE UNIQUE INDEX run_by_uid ON run(uid);
CREATE INDEX run_by_flow ON run(flow_id);
CREATE INDEX run_by_version ON run(version_id);
CREATE INDEX run_by_end ON run(ended) WHERE ended IS NOT NULL;
CREATE INDEX run_not_succeeded ON run(status) WHERE status <> 'Succeeded';
CREATE INDEX run_by_root ON run(root_uid) WHERE root_uid <> uid;
CREATE INDEX run_by_parent ON run(parent_uid) WHERE parent_uid IS NOT NULL;
CREATE INDEX run_by_fingerprint ON run(fingerprint) WHERE fingerprint <> '';

CREATE TABLE journal(
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  line INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  attempt_class INTEGER NOT NULL,
  at INTEGER NOT NULL,
  path TEXT NOT NULL,
  operation TEXT NOT NULL,
  spec_hash TEXT NOT NULL,
  status TEXT NOT NULL,
  code TEXT NOT NULL,
  input TEXT NOT NULL,
  output TEXT NOT NULL);
CREATE UNIQUE INDEX journal_by_run ON journal(run_id, seq);

CREATE TABLE effect(
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  seq INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL,
  connection TEXT NOT NULL,
  operation TEXT NOT NULL,
  object TEXT NOT NULL,
  record_id TEXT NOT NULL,
  version TEXT NOT NULL,
  state TEXT NOT NULL,
  created INTEGER NOT NULL,
  completed INTEGER,
  fields TEXT NOT NULL,
  output TEXT NOT NULL);
CREATE UNIQUE INDEX effect_by_step ON effect(run_id, path);
CREATE INDEX effect_by_key ON effect(idempotency_key);
CREATE INDEX effect_by_record ON effect(record_id, object, connection) WHERE record_id <> '';

CREATE TABLE payload(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL,
  bytes BLOB NOT NULL);
CREATE UNIQUE INDEX payload_by_hash ON payload(hash);

CREATE TABLE payload_use(
  payload_id INTEGER NOT NULL REFERENCES payload(id),
  owner TEXT NOT NULL,
  owner_id INTEGER NOT NULL,
  PRIMARY KEY(payload_id, owner, owner_id)) WITHOUT ROWID;
CREATE INDEX payload_use_by_owner ON payload_use(owner, owner_id);

CREATE TABLE lock(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  holder BLOB,
  granted INTEGER NOT NULL);
CREATE UNIQUE INDEX lock_by_place ON lock(key, run_id, path);
CREATE INDEX lock_by_run ON lock(run_id);

CREATE TABLE callback(
  token TEXT PRIMARY KEY,
  run_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  expires INTEGER NOT NULL,
  received INTEGER NOT NULL,
  payload TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX callback_by_run ON callback(run_id, path);
)sql";

constexpr const char* kCatalog = R"sql(
CREATE TABLE flow(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pack TEXT NOT NULL,
  name TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  state_reason TEXT NOT NULL,
  published INTEGER NOT NULL,
  UNIQUE(pack, name));

CREATE TABLE version(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  pack TEXT NOT NULL,
  pack_version TEXT NOT NULL,
  flow TEXT NOT NULL,
  spec_hashes TEXT NOT NULL,
  created INTEGER NOT NULL);

CREATE TABLE version_file(
  version_id INTEGER NOT NULL REFERENCES version(id),
  path TEXT NOT NULL,
  payload_id INTEGER NOT NULL REFERENCES payload(id),
  PRIMARY KEY(version_id, path)) WITHOUT ROWID;
CREATE INDEX version_file_by_payload ON version_file(payload_id);

CREATE TABLE trigger_state(
  flow_id INTEGER PRIMARY KEY,
  primary_key TEXT NOT NULL,
  secondary_key TEXT NOT NULL,
  subscription TEXT NOT NULL,
  cursor TEXT NOT NULL);

CREATE TABLE connection(
  name TEXT PRIMARY KEY,
  connector TEXT NOT NULL,
  settings TEXT NOT NULL,
  sealed BLOB NOT NULL,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  status_reason TEXT NOT NULL,
  auth_grant TEXT NOT NULL,
  refresh_expires INTEGER,
  secret_expires INTEGER,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE reference(
  pack TEXT NOT NULL,
  reference TEXT NOT NULL,
  connection TEXT NOT NULL,
  PRIMARY KEY(pack, reference)) WITHOUT ROWID;

CREATE TABLE variable(
  pack TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY(pack, name)) WITHOUT ROWID;

CREATE TABLE api_token(
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  hash TEXT NOT NULL,
  expires INTEGER,
  created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE audit(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  person TEXT NOT NULL,
  act TEXT NOT NULL,
  object TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL);
)sql";

constexpr const char* kTriggers = R"sql(
ALTER TABLE trigger_state ADD COLUMN subscribed_url TEXT NOT NULL DEFAULT '';
ALTER TABLE trigger_state ADD COLUMN renew_at INTEGER;

CREATE TABLE fan_out(
  event_id INTEGER PRIMARY KEY,
  flow_id INTEGER NOT NULL,
  version_id INTEGER NOT NULL,
  next INTEGER NOT NULL,
  count INTEGER NOT NULL,
  items TEXT NOT NULL);
)sql";

// Its own table: replacing a connection says nothing about whether the service is there.
constexpr const char* kConnectionHealth = R"sql(
CREATE TABLE connection_health(
  connection TEXT PRIMARY KEY,
  unavailable_since INTEGER,
  reason TEXT NOT NULL,
  day INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  throttled INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// The lines of flows whose trigger asks for turns; a run of any other flow has no row. `place` is
// the event that gives the order, `state` a TurnState (turn_commands.h).
constexpr const char* kTurns = R"sql(
CREATE TABLE turn(
  run_id INTEGER PRIMARY KEY,
  flow_id INTEGER NOT NULL,
  place INTEGER NOT NULL,
  key TEXT NOT NULL,
  coalesce_key TEXT NOT NULL,
  state INTEGER NOT NULL);
CREATE INDEX turn_by_state ON turn(flow_id, state, place);
CREATE INDEX turn_by_key ON turn(flow_id, key, place) WHERE key <> '';
CREATE INDEX turn_by_coalesce_key ON turn(flow_id, coalesce_key) WHERE coalesce_key <> '';
CREATE INDEX fan_out_by_flow ON fan_out(flow_id);

CREATE TABLE line(
  flow_id INTEGER PRIMARY KEY,
  runs_max INTEGER NOT NULL);
)sql";

// One step of the schema is one script; the pieces are apart for the reader.
const std::string& first_schema() {
    static const std::string script = std::string(kRuns) + kCatalog;
    return script;
}

// A commit writes the pages that it touches, so what an effect touches is kept together: its row is
// found by the intent's place, keys are indexed only where somebody looks for them, and the writer
// knows where the journal of a run ends.
constexpr const char* kFewerPages = R"sql(
DROP INDEX effect_by_step;
DROP INDEX effect_by_key;
CREATE UNIQUE INDEX effect_by_intent ON effect(run_id, seq);
CREATE INDEX effect_by_key ON effect(idempotency_key) WHERE idempotency_key <> '';
ALTER TABLE run DROP COLUMN next_seq;
)sql";

// What readers of history are not shown; model::Secured in the journal, yes or no elsewhere.
constexpr const char* kSecured = R"sql(
ALTER TABLE journal ADD COLUMN secured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN secured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN secured INTEGER NOT NULL DEFAULT 0;
)sql";

// Who started what by hand, and which flows a token is for (its role run-only).
constexpr const char* kPeople = R"sql(
ALTER TABLE event ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN person TEXT NOT NULL DEFAULT '';
CREATE INDEX run_by_person ON run(person, id) WHERE person <> '';
ALTER TABLE api_token ADD COLUMN flows TEXT NOT NULL DEFAULT '[]';
ALTER TABLE api_token ADD COLUMN sees_contents INTEGER NOT NULL DEFAULT 0;
)sql";

// failure_group is kept with the end of each run that fails; what failed before is in it, so that
// it is not new. Of a notice without `closed` there is one for each cause.
constexpr const char* kNotices = R"sql(
CREATE TABLE failure_group(
  flow_id INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  runs INTEGER NOT NULL,
  last_run INTEGER NOT NULL,
  PRIMARY KEY(flow_id, fingerprint)) WITHOUT ROWID;
CREATE INDEX failure_group_by_last ON failure_group(last);
INSERT INTO failure_group(flow_id, fingerprint, first, last, runs, last_run)
  SELECT flow_id, fingerprint, min(ended), max(ended), count(*), max(id) FROM run
  WHERE fingerprint <> '' AND ended IS NOT NULL AND status IN ('Failed', 'TimedOut')
  GROUP BY flow_id, fingerprint;

CREATE TABLE notice(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  cause TEXT NOT NULL,
  title TEXT NOT NULL,
  message TEXT NOT NULL,
  remedy TEXT NOT NULL,
  flow TEXT NOT NULL,
  connection TEXT NOT NULL,
  run BLOB,
  stage INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  closed INTEGER);
CREATE UNIQUE INDEX notice_open ON notice(cause) WHERE closed IS NULL;
CREATE INDEX notice_by_end ON notice(closed) WHERE closed IS NOT NULL;

CREATE TABLE notice_delivery(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  notice_id INTEGER NOT NULL,
  moment TEXT NOT NULL,
  channel TEXT NOT NULL,
  flow_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT NOT NULL,
  created INTEGER NOT NULL,
  next_attempt INTEGER NOT NULL,
  ended INTEGER);
CREATE INDEX notice_delivery_by_notice ON notice_delivery(notice_id);
CREATE INDEX notice_delivery_waiting ON notice_delivery(channel, flow_id, id)
  WHERE state = 'Waiting';

CREATE TABLE notice_channel(
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  settings TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE event_expectation(
  flow_id INTEGER PRIMARY KEY,
  hours INTEGER NOT NULL,
  since INTEGER NOT NULL);
)sql";

// Tracked values stand once, found from both sides; a run without any has no row. What retention
// removes is found in the order of ids, so that two indexes go that each run and each refused event
// had to pay for.
constexpr const char* kHistory = R"sql(
CREATE TABLE tracked(
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  PRIMARY KEY(name, value, run_id)) WITHOUT ROWID;
CREATE INDEX tracked_by_run ON tracked(run_id);

CREATE TABLE retention(
  subject TEXT NOT NULL,
  flow_id INTEGER NOT NULL,
  days INTEGER NOT NULL,
  PRIMARY KEY(subject, flow_id)) WITHOUT ROWID;

DROP INDEX run_by_end;
DROP INDEX event_without_run;
ALTER TABLE journal ADD COLUMN took INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr const char* kSuspension = R"sql(
ALTER TABLE trigger_state ADD COLUMN failing_since INTEGER;
)sql";

// Whether effects take place, and what a pack was at each time: all its files, and the version of
// each flow, from which child flows are taken. `version.revision_id` is that of its callers.
constexpr const char* kRevisions = R"sql(
ALTER TABLE run ADD COLUMN effects TEXT NOT NULL DEFAULT 'live';

CREATE TABLE revision(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pack TEXT NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  pack_version TEXT NOT NULL,
  person TEXT NOT NULL,
  note TEXT NOT NULL,
  at INTEGER NOT NULL);
CREATE UNIQUE INDEX revision_by_number ON revision(pack, number);

CREATE TABLE revision_file(
  revision_id INTEGER NOT NULL REFERENCES revision(id),
  path TEXT NOT NULL,
  payload_id INTEGER NOT NULL REFERENCES payload(id),
  PRIMARY KEY(revision_id, path)) WITHOUT ROWID;
CREATE INDEX revision_file_by_payload ON revision_file(payload_id);

CREATE TABLE revision_flow(
  revision_id INTEGER NOT NULL REFERENCES revision(id),
  flow TEXT NOT NULL,
  version_id INTEGER NOT NULL,
  PRIMARY KEY(revision_id, flow)) WITHOUT ROWID;
CREATE INDEX revision_flow_by_version ON revision_flow(version_id);

ALTER TABLE version ADD COLUMN revision_id INTEGER NOT NULL DEFAULT 0;
)sql";

// An item is one run of the selection. What became of it is kept in its row: the new run may be
// gone before anybody asks.
constexpr const char* kResubmissions = R"sql(
CREATE TABLE resubmission(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person TEXT NOT NULL,
  choices TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  forgiven INTEGER NOT NULL,
  created INTEGER NOT NULL,
  ended INTEGER);

CREATE TABLE resubmission_item(
  resubmission_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  original BLOB NOT NULL,
  run BLOB,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY(resubmission_id, position)) WITHOUT ROWID;
CREATE INDEX resubmission_item_by_state ON resubmission_item(resubmission_id, state, position);

ALTER TABLE run ADD COLUMN start_step TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN resubmission_id INTEGER NOT NULL DEFAULT 0;
)sql";

// How an event came, and which change it tells of, so that one that was found is not taken when it
// was brought, and the other way round. Most events have no change that is known.
constexpr const char* kOrigins = R"sql(
ALTER TABLE event ADD COLUMN origin TEXT NOT NULL DEFAULT 'brought';
ALTER TABLE event ADD COLUMN record TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN state TEXT NOT NULL DEFAULT '';
CREATE INDEX event_by_record ON event(flow_id, record) WHERE record <> '';
)sql";

// What a person is asked, by a run that waits for the answer as for a call.
constexpr const char* kQuestions = R"sql(
ALTER TABLE callback ADD COLUMN question TEXT NOT NULL DEFAULT '';
CREATE INDEX callback_with_question ON callback(received, expires) WHERE question <> '';
)sql";

}  // namespace

std::span<const Migration> sqlite_migrations() {
    static const std::array<Migration, 14> steps{
        {{1, first_schema()},
         {2, kFewerPages},
         {3, kTriggers},
         {4, kConnectionHealth},
         {5, kTurns},
         {6, kSecured},
         {7, kPeople},
         {8, kNotices},
         {9, kHistory},
         {10, kSuspension},
         {11, kRevisions},
         {12, kResubmissions},
         {13, kOrigins},
         {14, kQuestions}}};
    return steps;
}

}  // namespace tideway::store
