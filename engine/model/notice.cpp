#include "engine/model/notice.h"

#include <array>
#include <utility>

namespace tideway::model {
namespace {

constexpr std::array<std::pair<NoticeKind, std::string_view>, 11> kKinds{{
    {NoticeKind::kFailureGroup, "failure_group"},
    {NoticeKind::kConnectionUnavailable, "connection_unavailable"},
    {NoticeKind::kConnectionExpiring, "connection_expiring"},
    {NoticeKind::kFlowSuspended, "flow_suspended"},
    {NoticeKind::kTriggerFailing, "trigger_failing"},
    {NoticeKind::kNoEvent, "no_event"},
    {NoticeKind::kRunPaused, "run_paused"},
    {NoticeKind::kQuota, "quota"},
    {NoticeKind::kDiskLow, "disk_low"},
    {NoticeKind::kBrake, "brake"},
    {NoticeKind::kAddressReplaced, "address_replaced"},
}};

constexpr std::array<std::pair<NoticeMoment, std::string_view>, 3> kMoments{{
    {NoticeMoment::kOpened, "opened"},
    {NoticeMoment::kReminder, "reminder"},
    {NoticeMoment::kEnded, "ended"},
}};

constexpr std::array<std::pair<DeliveryState, std::string_view>, 3> kDeliveryStates{{
    {DeliveryState::kWaiting, "Waiting"},
    {DeliveryState::kDelivered, "Delivered"},
    {DeliveryState::kGivenUp, "GivenUp"},
}};

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
    for (const auto& [candidate, word] : words) {
        if (candidate == value) {
            return word;
        }
    }
    return words.front().second;
}

template <typename Value, typename Words>
std::optional<Value> value_of(const Words& words, std::string_view text) {
    for (const auto& [value, word] : words) {
        if (word == text) {
            return value;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(NoticeKind kind) {
    return word_of(kKinds, kind);
}

std::optional<NoticeKind> parse_notice_kind(std::string_view text) {
    return value_of<NoticeKind>(kKinds, text);
}

std::string_view to_string(NoticeMoment moment) {
    return word_of(kMoments, moment);
}

std::optional<NoticeMoment> parse_notice_moment(std::string_view text) {
    return value_of<NoticeMoment>(kMoments, text);
}

std::string_view to_string(DeliveryState state) {
    return word_of(kDeliveryStates, state);
}

std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
    return value_of<DeliveryState>(kDeliveryStates, text);
}

}  // namespace tideway::model
