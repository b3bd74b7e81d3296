// Every bound of the system, with what happens when it is met.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tideway::limits {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// --- HTTP server ---
constexpr std::size_t kRequestBodyBytesMax = 10U << 20U;    // 413
constexpr std::size_t kRequestHeaderBytesMax = 64U << 10U;  // 431
constexpr std::size_t kServerConnectionsMax = 4096;         // accept waits
constexpr seconds kRequestReadTimeout{30};                  // connection is closed
constexpr seconds kIdleConnectionTimeout{75};               // connection is closed
constexpr seconds kLingerTimeout{2};  // what a client still sends after our last answer is dropped
constexpr seconds kStreamCommentInterval{15};             // keeps proxies from closing a stream
constexpr std::size_t kStreamBufferBytesMax = 1U << 20U;  // unsent; the slow reader is closed

// --- HTTP client ---
constexpr std::size_t kResponseBodyBytesMax = 100U << 20U;  // the exchange fails, class "in doubt"
constexpr seconds kOutboundTimeout{120};                    // as Power Automate's outbound limit
constexpr std::size_t kResponseHeaderBytesMax = 256U << 10U;  // the exchange fails, "in doubt"
constexpr seconds kConnectTimeout{15};
constexpr seconds kPooledConnectionIdleMax{50};     // older ones are not used again
constexpr std::size_t kPooledConnectionsMax = 128;  // per network policy; the oldest is closed
constexpr std::size_t kConnectionsPerHostMax = 32;  // further requests queue

// --- JSON ---
constexpr std::size_t kJsonDepthMax = 128;           // InvalidJSON
constexpr std::size_t kSchemaStepsMax = 20'000;      // of one validation, + 100 per value; it fails
constexpr std::size_t kSchemaProblemsMax = 20;       // further ones are not listed
constexpr std::size_t kPatternWorkMax = 50'000'000;  // of one schema pattern: characters x states

// --- triggers ---
constexpr std::size_t kInputsMax = 50;              // of a manual trigger; not published
constexpr std::size_t kInputChoicesMax = 200;       // of one input; not published
constexpr std::size_t kInputNameBytesMax = 64;      // not published
constexpr std::size_t kFormPartsMax = 1000;         // fields of a form, parts of multipart; 400
constexpr std::size_t kPartHeaderBytesMax = 16384;  // of one part of multipart; 400
constexpr std::size_t kPathSegmentsMax = 20;        // of a relative path; not published
constexpr hours kAddressLifeMax{24 * 365 * 10};     // of a signed trigger address; refused

// --- a run ---
constexpr std::size_t kPayloadBytesMax = 100U << 20U;       // the step fails with PayloadTooLarge
constexpr std::size_t kInlinePayloadBytesMax = 64U << 10U;  // larger bytes go to table payload
constexpr std::size_t kJournalBytesMax = 512U << 20U;       // the run fails with JournalTooLarge
constexpr std::int64_t kJournalRowsMax = 1'000'000;         // the run fails with JournalTooLarge
constexpr std::size_t kScriptMemoryBytesMax = 64U << 20U;   // per run; the run fails
constexpr std::size_t kVmMemoryBytesMax = 512U << 20U;      // per VM; its runs replay in a new one
constexpr std::int64_t kQuantumInstructions = 100'000;  // then other runs of the shard get a turn
constexpr std::int64_t kRunInstructionsMax = 2'000'000'000;  // between two waits; the run fails
constexpr std::int64_t kTriggerInstructionsMax = 2'000'000;  // trigger functions; the event fails
constexpr std::int64_t kPatternStepsMax = 10'000'000;        // one string pattern call; raises
constexpr int kScopeDepthMax = 64;                           // raises
constexpr int kBranchesMax = 50;                    // at a time, as Power Automate's Foreach
constexpr std::int64_t kForeachItemsMax = 100'000;  // raises
constexpr std::int64_t kSplitOnItemsMax = 100'000;  // the event fails
constexpr std::int64_t kFanOutChunk = 500;          // items of a split event in one commit
constexpr int kConcurrencyRunsMax = 100;            // of a trigger's concurrency; not published
constexpr int kWaitingRunsMax = 100'000;            // of a trigger's concurrency; not published
constexpr int kChildDepthMax = 32;                  // run_child_flow raises
constexpr int kResponseWaitSeconds = 120;           // the caller gets 504
constexpr int kDeathsAtOnePlaceMax = 3;             // the run is Paused
constexpr hours kRunDurationMax{24 * 30};           // TimedOut
constexpr hours kCallbackWaitMax{24 * 30};          // a longer timeout of wait_for_callback raises

// --- resubmitting ---
constexpr int kGenerationsMax = 1000;                // of a lineage; older runs are not looked for
constexpr std::size_t kResubmittedRunsMax = 50'000;  // of one selection; InvalidFilter
constexpr int kPlannedRunsShown = 100;               // step by step, unless all are asked for
constexpr int kResubmittedAtOnce = 32;               // open runs of one resubmission, by default
constexpr int kResubmittedAtOnceMax = 500;           // InvalidRequestContent
constexpr int kResubmitFailures = 10;                // new ones; then it stops, by default
constexpr milliseconds kResubmitLook{50};            // between two looks; doubles while ...
constexpr seconds kResubmitLookLast{2};              // ... nothing happens, up to this

// --- effects ---
constexpr seconds kEchoWait{30};               // a change waits for an open intent on its record
constexpr hours kConnectionWait{72};           // for an unavailable connection; then the step fails
constexpr int kConnectionFailuresMax = 5;      // in a row; the connection is unavailable
constexpr seconds kConnectionProbeFirst{5};    // doubles with each probe that fails ...
constexpr minutes kConnectionProbeLast{5};     // ... up to this
constexpr minutes kConnectionProbeTimeout{3};  // not heard of again: another run probes
constexpr int kConnectionReleasesMax = 64;     // waiting runs let go in a second
constexpr std::size_t kNameBytesMax = 256;     // step, scope, flow, connection names; raises

// --- store ---
constexpr std::size_t kWriterQueueMax = 8192;        // submitters get ServerBusy (503)
constexpr std::size_t kGroupCommitBatchesMax = 512;  // batches of one commit
constexpr std::size_t kRunHeadsMax = 65536;          // kept in memory; others are read again
constexpr milliseconds kStartCheckBudget{40};        // check after a crash; the rest as it is read
constexpr milliseconds kBackgroundFlush{50};         // journal rows reach history
constexpr std::size_t kPageSizeMax = 500;            // of any list

// --- history ---
constexpr int kHistoryDays = 28;           // ended runs are kept; another number can be set
constexpr int kLedgerDays = 365;           // effects are kept, at least as long as their runs
constexpr int kRetentionDaysMax = 36'500;  // a longer one is refused
constexpr std::int64_t kIdsSearchedMax = 20'000;  // of one page; it says where to go on
constexpr hours kClockStepMax{1};   // set back further, runs around it may be missed by time
constexpr int kPrunedRunsMax = 50;  // in one commit ...
constexpr std::int64_t kPrunedRowsMax = 2000;   // ... with this many rows of journals ...
constexpr std::int64_t kPruneLookedMax = 1000;  // ... after a look at this many
// Of an error, repeated by scopes and run; longer ones stand with their step only.
constexpr std::size_t kRepeatedDetailsBytesMax = 16U << 10U;
constexpr int kTrackedValuesMax = 100;              // of a run; track raises
constexpr std::size_t kTrackedNameBytesMax = 64;    // track raises
constexpr std::size_t kTrackedValueBytesMax = 512;  // track raises

// --- notices ---
constexpr seconds kNoticeInterval{5};     // between two looks at what there is to tell
constexpr hours kFailureGroupQuiet{168};  // no such failure for so long: it has ended
constexpr int kTriggerFailuresMax = 3;    // in a row; a notice
constexpr int kQuotaUsedMax = 80;         // per cent; a notice
constexpr int kQuotaUsedAgain = 50;       // per cent; it has ended
constexpr std::uintmax_t kDiskFreeBytesMin = 1U << 30U;    // a notice, and a problem for doctor
constexpr std::uintmax_t kDiskFreeBytesAgain = 5U << 28U;  // it has ended
constexpr int kExpectedHoursMax = 24 * 366;                // InvalidRequestContent
constexpr seconds kNoticeTimeout{30};                      // of one attempt; it has failed
constexpr seconds kNoticeRetryFirst{30};  // doubles with each attempt that fails ...
constexpr hours kNoticeRetryLast{1};      // ... up to this
constexpr hours kNoticeDeliveryMax{72};   // then a delivery is given up

// --- packs and their drafts ---
constexpr std::size_t kPackFilesMax = 2000;           // also in a pack that was built; PackTooLarge
constexpr std::size_t kPackFileBytesMax = 4U << 20U;  // of one file; PackTooLarge
constexpr seconds kDraftInterval{1};                  // between two looks at the pack folders
constexpr std::size_t kNoteBytesMax = 2000;           // of a publication; InvalidNote

// --- cases of packs ---
constexpr std::size_t kCaseFileBytesMax = 4U << 20U;  // the case is refused with InvalidCase
constexpr int kCaseDataDepthMax = 8;                  // "$data" in data; refused with InvalidCase
constexpr hours kCaseTime{24};  // of the case's own clock; the run is looked at as it is then

// --- pack files ---
constexpr std::size_t kPackedBytesMax = 6U << 20U;     // of a pack file; PackTooLarge
constexpr std::size_t kManifestBytesMax = 1U << 20U;   // of its manifest; PackTooLarge
constexpr std::size_t kUnpackedBytesMax = 32U << 20U;  // of all of them; PackTooLarge
constexpr std::size_t kEntryNameBytesMax = 200;        // InvalidPackFile
constexpr std::size_t kEntryRatioMax = 200;            // unpacked to packed; InvalidPackFile
constexpr std::size_t kPackGenerationsMax = 10;        // kept of a pack; the oldest are removed
constexpr int kMergedEditsMax = 2000;  // between two texts; then all between counts as changed

// --- engine ---
constexpr std::size_t kRunsInMemoryPerShardMax = 2048;  // split events wait with their next items
constexpr seconds kFiringGrace{60};  // a firing that is later was missed: after_downtime
constexpr std::size_t kMissedFiringsMax = 1000;  // after_downtime = "all"; older ones are dropped
constexpr std::size_t kPollEventsMax = 500;      // of one poll; what is left comes with the next
constexpr hours kTriggerBackoffMax{1};           // between polls, or renewals, that keep failing
constexpr hours kTriggerFailingMax{14 * 24};     // without a success; its flow is suspended
constexpr minutes kCatchUpInterval{10};          // between two looks for what no event has brought
constexpr minutes kAddressCheckInterval{15};  // between two looks at the address that is registered

// --- the brake ---
constexpr int kBrakeCreatesPerHour = 20;   // more; the pack's writes wait for a person ...
constexpr int kBrakeChangedPercent = 10;   // ... as with more changed in ten minutes than this ...
constexpr int kBrakeChangedMin = 20;       // ... and more than this many records
constexpr int kBrakeCreatesMax = 100'000;  // an hour; a higher setting is refused
constexpr hours kBrakeReleased{1};         // a pack that a person has let go on is not counted

}  // namespace tideway::limits
