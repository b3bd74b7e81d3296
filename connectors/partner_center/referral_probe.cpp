// The probe of create_referral: Partner Center has neither client-made ids nor a lookup by CRM id,
// so the referrals created since the intent are read and compared.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "connectors/partner_center/referral_list.h"
#include "connectors/partner_center/referrals.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/same_value.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Done;
using connector::Turn;
using model::EffectClass;

constexpr std::chrono::minutes kClockSkew{2};
constexpr int kPagesMax = 200;  // beyond: an error, never "absent"

using Targets = std::set<std::pair<std::string, std::string>>;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

// The (type, id) pairs of `target`, which Partner Center writes as a list and sometimes as one
// object.
Targets targets_of(const Json& referral) {
    Targets targets;
    const Json* target = find(referral, "target");
    if (target == nullptr) {
        return targets;
    }
    const Json list = target->is_object() ? Json::array({*target}) : *target;
    for (const Json& one : list) {
        targets.emplace(lower(string_or(one, "type")), lower(string_or(one, "id")));
    }
    return targets;
}

bool is_created_by(const Json& wanted, const Json& referral) {
    if (targets_of(wanted) != targets_of(referral)) {
        return false;
    }
    const std::string engagement = string_or(wanted, "engagementId");
    if (!engagement.empty()) {
        return lower(engagement) == lower(string_or(referral, "engagementId"));
    }
    const std::string reference = string_or(wanted, "externalReferenceId");
    if (!reference.empty()) {
        return lower(reference) == lower(string_or(referral, "externalReferenceId"));
    }
    // Nothing identifies it: all that was sent must be there, but for what the service decides.
    Json sent = wanted;
    for (const char* field : {"status", "substatus", "statusReason", "qualification", "target"}) {
        sent.erase(field);
    }
    return connector::same_value(sent, referral);
}

class ProbeCreate final : public connector::ChainedExchange {
  public:
    explicit ProbeCreate(const connector::Call& call)
        : requests_(call),
          oldest_(call.intent_at - kClockSkew) {
        if (const Json* referral = find(call.input, "referral"); referral != nullptr) {
            wanted_ = *referral;
        }
        const std::string engagement = string_or(wanted_, "engagementId");
        if (engagement.empty()) {
            options_ = {{"$orderby", "createdDateTime desc"}};
        } else {
            in_engagement_ = true;
            options_ = {{"$filter", "engagementId eq " + connector::quote_literal(engagement)}};
        }
    }

    Turn begin() override {
        return page(requests_.referrals_url() + connector::print_options(options_));
    }

  private:
    Turn page(const std::string& url) {
        if (++pages_ > kPagesMax) {
            connector::Failed failed = connector::refused(
                "TooManyItems",
                "More than " + std::to_string(kPagesMax) +
                    " pages of referrals were created since the referral was sent.",
                "Look in Partner Center whether it exists, then adopt it or repeat the step."
            );
            failed.error.kind = ErrorKind::kLimit;
            return failed;
        }
        return ask(requests_.get_referrals(url), [this](const http::Response& r) {
            return read(r);
        });
    }

    Turn read(const http::Response& response) {
        if (!is_success(response)) {
            return answered(response, EffectClass::kRead, requests_.now());
        }
        const auto body = read_object(response);
        const Json* value = body ? find(*body, "value") : nullptr;
        if (value == nullptr || !value->is_array()) {
            return connector::unreadable(response, "list referrals", EffectClass::kRead);
        }
        for (const Json& referral : *value) {
            if (is_older(referral)) {
                return absent();
            }
            if (is_created_by(wanted_, referral)) {
                return found(referral);
            }
        }
        auto next = next_page(*body, requests_.referrals_url(), options_);
        if (!next) {
            return connector::Failed{std::move(next.error()), model::AttemptClass::kNotDone};
        }
        return next->empty() ? absent() : page(*next);
    }

    bool is_older(const Json& referral) const {
        const auto created = parse_utc(string_or(referral, "createdDateTime"));
        return !in_engagement_ && created && *created < oldest_;
    }

    static Turn absent() { return Done{to_payload(Json{{"found", false}}), {}}; }

    static Turn found(const Json& referral) {
        connector::RecordRef record{
            "referral", string_or(referral, "id"), string_or(referral, "eTag")};
        return Done{to_payload(Json{{"found", true}, {"output", referral}}), std::move(record)};
    }

    Requests requests_;
    Timestamp oldest_;
    Json wanted_ = Json::object();
    connector::QueryOptions options_;
    bool in_engagement_ = false;
    int pages_ = 0;
};

}  // namespace

ExchangePtr probe_create(const connector::Call& call) {
    return std::make_unique<ProbeCreate>(call);
}

}  // namespace tideway::connectors::partner_center
