// Requests to the Dataverse Web API, with the headers that every one carries, and its refusals in
// words. Pure; thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

inline constexpr std::string_view kDuplicateKey = "0x80040237";
inline constexpr std::string_view kDeltaExpired = "0x80044352";

class Requests {
  public:
    Requests(const Json& settings, Timestamp now);

    // "https://contoso.crm.dynamics.com/api/data/v9.2", no slash at the end.
    const std::string& api_url() const { return api_url_; }

    std::string set_url(std::string_view table) const;
    // `id` must be checked by is_row_id().
    std::string row_url(std::string_view table, std::string_view id) const;

    // GET; `prefer` is the Prefer header, or empty.
    connector::Send get(std::string url, std::string prefer = {}) const;
    // `body` null: none is sent. Sets Prefer: return=representation when `wants_row`.
    enum class Answer { kRow, kNothing };
    connector::Send write(std::string method, std::string url, const Json& body, Answer answer)
        const;

    Timestamp now() const { return now_; }

  private:
    connector::Send make(std::string method, std::string url) const;

    std::string api_url_;
    Timestamp now_;
};

// The service's own code ("0x80040237") of an error answer; empty when it has none.
std::string service_code(const http::Response& response);

// What the service answered when it did not do it, with a remedy.
connector::Failed answered(
    const http::Response& response, model::EffectClass effect, Timestamp now
);

// The row was changed by somebody else while a write of ours was in doubt.
connector::Failed changed_meanwhile(std::string_view table, std::string_view id);

bool is_success(const http::Response& response);
std::optional<Json> read_object(const http::Response& response);

// Why the table or id of an input cannot be used; nothing when they can.
std::optional<connector::Failed> bad_table(std::string_view table);
std::optional<connector::Failed> bad_id(std::string_view id);

}  // namespace tideway::connectors::dataverse
