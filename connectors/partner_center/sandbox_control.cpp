// /sandbox/...: what tests and demos do that the real service's people, portal and time would do.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "connectors/partner_center/sandbox_rules.h"
#include "connectors/partner_center/sandbox_service.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Partner Center sandbox</title>
<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}
code{background:#eee;padding:0 .2em}dt{margin-top:.8em}</style>
<h1>Partner Center sandbox</h1>
<p>Serves <code>/v1.0/engagements/referrals</code>, <code>/webhooks/v1/registration</code> and the
sign-in pages <code>/{tenant}/oauth2/...</code> as Partner Center does. Bodies are JSON. Besides:</p>
<dl>
<dt><code>GET /sandbox/status</code><dd>Addresses, counts, settings.
<dt><code>GET, DELETE /sandbox/deals</code><dd>All referrals, both halves.
<dt><code>POST /sandbox/deals</code><dd>Microsoft announces a deal. The body is merged into a sample
 deal; <code>{"kind":"lead"}</code> makes a lead. Answers our half.
<dt><code>PATCH /sandbox/deals/{id}</code><dd>A person edits the deal in the portal: a merge patch.
<dt><code>POST /sandbox/microsoft</code><dd>Microsoft acts on its half:
 <code>{"engagementId":"..","action":"accept|decline|expire|win|lose","reason":".."}</code>;
 <code>"id"</code> names a referral instead.
<dt><code>POST /sandbox/robot</code><dd><code>{"mode":"accept|decline|expire|manual",
 "delay_ms":2000}</code>: what Microsoft does by itself about new requests for help.
<dt><code>POST /sandbox/clock</code><dd><code>{"advance_s":86400}</code>: moves the sandbox's time on.
<dt><code>POST /sandbox/settings</code><dd><code>{"list_lag_ms":0,"page_size":50,
 "links":"faithful|correct","updates_per_create":1}</code>
<dt><code>GET, DELETE /sandbox/writes</code><dd>What API clients wrote: method, path, caller, time,
 status, changed (what has another value since), body.
<dt><code>GET, DELETE /sandbox/deliveries</code><dd>Notifications and their attempts.
<dt><code>POST /sandbox/deliveries</code><dd><code>{"paused":false,"duplicates":0,"lose":0,
 "delay_ms":0,"reorder":false,"reorder_window_ms":200,"tamper":""}</code>: how notifications
 misbehave; <code>lose</code>: so many of the next ones are never sent; <code>tamper</code> is
 <code>signature</code> (wrong) or <code>missing</code>. What is left out stays.
<dt><code>POST /sandbox/deliveries/{id}/resend</code><dd>Sends one again.
<dt><code>POST /sandbox/certificates/rotate</code><dd>Signs with a new certificate from now on.
<dt><code>GET /sandbox/ca.pem</code><dd>The authority that receivers must trust.
<dt><code>GET, POST, DELETE /sandbox/faults</code><dd>Misbehaviour of the APIs:
 <code>{"method":"PATCH","path":"/v1.0/engagements/referrals/*","kind":
 "status|delay|cut_before|cut_after|late_effect|throttle","status":503,"ms":0,"seconds":1,"count":1,
 "skip":0,"body_contains":""}</code>
<dt><code>POST /sandbox/identity</code><dd>Users, apps, token lifetime, revocation.
<dt><code>POST /sandbox/reset</code><dd>Forgets deals, registration, writes, deliveries and faults.
</dl></html>
)";

http::Response text_answer(std::string_view type, std::string_view text) {
    http::Response out;
    out.status = 200;
    out.headers.set("Content-Type", std::string(type));
    out.body = std::string(text);
    return out;
}

std::optional<RobotMode> robot_mode(std::string_view word) {
    if (word == "accept") {
        return RobotMode::kAccept;
    }
    if (word == "decline") {
        return RobotMode::kDecline;
    }
    if (word == "expire") {
        return RobotMode::kExpire;
    }
    return word == "manual" ? std::optional(RobotMode::kManual) : std::nullopt;
}

std::optional<ReferralBook::Answer> answer_named(std::string_view word) {
    using Answer = ReferralBook::Answer;
    constexpr std::pair<std::string_view, Answer> kWords[] = {
        {"accept", Answer::kAccept},
        {"decline", Answer::kDecline},
        {"expire", Answer::kExpire},
        {"win", Answer::kWin},
        {"lose", Answer::kLose}};
    for (const auto& [name, answer] : kWords) {
        if (name == word) {
            return answer;
        }
    }
    return std::nullopt;
}

Outcome<http::Response> answer_with(int status, const Outcome<const Referral*>& outcome) {
    if (!outcome) {
        return tl::unexpected<ApiError>(outcome.error());
    }
    return json_answer(status, (*outcome)->wire);
}

Json list_of(const std::deque<Json>& rows) {
    Json out = Json::array();
    for (const Json& row : rows) {
        out.push_back(row);
    }
    return out;
}

Duration milliseconds_or(const Json& body, std::string_view key, Duration fallback) {
    const std::int64_t value = int_or(body, key, -1);
    return value < 0 ? fallback : std::chrono::milliseconds(value);
}

}  // namespace

http::Response Service::control(const http::ServerRequest& request) {
    auto answer = dispatch_control(request);
    if (answer && request.method != "GET") {
        save_soon();
    }
    return answer ? std::move(*answer) : control_refusal(answer.error());
}

Outcome<http::Response> Service::dispatch_control(const http::ServerRequest& request) {
    const std::vector<std::string> path = segments_after(request.path, "/sandbox");
    const std::string name = path.empty() ? "" : path[0];
    const std::string rest = path.size() > 1 ? path[1] : "";
    const std::string& method = request.method;
    Json body = Json::object();
    if (!request.body.empty()) {
        auto parsed = parse_json(request.body, "the request body");
        if (!parsed || !parsed->is_object()) {
            return refuse(parsed ? "Send a JSON object." : parsed.error().message);
        }
        body = std::move(*parsed);
    }
    if (name.empty() && method == "GET") {
        return text_answer("text/html; charset=utf-8", kPage);
    }
    if (name == "ca.pem" && method == "GET") {
        return text_answer("application/x-pem-file", signer().authority_pem());
    }
    if (name == "deals") {
        return control_deals(request, rest, body);
    }
    if (name == "deliveries") {
        return control_deliveries(request, rest, body);
    }
    if (name == "writes" && (method == "GET" || method == "DELETE")) {
        if (method == "DELETE") {
            writes_.clear();
        }
        return json_answer(200, {{"writes", list_of(writes_)}});
    }
    if (name == "microsoft" && method == "POST") {
        return control_microsoft(body);
    }
    if (name == "certificates" && rest == "rotate" && method == "POST") {
        signer();
        if (!signer_->rotate(clock_.base_now())) {
            return refuse(500, "generalException", "A new certificate could not be made.");
        }
        ++certificate_generation_;
        return json_answer(200, {{"generation", certificate_generation_}});
    }
    if (name == "reset" && method == "POST") {
        reset();
        return json_answer(200, Json::object());
    }
    const bool sets = name == "robot" || name == "clock" || name == "settings";
    if ((sets && method == "POST") || (name == "status" && method == "GET")) {
        return control_settings(body);
    }
    return refuse(
        404, "itemNotFound", "The sandbox has no " + method + " " + request.path + "; see /sandbox."
    );
}

Outcome<http::Response> Service::control_deals(
    const http::ServerRequest& request, const std::string& id, const Json& body
) {
    if (id.empty() && request.method == "GET") {
        Json out = Json::array();
        for (const Referral& referral : book_.all()) {
            out.push_back(referral.wire);
        }
        return json_answer(200, {{"deals", std::move(out)}});
    }
    if (id.empty() && request.method == "POST") {
        return answer_with(201, book_.announce(body));
    }
    if (id.empty() && request.method == "DELETE") {
        book_.clear();
        return json_answer(200, {{"deals", Json::array()}});
    }
    if (!id.empty() && request.method == "GET") {
        const Referral* found = book_.find_by_id(id);
        if (found != nullptr) {
            return json_answer(200, found->wire);
        }
    }
    if (!id.empty() && request.method == "PATCH") {
        return answer_with(200, book_.edit_in_portal(id, body));
    }
    return refuse(404, "itemNotFound", "The sandbox has no deal '" + id + "' to do that with.");
}

Outcome<http::Response> Service::control_microsoft(const Json& body) {
    const auto action = answer_named(string_or(body, "action"));
    if (!action) {
        return refuse("The action must be accept, decline, expire, win or lose.");
    }
    std::string id = string_or(body, "id");
    const std::string engagement = string_or(body, "engagementId");
    for (const Referral& referral : book_.all()) {
        if (id.empty() && is_for_microsoft(referral.wire) &&
            string_or(referral.wire, "engagementId") == engagement) {
            id = referral.id();
        }
    }
    return answer_with(200, book_.answer(id, *action, string_or(body, "reason")));
}

Outcome<http::Response> Service::control_deliveries(
    const http::ServerRequest& request, const std::string& rest, const Json& body
) {
    if (!rest.empty()) {
        const std::int64_t id = std::atoll(rest.c_str());
        const bool resends = request.method == "POST" && request.path.ends_with("/resend");
        if (!resends || !deliveries_.resend(id)) {
            return refuse(404, "itemNotFound", "There is no delivery '" + rest + "' to resend.");
        }
    } else if (request.method == "DELETE") {
        deliveries_.clear();
    } else if (request.method == "POST") {
        Deliveries::Mischief mischief = deliveries_.mischief();
        mischief.paused = bool_or(body, "paused", mischief.paused);
        mischief.duplicates = static_cast<int>(
            std::clamp<std::int64_t>(int_or(body, "duplicates", mischief.duplicates), 0, 100)
        );
        mischief.lose =
            static_cast<int>(std::clamp<std::int64_t>(int_or(body, "lose", mischief.lose), 0, 1000)
            );
        mischief.delay = milliseconds_or(body, "delay_ms", mischief.delay);
        mischief.reorder = bool_or(body, "reorder", mischief.reorder);
        mischief.reorder_window =
            milliseconds_or(body, "reorder_window_ms", mischief.reorder_window);
        mischief.tamper = string_or(body, "tamper", mischief.tamper);
        deliveries_.set_mischief(std::move(mischief));
    } else if (request.method != "GET") {
        return refuse(405, "invalidRequest", "Use GET, POST or DELETE.");
    }
    Json out = Json::array();
    for (const auto& delivery : deliveries_.log()) {
        out.push_back(to_json(delivery));
    }
    return json_answer(200, {{"deliveries", std::move(out)}});
}

Outcome<http::Response> Service::control_settings(const Json& body) {
    if (const std::string word = string_or(body, "mode"); !word.empty()) {
        const auto mode = robot_mode(word);
        if (!mode) {
            return refuse("The mode must be accept, decline, expire or manual.");
        }
        options_.robot = *mode;
    }
    options_.robot_delay = milliseconds_or(body, "delay_ms", options_.robot_delay);
    options_.list_lag = milliseconds_or(body, "list_lag_ms", options_.list_lag);
    book_.set_list_lag(options_.list_lag);
    const std::int64_t page = int_or(body, "page_size", 0);
    options_.page_size = page > 0 ? static_cast<std::size_t>(page) : options_.page_size;
    options_.updates_per_create = static_cast<int>(std::clamp<std::int64_t>(
        int_or(body, "updates_per_create", options_.updates_per_create), 0, 100
    ));
    const std::string links = string_or(body, "links");
    options_.links = links == "correct"    ? LinkStyle::kCorrect
                     : links == "faithful" ? LinkStyle::kFaithful
                                           : options_.links;
    if (const std::int64_t seconds = int_or(body, "advance_s", 0); seconds > 0) {
        clock_.advance(std::chrono::seconds(seconds));
        schedule_.run_due();  // in order of time: an answer comes before the deadline
        watch_expiry();
    }
    return json_answer(
        200,
        {{"referrals_url", referrals_url_},
         {"webhooks_url", webhooks_url_},
         {"now", format_utc(clock_.now())},
         {"referrals", book_.all().size()},
         {"writes", writes_.size()},
         {"deliveries", deliveries_.log().size()},
         {"webhook", registration_ ? Json(registration_->url) : Json(nullptr)},
         {"save_error", save_error_}}
    );
}

void Service::reset() {
    book_.clear();
    deliveries_.clear();
    deliveries_.set_mischief({});
    schedule_.clear();
    expiry_watch_.reset();
    registration_.reset();
    tests_.clear();
    writes_.clear();
    faults_.clear();
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
