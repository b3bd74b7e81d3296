// What is sent of a notice, in the words of each channel. Pure.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/model/notice.h"

namespace tideway::runtime {

struct NoticeMessage {
    model::NoticeRecord notice;
    std::string moment;       // "opened", "reminder", "ended", "test"
    std::string id;           // equal whenever this message is sent again
    std::string environment;  // whose notice it is
};

NoticeMessage message_of(
    const model::NoticeRecord& notice,
    const model::NoticeDelivery& delivery,
    std::string environment
);

// What `notices test` sends.
NoticeMessage test_message(std::string environment, Timestamp now);

// Our own format, also the event of trigger.notice.
Json to_json(const NoticeMessage& message);

// A message with an Adaptive Card, as a Teams workflow takes it from a webhook.
Json to_teams_card(const NoticeMessage& message);

// One line, and a text of several.
std::string subject_of(const NoticeMessage& message);
std::string text_of(const NoticeMessage& message);

}  // namespace tideway::runtime
