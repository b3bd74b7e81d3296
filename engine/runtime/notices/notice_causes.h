// Which notices should be open, from what is so. Pure: the caller brings the time.
#pragma once

#include <vector>

#include "engine/runtime/notices/notice_facts.h"

namespace tideway::runtime {

// Whether a notice is opened for a cause, or only kept open. Between the two thresholds of a cause
// that comes and goes, and while nothing is known after a start, nothing is said.
enum class Standing { kHolds, kKeeps };

struct NoticeCause {
    Standing standing = Standing::kHolds;
    bool starts_flows = true;    // false: it is about a flow that notices start
    model::NoticeRecord notice;  // without uid and times
};

// A notice whose cause is not among them has ended.
std::vector<NoticeCause> causes_of(const NoticeFacts& facts, Timestamp now);

}  // namespace tideway::runtime
