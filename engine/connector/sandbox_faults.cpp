#include <algorithm>
#include <array>
#include <utility>

#include "engine/connector/sandbox.h"

namespace tideway::connector {
namespace {

constexpr std::array<std::string_view, 6> kKinds = {
    "status", "delay", "cut_before", "cut_after", "late_effect", "throttle"};

class ClosedStream final : public http::EventStream {
  public:
    void send(std::string_view, std::string_view) override {}

    bool is_open() const override { return false; }

    void close() override {}
};

// Swallows the answer; the connection was closed before.
class Nobody final : public http::Responder {
  public:
    void send(http::Response) override {}

    std::shared_ptr<http::EventStream> stream() override {
        return std::make_shared<ClosedStream>();
    }

    void cut() override {}
};

// Lets the work happen and closes the connection where the answer would be.
class CutInstead final : public http::Responder {
  public:
    explicit CutInstead(std::shared_ptr<http::Responder> inner)
        : inner_(std::move(inner)) {}

    ~CutInstead() override { cut(); }

    CutInstead(const CutInstead&) = delete;
    CutInstead& operator=(const CutInstead&) = delete;

    void send(http::Response) override { cut(); }

    std::shared_ptr<http::EventStream> stream() override {
        cut();
        return std::make_shared<ClosedStream>();
    }

    void cut() override {
        if (inner_) {
            std::exchange(inner_, nullptr)->cut();
        }
    }

  private:
    std::shared_ptr<http::Responder> inner_;
};

bool path_matches(std::string_view pattern, std::string_view path) {
    if (pattern.empty()) {
        return true;
    }
    if (pattern.back() == '*') {
        return path.starts_with(pattern.substr(0, pattern.size() - 1));
    }
    return pattern == path;
}

bool matches(const Json& spec, const http::ServerRequest& request) {
    const std::string method = string_or(spec, "method");
    const std::string body = string_or(spec, "body_contains");
    return (method.empty() || method == request.method) &&
           path_matches(string_or(spec, "path"), request.path) &&
           (body.empty() || request.body.find(body) != std::string::npos);
}

http::Response json_answer(int status, const Json& body) {
    http::Response out;
    out.status = status;
    out.headers.set("Content-Type", "application/json");
    out.body = dump(body);
    return out;
}

void put_body(http::Response& out, const Json& body) {
    out.body = body.is_string() ? body.get<std::string>() : dump(body);
    if (!out.headers.get("Content-Type")) {
        out.headers.set("Content-Type", body.is_string() ? "text/plain" : "application/json");
    }
}

http::Response status_answer(const Json& fault) {
    http::Response out;
    out.status = static_cast<int>(int_or(fault, "status", 503));
    if (const Json* headers = find(fault, "headers"); headers != nullptr && headers->is_object()) {
        for (const auto& [name, value] : headers->items()) {
            out.headers.set(name, value.is_string() ? value.get<std::string>() : dump(value));
        }
    }
    if (const Json* body = find(fault, "body"); body != nullptr) {
        put_body(out, *body);
    }
    return out;
}

http::Response throttle_answer(const Json& fault) {
    const std::string seconds = std::to_string(int_or(fault, "seconds", 1));
    http::Response out;
    out.status = 429;
    out.headers.set("Retry-After", seconds);
    const Json* body = find(fault, "body");
    put_body(
        out,
        body != nullptr
            ? *body
            : Json{{"statusCode", 429}, {"message", "Rate limit is exceeded. Try again in " + seconds + " seconds."}}
    );
    return out;
}

}  // namespace

Status SandboxFaults::add(const Json& fault) {
    const std::string kind = string_or(fault, "kind");
    if (std::ranges::find(kKinds, kind) == kKinds.end()) {
        std::string known;
        for (const std::string_view one : kKinds) {
            known += (known.empty() ? "" : ", ") + std::string(one);
        }
        return fail(
            ErrorKind::kInvalidInput,
            "UnknownFault",
            "A fault of kind '" + kind + "' does not exist.",
            "Use one of " + known + "."
        );
    }
    const std::int64_t status = int_or(fault, "status", 503);
    if (status < 100 || status > 599) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidStatus",
            "A fault cannot answer with status " + std::to_string(status) + ".",
            "Use a status from 100 to 599."
        );
    }
    faults_.push_back({fault, int_or(fault, "count", 1), int_or(fault, "skip", 0)});
    return {};
}

void SandboxFaults::clear() {
    faults_.clear();
}

http::Handler SandboxFaults::wrap(http::Handler inner) {
    return [this, inner = std::move(inner)](
               http::ServerRequest request, std::shared_ptr<http::Responder> responder
           ) {
        if (request.path == "/sandbox/faults") {
            control(request, *responder);
            return;
        }
        if (const std::optional<Json> fault = take(request)) {
            misbehave(*fault, inner, std::move(request), std::move(responder));
            return;
        }
        inner(std::move(request), std::move(responder));
    };
}

std::optional<Json> SandboxFaults::take(const http::ServerRequest& request) {
    if (request.path.starts_with("/sandbox/")) {
        return std::nullopt;
    }
    const auto found = std::ranges::find_if(faults_, [&](Fault& fault) {
        return fault.count > 0 && matches(fault.spec, request) && fault.skip-- <= 0;
    });
    if (found == faults_.end()) {
        return std::nullopt;
    }
    Json spec = found->spec;
    if (--found->count == 0) {
        faults_.erase(found);
    }
    return spec;
}

void SandboxFaults::control(const http::ServerRequest& request, http::Responder& responder) {
    if (request.method == "GET") {
        Json list = Json::array();
        for (const Fault& fault : faults_) {
            Json row = fault.spec;
            row["count"] = fault.count;
            list.push_back(std::move(row));
        }
        responder.send(json_answer(200, Json{{"faults", std::move(list)}}));
        return;
    }
    if (request.method == "DELETE") {
        clear();
        responder.send(json_answer(200, Json{{"faults", Json::array()}}));
        return;
    }
    const auto fault = parse_json(request.body, "the fault");
    const Status added = fault ? add(*fault) : Status(fail(fault.error()));
    if (!added) {
        const Error& error = added.error();
        responder.send(
            json_answer(400, Json{{"error", {{"code", error.code}, {"message", error.text()}}}})
        );
        return;
    }
    responder.send(json_answer(201, *fault));
}

void SandboxFaults::misbehave(
    const Json& fault,
    const http::Handler& inner,
    http::ServerRequest request,
    std::shared_ptr<http::Responder> responder
) {
    const std::string kind = string_or(fault, "kind");
    const std::int64_t wait = int_or(fault, "ms", 0);
    if (kind == "status") {
        responder->send(status_answer(fault));
    } else if (kind == "throttle") {
        responder->send(throttle_answer(fault));
    } else if (kind == "cut_before") {
        responder->cut();
    } else if (kind == "cut_after") {
        inner(std::move(request), std::make_shared<CutInstead>(std::move(responder)));
    } else if (kind == "delay") {
        later(wait, [inner, request = std::move(request), responder = std::move(responder)]() {
            inner(request, responder);
        });
    } else {
        responder->cut();
        later(wait, [inner, request = std::move(request)]() {
            inner(request, std::make_shared<Nobody>());
        });
    }
}

void SandboxFaults::later(std::int64_t milliseconds, std::function<void()> task) {
    const std::uint64_t id = next_timer_++;
    timers_[id] = loop_.after(
        std::chrono::milliseconds(std::max<std::int64_t>(milliseconds, 0)),
        [this, id, task = std::move(task)]() {
            const auto timer = std::move(timers_[id]);  // lives until this task ends
            timers_.erase(id);
            task();
        }
    );
}

}  // namespace tideway::connector
