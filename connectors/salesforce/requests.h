// Requests to the Salesforce REST API, with the headers that every one carries, and its refusals in
// words. Pure; thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

inline constexpr std::string_view kRequestLimitExceeded = "REQUEST_LIMIT_EXCEEDED";
inline constexpr std::string_view kEntityIsDeleted = "ENTITY_IS_DELETED";

class Requests {
  public:
    Requests(const Json& settings, Timestamp now);

    // "https://contoso.my.salesforce.com", no slash at the end.
    const std::string& instance_url() const { return instance_url_; }

    // "https://contoso.my.salesforce.com/services/data/v62.0".
    const std::string& api_url() const { return api_url_; }

    std::string version() const { return version_; }

    // The names must be checked by is_name() and is_record_id().
    std::string object_url(std::string_view object) const;
    std::string record_url(std::string_view object, std::string_view id) const;

    connector::Send get(std::string url) const;
    // `body` null: none is sent. Marked with the setting client_name, so that change events tell
    // whose write it was.
    connector::Send write(std::string method, std::string url, const Json& body) const;

    Timestamp now() const { return now_; }

  private:
    connector::Send make(std::string method, std::string url) const;

    std::string instance_url_;
    std::string version_;
    std::string api_url_;
    std::string client_name_;
    Timestamp now_;
};

// The service's own code ("MALFORMED_QUERY") of an error answer; empty when it has none.
std::string service_code(const http::Response& response);

// Salesforce says that no requests are left today with 403.
bool is_over_limit(const http::Response& response);

// What the service answered when it did not do it, with a remedy.
connector::Failed answered(
    const http::Response& response, model::EffectClass effect, Timestamp now
);

// The record was changed by somebody else while a write of ours was in doubt.
connector::Failed changed_meanwhile(std::string_view object, std::string_view id);

bool is_success(const http::Response& response);
std::optional<Json> read_object(const http::Response& response);
std::optional<Json> read_list(const http::Response& response);

// Why the names or ids of an input cannot be used; nothing when they can.
std::optional<connector::Failed> bad_object(std::string_view object);
std::optional<connector::Failed> bad_field(std::string_view field);
std::optional<connector::Failed> bad_id(std::string_view id);

}  // namespace tideway::connectors::salesforce
