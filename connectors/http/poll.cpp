#include "connectors/http/poll.h"

#include <algorithm>
#include <string>
#include <utility>

#include "connectors/http/redirects.h"
#include "connectors/http/web_request.h"
#include "engine/base/digest.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;
using connector::Done;
using connector::Failed;
using connector::Turn;

constexpr int kAccepted = 202;
constexpr int kNotModified = 304;

Failed not_done(Error error) {
    return {std::move(error), model::AttemptClass::kNotDone};
}

class PollExchange final : public connector::Exchange {
  public:
    explicit PollExchange(const connector::Poll& poll)
        : config_(poll.config),
          settings_(poll.settings),
          cursor_(poll.cursor),
          now_(poll.now),
          is_first_(poll.cursor.is_null()),
          delivers_all_(string_or(poll.config, "fire", "changed") == "always") {}

    Turn begin() override {
        auto request = build_request(string_or(config_, "method", "GET"), config_, settings_);
        if (!request) {
            return not_done(std::move(request.error()));
        }
        request_ = std::move(*request);
        if (const std::string location = string_or(cursor_, "location"); !location.empty()) {
            request_ = asked_at(request_, location);
        }
        asked_ = request_.url;
        add_validators();
        return to_send(request_, settings_);
    }

    Turn on_response(const web::Response& response) override {
        if (request_.method == "GET") {
            auto next = redirects_.next(request_, response);
            if (!next) {
                return not_done(std::move(next.error()));
            }
            if (*next) {
                request_ = std::move(**next);
                return to_send(request_, settings_);
            }
        }
        if (fires(response.status)) {
            return take(response);
        }
        const bool says_nothing_new =
            (response.status >= 200 && response.status < 300) || response.status == kNotModified;
        if (!says_nothing_new && !is_lost(response.status)) {
            return not_done(connector::service_error(response, now_));
        }
        return wait(response);
    }

  private:
    void add_validators() {
        if (delivers_all_ || string_or(cursor_, "of") != asked_) {
            return;
        }
        if (const std::string etag = string_or(cursor_, "etag"); !etag.empty()) {
            request_.headers.set("If-None-Match", etag);
        } else if (const std::string date = string_or(cursor_, "modified"); !date.empty()) {
            request_.headers.set("If-Modified-Since", date);
        }
    }

    // The address that the service named is no more: the next poll asks the author's again.
    bool is_lost(int status) const {
        return !string_or(cursor_, "location").empty() && (status == 404 || status == 410);
    }

    bool fires(int status) const {
        const Json* statuses = find(config_, "statuses");
        if (statuses == nullptr || !statuses->is_array()) {
            return status == 200;
        }
        return std::ranges::find(*statuses, Json(status)) != statuses->end();
    }

    Turn take(const web::Response& response) {
        const std::string etag = response.headers.get_or("ETag", "");
        const std::string digest =
            to_hex(sha256(std::to_string(response.status) + "\n" + response.body));
        const bool is_same_version = !etag.empty() && etag == string_or(cursor_, "etag") &&
                                     string_or(cursor_, "of") == asked_;
        const bool is_known =
            is_first_ || is_same_version || digest == string_or(cursor_, "digest");
        Json next = {{"of", asked_}, {"digest", digest}};
        if (!etag.empty()) {
            next["etag"] = etag;
        }
        if (const auto date = response.headers.get("Last-Modified")) {
            next["modified"] = *date;
        }
        cursor_ = std::move(next);
        go_on_at(response);
        const bool is_event = delivers_all_ || !is_known;
        return answer(
            is_event ? "{\"event\":" + std::string(print_response(response).view()) + "}" : "",
            response,
            "next_in_s"
        );
    }

    // Nothing for now. Where the service works on it, it is asked there until it has ended.
    Turn wait(const web::Response& response) {
        const std::string before = string_or(cursor_, "location");
        go_on_at(response);
        const bool is_under_way = response.status == kAccepted || response.status == kNotModified;
        if (is_under_way && !before.empty() && !cursor_.contains("location")) {
            cursor_["location"] = before;
        }
        return answer("", response, "not_before_s");
    }

    void go_on_at(const web::Response& response) {
        if (cursor_.is_null()) {
            cursor_ = Json::object();
        }
        cursor_.erase("location");
        const std::string location =
            resolve_location(request_.url, response.headers.get_or("Location", ""));
        if (!location.empty()) {
            cursor_["location"] = location;
        }
    }

    // The bytes of the event go on, so that numbers keep every digit.
    Turn answer(const std::string& event, const web::Response& response, std::string_view wish)
        const {
        std::string out = "{\"events\":[" + event + "],\"cursor\":" + dump(cursor_);
        if (const auto wait = web::retry_after(response.headers, now_)) {
            const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
            out += ",\"" + std::string(wish) + "\":" + std::to_string(seconds);
        }
        return Done{Payload(out + "}"), {}};
    }

    Json config_;
    Json settings_;
    Json cursor_;
    Timestamp now_;
    const bool is_first_;
    const bool delivers_all_;
    web::Request request_;
    std::string asked_;  // before redirects
    Redirects redirects_;
};

}  // namespace

std::unique_ptr<connector::Exchange> poll_address(const connector::Poll& poll) {
    return std::make_unique<PollExchange>(poll);
}

}  // namespace tideway::connectors::http
