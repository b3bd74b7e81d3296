// Notices in the store: commands, part of commands.h, and the queries about them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/notice.h"

namespace tideway::store {

// Opens a notice, or, where one of its cause is open, gives that one what is new about it when the
// stage differs. Whenever something changes, a delivery is made in the same commit for each channel
// and each of `flows`.
struct RaiseNotice {
    model::NoticeRecord notice;
    std::vector<model::FlowId> flows;  // started by notices
};

// The cause is no more. Told to those who were told of its begin.
struct EndNotice {
    std::string cause;
    Timestamp at;
};

// How an attempt to deliver went. A delivery that has ended stays as it is.
struct PutDelivery {
    model::NoticeDelivery delivery;  // by id: state, attempts, error, next_attempt, ended
};

struct PutNoticeChannel {
    model::NoticeChannel channel;  // by name: inserted or replaced
};

// What waits for it is not delivered any more.
struct DeleteNoticeChannel {
    std::string name;
};

struct PutEventExpectation {
    model::EventExpectation expectation;  // by flow; 0 hours: nothing is expected any more
};

// Runs of one flow that failed for the same reason (Run::fingerprint). Kept by the writer with the
// end of each run that fails.
struct FailureGroup {
    model::FlowId flow = 0;
    std::string fingerprint;
    Timestamp first;
    Timestamp last;
    std::int64_t runs = 0;
    model::RunId last_run = 0;
};

// Runs of one flow that wait for a person for the same reason.
struct PausedGroup {
    model::FlowId flow = 0;
    std::string code;  // of the run; empty: an effect in doubt
    std::int64_t runs = 0;
    model::RunId first_run = 0;
};

enum class NoticeFilter { kAll, kOpen };

// Thread: any, as Reader.
class NoticeReader {
  public:
    virtual ~NoticeReader() = default;

    // Newest first.
    virtual Result<std::vector<model::NoticeRecord>> notices(NoticeFilter filter, int limit) = 0;
    virtual Result<std::optional<model::NoticeRecord>> notice(const Uid& uid) = 0;
    // Oldest first.
    virtual Result<std::vector<model::NoticeDelivery>> deliveries(std::int64_t notice_id) = 0;
    // The next of each channel and each flow, which are served in order: state Waiting.
    virtual Result<std::vector<model::NoticeDelivery>> next_deliveries() = 0;
    virtual Result<std::optional<model::NoticeRecord>> notice_of(std::int64_t notice_id) = 0;
    virtual Result<std::vector<model::NoticeChannel>> channels() = 0;
    virtual Result<std::vector<model::EventExpectation>> expectations() = 0;
    // Those with a failure after `since`.
    virtual Result<std::vector<FailureGroup>> failure_groups(Timestamp since) = 0;
    virtual Result<std::vector<PausedGroup>> paused_groups() = 0;
    // When something last came for a flow; failures of its trigger are no events.
    virtual Result<std::optional<Timestamp>> last_event(model::FlowId flow) = 0;
};

}  // namespace tideway::store
