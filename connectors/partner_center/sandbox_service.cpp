#include "connectors/partner_center/sandbox_service.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include "connectors/partner_center/sandbox_rules.h"
#include "engine/base/assert.h"
#include "engine/base/uid.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr std::size_t kWritesMax = 10'000;  // the oldest are forgotten
constexpr std::string_view kSharedPath = "/v1.0/engagements/referrals";
constexpr std::string_view kOtherPath = "/engagements/v1/referrals";

bool is_under(std::string_view path, std::string_view prefix) {
    return path == prefix || (path.starts_with(prefix) && path[prefix.size()] == '/');
}

// What both APIs put on every answer.
void put_trace(http::Response& answer, const http::ServerRequest& request, Timestamp now) {
    const std::string id = Uid::random().guid();
    auto& headers = answer.headers;
    headers.set("request-id", id);
    headers.set("MS-RequestId", request.headers.get_or("MS-RequestId", id));
    headers.set("client-request-id", request.headers.get_or("client-request-id", id));
    headers.set("MS-CorrelationId", request.headers.get_or("MS-CorrelationId", id));
    headers.set("x-ms-ags-diagnostic", R"({"ServerInfo":{"DataCenter":"Sandbox","Slice":"1"}})");
    headers.set("timestamp", format_utc(now));
    headers.set("X-Locale", "en-US");
}

// The JSON pointers of values that are others now, without what every write stamps.
Json changed_paths(const Json& before, const Json& after) {
    Json was = before.flatten();
    Json is = after.flatten();
    for (const char* stamp : {"/eTag", "/updatedDateTime", "/lastModifiedVia"}) {
        was.erase(stamp);
        is.erase(stamp);
    }
    Json out = Json::array();
    for (const auto& [path, value] : is.items()) {
        const Json* old = find(was, path);
        if (old == nullptr || *old != value) {
            out.push_back(path);
        }
        was.erase(path);
    }
    for (const auto& [path, value] : was.items()) {
        out.push_back(path);
    }
    return out;
}

}  // namespace

std::vector<std::string> segments_after(std::string_view path, std::string_view prefix) {
    std::vector<std::string> out;
    path.remove_prefix(std::min(prefix.size(), path.size()));
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end > 0) {
            out.push_back(http::decode_component(path.substr(0, end)));
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return out;
}

Service::Service(
    Loop& loop,
    http::Client& client,
    connector::SandboxIdentity& identity,
    const Clock& clock,
    SandboxOptions options
)
    : identity_(identity),
      identity_handler_(identity.handler()),
      options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      schedule_(loop, clock_),
      book_(
          clock_,
          {options_.organization_id, options_.organization_name},
          [this](const Referral& referral, ReferralBook::Change change) {
              on_change(referral, change);
          }
      ),
      deliveries_(
          client,
          clock_,
          schedule_,
          {options_.delivery_attempts,
           options_.delivery_interval,
           {true, true, {}, options_.callback_ca_file}},
          {[this]() -> const Signer& { return signer(); },
           [this]() {
               return webhooks_url_ + "/webhooks/certificates/signing-" +
                      std::to_string(certificate_generation_) + ".cer";
           }}
      ),
      faults_(loop) {
    book_.set_list_lag(options_.list_lag);
    guarded_ = faults_.wrap([this](http::ServerRequest request, const Reply& reply) {
        serve(request, reply);
    });
}

Service::~Service() {
    if (save_pending_) {
        save();
    }
}

void Service::set_base_url(std::string referrals_url, std::string webhooks_url) {
    webhooks_url_ = webhooks_url.empty() ? referrals_url : std::move(webhooks_url);
    referrals_url_ = std::move(referrals_url);
}

const Signer& Service::signer() {
    if (!signer_) {
        auto made = Signer::make(clock_.base_now());
        TIDEWAY_ASSERT(made.has_value());
        signer_ = std::move(*made);
        save_soon();
    }
    return *signer_;
}

void Service::handle(http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
    schedule_.run_due();
    watch_expiry();
    guarded_(std::move(request), std::move(responder));
}

void Service::serve(const http::ServerRequest& request, const Reply& reply) {
    if (connector::SandboxIdentity::owns(request.path)) {
        identity_handler_(request, reply);
        return;
    }
    if (is_under(request.path, "/sandbox")) {
        reply->send(control(request));
        return;
    }
    http::Response answer;
    if (is_under(request.path, kSharedPath)) {
        answer = referrals(request, Api::kReferrals);
    } else if (is_under(request.path, kOtherPath)) {
        answer = referrals(request, Api::kWebhooks);
    } else if (is_under(request.path, "/webhooks")) {
        answer = webhooks(request);
    } else {
        answer = referrals_refusal(
            {404, "itemNotFound", "There is nothing at '" + request.path + "'.", {}}
        );
    }
    put_trace(answer, request, clock_.now());
    reply->send(std::move(answer));
}

Outcome<Service::Claims> Service::authenticate(const http::ServerRequest& request, Api api) const {
    const bool shared = api == Api::kReferrals;
    const std::string& named = shared ? options_.referrals_audience : options_.webhooks_audience;
    const std::string& own = shared ? referrals_url_ : webhooks_url_;
    auto claims = identity_.check(request.headers, named);
    if (!claims) {
        claims = identity_.check(request.headers, own);
    }
    if (!claims) {
        return refuse(401, "unauthenticated", claims.error().text(), claims.error().code);
    }
    return std::move(*claims);
}

void Service::remember_write(
    const http::ServerRequest& request, const Claims& claims, int status, const Json& before
) {
    const Referral* after = book_.find_by_id(string_or(before, "id"));
    auto body = parse_json(request.body, "the request body");
    writes_.push_back(
        {{"method", request.method},
         {"path", request.path},
         {"caller", request.headers.get_or("X-Caller-Id", claims.client_id)},
         {"user", claims.user},
         {"time", format_utc(clock_.now())},
         {"status", status},
         {"changed", after == nullptr ? Json::array() : changed_paths(before, after->wire)},
         {"body", body ? std::move(*body) : Json(nullptr)}}
    );
    if (writes_.size() > kWritesMax) {
        writes_.pop_front();
    }
}

void Service::on_change(const Referral& referral, ReferralBook::Change change) {
    notify_about(referral, change, referral.changed);
    if (change == ReferralBook::Change::kCreated) {
        for (int i = 0; i < options_.updates_per_create; ++i) {
            notify_about(referral, ReferralBook::Change::kUpdated, book_.next_tick());
        }
        ask_robot(referral);
    }
    save_soon();
}

void Service::notify_about(const Referral& referral, ReferralBook::Change change, Ticks changed) {
    std::string name = is_for_microsoft(referral.wire) ? "related-referral-" : "referral-";
    name += change == ReferralBook::Change::kCreated ? "created" : "updated";
    if (registration_ && registration_->wants(name)) {
        deliveries_.notify(
            *registration_,
            {name,
             webhooks_url_ + std::string(kOtherPath) + "/" + referral.id(),
             "referral",
             changed,
             {}}
        );
    }
}

void Service::ask_robot(const Referral& referral) {
    if (!is_for_microsoft(referral.wire) || string_or(referral.wire, "status") != "New" ||
        options_.robot == RobotMode::kManual || options_.robot == RobotMode::kExpire) {
        return;
    }
    const bool accepts = options_.robot == RobotMode::kAccept;
    schedule_.at(clock_.now() + options_.robot_delay, [this, accepts, id = referral.id()]() {
        const Referral* found = book_.find_by_id(id);
        if (found == nullptr || string_or(found->wire, "status") != "New") {
            return;
        }
        book_.answer(
            id,
            accepts ? ReferralBook::Answer::kAccept : ReferralBook::Answer::kDecline,
            accepts ? "" : "No seller is available for this customer."
        );
    });
}

void Service::watch_expiry() {
    const auto next = book_.expire_due();
    if (!next || (expiry_watch_ && *expiry_watch_ <= *next)) {
        return;
    }
    expiry_watch_ = *next;
    schedule_.at(*next, [this]() {
        expiry_watch_.reset();
        watch_expiry();
    });
}

void Service::save_soon() {
    if (options_.state_file.empty() || save_pending_) {
        return;
    }
    save_pending_ = true;
    loop_.post([this, alive = std::weak_ptr<bool>(alive_)]() {
        if (!alive.expired() && save_pending_) {
            save();
        }
    });
}

Json Service::state() const {
    Json out = {
        {"format", 1},
        {"referrals", book_.save()},
        {"deliveries", deliveries_.save()},
        {"clock_ahead_us", clock_.ahead().count()},
        {"certificate_generation", certificate_generation_}};
    out["registration"] = registration_ ? registration_->save() : Json(nullptr);
    out["signer"] = signer_ ? signer_->save() : Json(nullptr);
    return out;
}

// Written beside and renamed, so that a crash leaves the old file or the new one.
void Service::save() {
    save_pending_ = false;
    const std::string beside = options_.state_file + ".new";
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << dump(state());
    file.close();
    const bool ok = file.good() && std::rename(beside.c_str(), options_.state_file.c_str()) == 0;
    save_error_ = ok ? "" : "The state cannot be written to '" + options_.state_file + "'.";
}

Status Service::load_state() {
    std::ifstream file(options_.state_file, std::ios::binary);
    if (options_.state_file.empty() || !file) {
        return {};
    }
    std::ostringstream text;
    text << file.rdbuf();
    TIDEWAY_TRY_ASSIGN(auto saved, parse_json(text.str(), "the file " + options_.state_file));
    if (int_or(saved, "format", 0) != 1) {
        return fail(
            ErrorKind::kInvalidInput,
            "SandboxState",
            "The file '" + options_.state_file + "' is not a state of this sandbox.",
            "Remove the file to start empty."
        );
    }
    if (const Json* signer = find(saved, "signer"); signer != nullptr && !signer->is_null()) {
        TIDEWAY_TRY_ASSIGN(auto loaded, Signer::load(*signer));
        signer_ = std::move(loaded);
    }
    if (const Json* saved_one = find(saved, "registration"); saved_one && saved_one->is_object()) {
        registration_ = Registration::load(*saved_one);
    }
    certificate_generation_ = static_cast<int>(int_or(saved, "certificate_generation", 1));
    clock_.advance(Duration(int_or(saved, "clock_ahead_us", 0)));
    book_.load(saved["referrals"]);
    deliveries_.load(saved["deliveries"]);
    for (const Referral& referral : book_.all()) {
        ask_robot(referral);
    }
    watch_expiry();
    return {};
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
