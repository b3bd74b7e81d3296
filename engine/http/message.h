// HTTP messages as our own values: no Beast, no curl. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/clock.h"

namespace tideway::http {

// Header fields in order; names compare without case.
class Headers {
  public:
    Headers() = default;

    Headers(std::initializer_list<std::pair<std::string, std::string>> fields)
        : fields_(fields) {}

    void add(std::string name, std::string value);
    void set(std::string_view name, std::string value);  // replaces all of that name
    void remove(std::string_view name);
    std::optional<std::string_view> get(std::string_view name) const;  // the first
    std::string get_or(std::string_view name, std::string_view fallback) const;

    auto begin() const { return fields_.begin(); }

    auto end() const { return fields_.end(); }

    std::size_t size() const { return fields_.size(); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
    std::string method = "GET";
    std::string url = {};  // absolute, "https://host/path?query"
    Headers headers = {};
    std::string body = {};
    Duration timeout = std::chrono::seconds(120);
};

struct Response {
    int status = 0;
    Headers headers = {};
    std::string body = {};
};

// "Not Found" for 404; Power Automate's name "NotFound" for 404 (a bare number where it has none).
std::string_view reason_phrase(int status);
std::string status_code_name(int status);

// Retry-After as seconds or HTTP date, relative to `now`.
std::optional<Duration> retry_after(const Headers& headers, Timestamp now);

}  // namespace tideway::http
