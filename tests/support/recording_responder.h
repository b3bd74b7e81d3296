// A responder that keeps the answer, for tests that call a handler without a socket. Thread: any
// one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/http/server.h"

namespace tideway::test_support {

class RecordingStream final : public http::EventStream {
  public:
    void send(std::string_view event, std::string_view data) override {
        if (open_) {
            events.emplace_back(event, data);
        }
    }

    bool is_open() const override { return open_; }

    void close() override { open_ = false; }

    std::vector<std::pair<std::string, std::string>> events;

  private:
    bool open_ = true;
};

class RecordingResponder final : public http::Responder {
  public:
    void send(http::Response response) override {
        answers_ += 1;
        answer = std::move(response);
    }

    std::shared_ptr<http::EventStream> stream() override {
        answers_ += 1;
        events = std::make_shared<RecordingStream>();
        return events;
    }

    void cut() override { was_cut = true; }

    int answers() const { return answers_; }

    std::optional<http::Response> answer;
    std::shared_ptr<RecordingStream> events;
    bool was_cut = false;

  private:
    int answers_ = 0;
};

// A request as the server would hand it over. `target`: "/path?query".
inline http::ServerRequest make_request(
    std::string method, std::string target, std::string body = {}, http::Headers headers = {}
) {
    http::ServerRequest out;
    out.method = std::move(method);
    out.target = std::move(target);
    const std::size_t mark = out.target.find('?');
    out.path = out.target.substr(0, mark);
    out.query = mark == std::string::npos ? "" : out.target.substr(mark + 1);
    out.headers = std::move(headers);
    out.body = std::move(body);
    out.remote_address = "127.0.0.1";
    return out;
}

}  // namespace tideway::test_support
