#include "connectors/partner_center/referrals.h"

#include <array>

#include "connectors/partner_center/requests.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/connector/same_value.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Done;
using connector::Turn;
using model::EffectClass;

Turn done_with(const Json& referral) {
    connector::RecordRef record{"referral", string_or(referral, "id"), string_or(referral, "eTag")};
    return Done{to_payload(referral), std::move(record)};
}

connector::Failed bad_id(std::string_view id) {
    return connector::refused(
        "InvalidReferralId",
        "\"" + std::string(id) + "\" is not a referral's id.",
        "Use the `id` of a referral (a GUID)."
    );
}

// The referral of an answer, or the failure that the answer means to `effect`.
tl::expected<Json, connector::Failed> referral_of(
    const http::Response& response, EffectClass effect, const Requests& requests
) {
    if (!is_success(response)) {
        return tl::unexpected(answered(response, effect, requests.now()));
    }
    auto referral = read_object(response);
    if (!referral || string_or(*referral, "id").empty()) {
        return tl::unexpected(connector::unreadable(response, "referral", effect));
    }
    return std::move(*referral);
}

Turn done_or_failed(const tl::expected<Json, connector::Failed>& referral) {
    return referral ? done_with(*referral) : Turn(referral.error());
}

class GetReferral final : public connector::ChainedExchange {
  public:
    explicit GetReferral(const connector::Call& call)
        : requests_(call),
          id_(string_or(call.input, "id")) {}

    Turn begin() override {
        if (!is_referral_id(id_)) {
            return bad_id(id_);
        }
        return ask(
            requests_.get_referrals(requests_.referral_url(id_)),
            [this](const http::Response& r) {
                return done_or_failed(referral_of(r, EffectClass::kRead, requests_));
            }
        );
    }

  private:
    Requests requests_;
    std::string id_;
};

class CreateReferral final : public connector::ChainedExchange {
  public:
    explicit CreateReferral(const connector::Call& call)
        : requests_(call) {
        if (const Json* referral = find(call.input, "referral"); referral != nullptr) {
            body_ = *referral;
        }
    }

    Turn begin() override {
        return ask(
            requests_.write_referral("POST", requests_.referrals_url(), body_),
            [this](const http::Response& r) {
                return done_or_failed(referral_of(r, EffectClass::kOnce, requests_));
            }
        );
    }

  private:
    Requests requests_;
    Json body_;
};

// What a write must find in the referral afterwards: path -> value.
using Written = Json;

bool holds(const Json& referral, const Written& written) {
    for (const auto& [path, value] : written.items()) {
        if (!connector::same_value(value, connector::value_at(referral, path))) {
            return false;
        }
    }
    return true;
}

Written patched_fields(const Json& input) {
    Json written = Json::object();
    if (const Json* changes = find(input, "changes"); changes != nullptr && changes->is_object()) {
        for (const auto& [path, value] : changes->items()) {
            written[path.substr(path.starts_with('/') ? 1 : 0)] = value;
        }
    }
    return written;
}

// Fields that the service sets by itself: not what a replacement wrote.
Written replaced_fields(const Json& input) {
    static constexpr std::array kServerOwned{
        "@odata.context",
        "id",
        "eTag",
        "links",
        "organizationId",
        "direction",
        "createdDateTime",
        "updatedDateTime",
        "organizationName",
        "trackingInfo",
        "lastModifiedVia",
        "lastRunId",
        "createdVia",
        "quality",
        "isSpam",
        "registrationStatus",
        "expirationDateTime",
        "acceptedDateTime",
        "closedDateTime"};
    const Json* referral = find(input, "referral");
    Json written = referral == nullptr ? Json::object() : *referral;
    for (const char* field : kServerOwned) {
        written.erase(field);
    }
    return written;
}

// Reads the referral and compares. 404: whatever was written, it is not there.
class ProbeWrite final : public connector::ChainedExchange {
  public:
    ProbeWrite(const connector::Call& call, Written written)
        : requests_(call),
          id_(string_or(call.input, "id")),
          written_(std::move(written)) {}

    Turn begin() override {
        if (!is_referral_id(id_)) {
            return bad_id(id_);
        }
        return ask(
            requests_.get_referrals(requests_.referral_url(id_)),
            [this](const http::Response& r) -> Turn {
                if (r.status == 404) {
                    return Done{to_payload(Json{{"found", false}}), {}};
                }
                const auto referral = referral_of(r, EffectClass::kRead, requests_);
                if (!referral) {
                    return referral.error();
                }
                if (!holds(*referral, written_)) {
                    return Done{to_payload(Json{{"found", false}}), {}};
                }
                connector::RecordRef record{"referral", id_, string_or(*referral, "eTag")};
                return Done{
                    to_payload(Json{{"found", true}, {"output", *referral}}), std::move(record)};
            }
        );
    }

  private:
    Requests requests_;
    std::string id_;
    Written written_;
};

// PATCH and PUT alike: what differs is method, body and what they must have written.
class WriteReferral : public connector::ChainedExchange {
  public:
    WriteReferral(const connector::Call& call, std::string method, Written written)
        : requests_(call),
          id_(string_or(call.input, "id")),
          etag_(string_or(call.input, "etag")),
          intent_at_(call.intent_at),
          is_repeat_(call.is_repeat),
          method_(std::move(method)),
          written_(std::move(written)) {}

    Turn begin() override {
        if (!is_referral_id(id_)) {
            return bad_id(id_);
        }
        if (auto problem = refuse_input()) {
            return std::move(*problem);
        }
        // Without a version nothing would stop a repeat from overwriting somebody's later change.
        return is_repeat_ && etag_.empty() ? compare(&WriteReferral::write_if_untouched)
                                           : write(etag_);
    }

  protected:
    virtual std::optional<connector::Failed> refuse_input() const = 0;
    virtual Json body() const = 0;

    const Written& written() const { return written_; }

    const std::string& etag() const { return etag_; }

  private:
    using IfDifferent = Turn (WriteReferral::*)(const Json& referral);

    Turn write(const std::string& version) {
        connector::Send send =
            requests_.write_referral(method_, requests_.referral_url(id_), body());
        if (!version.empty()) {
            send.request.headers.set("If-Match", version);
        }
        send.request.headers.set("Prefer", "return=representation");
        return ask(std::move(send), [this](const http::Response& r) { return wrote(r); });
    }

    Turn wrote(const http::Response& response) {
        if (response.status == 412 && is_repeat_) {
            refusal_ = answered(response, EffectClass::kIdempotent, requests_.now());
            return compare(&WriteReferral::repeat_refusal);
        }
        if (is_success(response) && response.body.empty()) {  // 204: Prefer was not honoured
            return read_back();
        }
        return done_or_failed(referral_of(response, EffectClass::kIdempotent, requests_));
    }

    Turn read_back() {
        return ask(
            requests_.get_referrals(requests_.referral_url(id_)),
            [this](const http::Response& r) {
                return done_or_failed(referral_of(r, EffectClass::kIdempotent, requests_));
            }
        );
    }

    // An earlier attempt may have landed: the referral itself tells.
    Turn compare(IfDifferent if_different) {
        return ask(
            requests_.get_referrals(requests_.referral_url(id_)),
            [this, if_different](const http::Response& r) -> Turn {
                const auto referral = referral_of(r, EffectClass::kIdempotent, requests_);
                if (!referral) {
                    return referral.error();
                }
                return holds(*referral, written_) ? done_with(*referral)
                                                  : (this->*if_different)(*referral);
            }
        );
    }

    Turn repeat_refusal(const Json& /*referral*/) { return refusal_; }

    Turn write_if_untouched(const Json& referral) {
        const auto updated = parse_utc(string_or(referral, "updatedDateTime"));
        if (updated && *updated > intent_at_) {
            return changed_meanwhile(id_);
        }
        return write(string_or(referral, "eTag"));
    }

    Requests requests_;
    std::string id_;
    std::string etag_;
    Timestamp intent_at_;
    bool is_repeat_;
    std::string method_;
    Written written_;
    connector::Failed refusal_;
};

class PatchReferral final : public WriteReferral {
  public:
    explicit PatchReferral(const connector::Call& call)
        : WriteReferral(call, "PATCH", patched_fields(call.input)) {}

  private:
    std::optional<connector::Failed> refuse_input() const override {
        if (written().empty()) {
            return connector::refused(
                "NothingToChange",
                "`changes` names no field.",
                "Call patch_referral only when there is a difference."
            );
        }
        for (const auto& item : written().items()) {
            const std::string& path = item.key();
            if (path.empty() || path == "-" || (path.size() > 1 && path.ends_with("/-"))) {
                return connector::refused(
                    "InvalidPath",
                    "\"" + path + "\" would append to a list, or names no field.",
                    "Write the whole list instead (\"team\", \"details/requirements/solutions\"): "
                    "an appended item would be doubled by a repeat."
                );
            }
        }
        return std::nullopt;
    }

    Json body() const override {
        Json operations = Json::array();
        for (const auto& [path, value] : written().items()) {
            operations.push_back({{"op", "replace"}, {"path", "/" + path}, {"value", value}});
        }
        return operations;
    }
};

class ReplaceReferral final : public WriteReferral {
  public:
    explicit ReplaceReferral(const connector::Call& call)
        : WriteReferral(call, "PUT", replaced_fields(call.input)) {
        if (const Json* referral = find(call.input, "referral"); referral != nullptr) {
            body_ = *referral;
            body_.erase("links");
        }
    }

  private:
    std::optional<connector::Failed> refuse_input() const override {
        if (etag().empty()) {
            return connector::refused(
                "MissingEtag",
                "replace_referral needs the etag of the referral it replaces.",
                "Give `etag` the `eTag` that get_referral returned."
            );
        }
        return std::nullopt;
    }

    Json body() const override { return body_; }

    Json body_;
};

}  // namespace

ExchangePtr get_referral(const connector::Call& call) {
    return std::make_unique<GetReferral>(call);
}

ExchangePtr create_referral(const connector::Call& call) {
    return std::make_unique<CreateReferral>(call);
}

ExchangePtr replace_referral(const connector::Call& call) {
    return std::make_unique<ReplaceReferral>(call);
}

ExchangePtr patch_referral(const connector::Call& call) {
    return std::make_unique<PatchReferral>(call);
}

ExchangePtr probe_patch(const connector::Call& call) {
    return std::make_unique<ProbeWrite>(call, patched_fields(call.input));
}

ExchangePtr probe_replace(const connector::Call& call) {
    return std::make_unique<ProbeWrite>(call, replaced_fields(call.input));
}

}  // namespace tideway::connectors::partner_center
