#include "connectors/dataverse/sandbox.h"

#include <cctype>

#include "connectors/dataverse/sandbox_seed.h"
#include "connectors/dataverse/sandbox_service.h"
#include "engine/base/uid.h"

namespace tideway::connectors::dataverse {
namespace {

using sandbox::ApiRequest;
using sandbox::Outcome;
using sandbox::refuse;
using sandbox::ServiceError;
using sandbox::WebApi;

constexpr std::string_view kDataPath = "/api/data/v";
constexpr std::size_t kLogEntriesMax = 100'000;

// "/api/data/v9.2/opportunities" -> "9.2" and "opportunities"; nothing for other versions.
struct DataPath {
    std::string version;
    std::string rest;
};

std::optional<DataPath> data_path(const std::string& path) {
    if (!path.starts_with(kDataPath)) {
        return std::nullopt;
    }
    const std::size_t slash = std::min(path.find('/', kDataPath.size()), path.size());
    DataPath out{path.substr(kDataPath.size(), slash - kDataPath.size()), ""};
    const bool known = out.version.size() == 3 && out.version.starts_with("9.") &&
                       std::isdigit(static_cast<unsigned char>(out.version[2])) != 0;
    if (!known) {
        return std::nullopt;
    }
    out.rest = slash < path.size() ? path.substr(slash + 1) : "";
    return out;
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) {
        url.pop_back();
    }
    return url;
}

}  // namespace

Sandbox::Service::Service(
    Loop& loop,
    http::Client& client,
    connector::SandboxIdentity& identity,
    const Clock& clock,
    Options options_in
)
    : options(std::move(options_in)),
      loop_(loop),
      identity_(identity),
      clock_(clock),
      schema_(sandbox::sales_schema()),
      database_(schema_),
      callers_(database_),
      writer_(database_, callers_, clock),
      definitions_(schema_, callers_),
      api_(database_, writer_, callers_, definitions_, clock),
      protection_(clock),
      callbacks_(loop, client, database_, clock),
      state_(loop, options.state_file, [this] { return saved(); }) {
    options.base_url = without_slash(options.base_url);
    apply_options();
    sandbox::seed(database_, clock_.now());
    load_error = state_.load([this](const Json& saved) {
        definitions_.load(saved.value("definitions", Json::object()));
        return database_.load(saved);
    });
}

Json Sandbox::Service::saved() const {
    Json out = database_.save();
    out["definitions"] = definitions_.save();
    return out;
}

Sandbox::Service::~Service() = default;

void Sandbox::Service::apply_options() {
    writer_.require_application_columns(options.required_columns == RequiredColumns::kStrict);
    api_.settings().page_size = options.page_size;
    protection_.limits() = {
        options.requests_per_window,
        options.execution_per_window,
        options.concurrent_requests,
        options.window};
}

void Sandbox::Service::handle(
    http::ServerRequest request, std::shared_ptr<http::Responder> responder
) {
    if (request.path == "/sandbox" || request.path.starts_with("/sandbox/")) {
        responder->send(control(request));
        return;
    }
    answer_client(std::move(request), std::move(responder));
}

// Who asks, and whether now: token, limits, membership.
Outcome<sandbox::Caller> Sandbox::Service::admit(const http::ServerRequest& request) {
    const auto claims = identity_.check(request.headers, options.base_url);
    if (!claims) {
        ServiceError error{401, sandbox::codes::kUnauthenticated, claims.error().message, {}};
        error.headers.add("WWW-Authenticate", "Bearer resource_id=" + options.base_url);
        return tl::unexpected<ServiceError>(std::move(error));
    }
    const std::string& name = claims->user.empty() ? claims->client_id : claims->user;
    if (auto place = protection_.admit(name); !place) {
        return tl::unexpected<ServiceError>(place.error());
    }
    auto caller = callers_.from_claims(*claims);
    if (caller) {
        caller = callers_.impersonate(std::move(*caller), request.headers);
    }
    if (!caller) {
        protection_.done(name, Duration(0));
    }
    database_.commit();  // a user's first row is no change that anybody waits for
    return caller;
}

void Sandbox::Service::answer_client(
    http::ServerRequest request, std::shared_ptr<http::Responder> responder
) {
    ApiRequest api;
    api.method = request.method;
    api.headers = request.headers;
    const auto path = data_path(request.path);
    auto caller = admit(request);
    if (!path || !caller) {
        if (caller) {
            protection_.done(caller->name, Duration(0));
        }
        const ServiceError missing{
            404,
            sandbox::codes::kResourceNotFound,
            "No HTTP resource was found that matches '" + request.path + "'.",
            {}};
        responder->send(WebApi::error_response(caller ? missing : caller.error(), api));
        return;
    }
    api.path = path->rest;
    api.query = request.query;
    api.body = std::move(request.body);
    api.caller = std::move(*caller);
    api.root = options.base_url + "/api/data/v" + path->version;
    http::Response response = run(api);
    note_request(api, response);
    const std::string name = api.caller.name;
    response.headers.add("x-ms-service-request-id", Uid::random().guid());
    if (options.latency <= Duration(0)) {
        protection_.done(name, Duration(0));
        protection_.add_headers(name, response.headers);
        responder->send(std::move(response));
        return;
    }
    const std::uint64_t id = next_answer_++;
    answers_[id] = loop_.after(
        options.latency,
        [this, id, name, responder = std::move(responder), response = std::move(response)](
        ) mutable {
            const auto keep = std::move(answers_[id]);
            answers_.erase(id);
            protection_.done(name, options.latency);
            protection_.add_headers(name, response.headers);
            responder->send(std::move(response));
        }
    );
}

http::Response Sandbox::Service::run(const ApiRequest& request) {
    if (request.path != "$batch" && request.path != "%24batch") {
        http::Response response = api_.handle(request);
        commit(request);
        return response;
    }
    if (request.method != "POST") {
        return WebApi::error_response(
            {405, sandbox::codes::kUnsupported, "A batch is sent with POST.", {}}, request
        );
    }
    const sandbox::BatchTarget target{
        [this](const ApiRequest& inner) { return api_.handle(inner); },
        [this] { return database_.savepoint(); },
        [this](const sandbox::Database::Savepoint& to) { database_.rollback(to); },
        [this](const ApiRequest& inner) { commit(inner); }};
    return sandbox::run_batch(request, target);
}

void Sandbox::Service::commit(const ApiRequest& request) {
    const std::vector<sandbox::RowChange> changes = database_.commit();
    if (definitions_.take_change()) {
        state_.changed();
    }
    if (changes.empty()) {
        return;
    }
    for (const sandbox::RowChange& change : changes) {
        note_write(change, request);
    }
    callbacks_.on_changes(changes, request.root);
    state_.changed();
}

void Sandbox::Service::note_write(const sandbox::RowChange& change, const ApiRequest& request) {
    if (request.caller.kind == sandbox::CallerKind::kSeller) {
        return;
    }
    static constexpr const char* kKinds[] = {"create", "update", "delete"};
    const std::int64_t seq = next_seq_++;
    Json entry = {
        {"seq", seq},
        {"kind", kKinds[static_cast<std::size_t>(change.kind)]},
        {"table", change.table->name},
        {"id", change.id},
        {"columns", change.columns},
        {"changed", change.changed},
        {"user", request.caller.name},
        {"method", request.method},
        {"path", request.path},
        {"at", format_utc(clock_.now())}};
    writes_.push_back({seq, std::move(entry)});
    if (writes_.size() > kLogEntriesMax) {
        writes_.pop_front();
    }
}

void Sandbox::Service::note_request(const ApiRequest& request, const http::Response& response) {
    requests_.push_back(
        {{"method", request.method},
         {"path", request.path},
         {"query", request.query},
         {"status", response.status},
         {"user", request.caller.name},
         {"at", format_utc(clock_.now())}}
    );
    if (requests_.size() > kLogEntriesMax) {
        requests_.pop_front();
    }
}

http::Response Sandbox::Service::act_as(std::string_view user, ApiRequest request) {
    auto caller = callers_.seller(user);
    if (!caller) {
        return WebApi::error_response(caller.error(), request);
    }
    request.caller = std::move(*caller);
    request.root = options.base_url + "/api/data/v9.2";
    return run(request);
}

Json Sandbox::Service::writes(std::int64_t since) const {
    Json out = Json::array();
    for (const Write& write : writes_) {
        if (write.seq > since) {
            out.push_back(write.entry);
        }
    }
    return out;
}

void Sandbox::Service::reset() {
    callbacks_.clear();
    (void)callbacks_.change_lag(sandbox::Lag().to_json());
    callers_.clear();
    definitions_.clear();
    protection_.clear();
    writes_.clear();
    requests_.clear();
    apply_options();
    sandbox::seed(database_, clock_.now());
    state_.changed();
}

Sandbox::Sandbox(
    Loop& loop,
    http::Client& client,
    connector::SandboxIdentity& identity,
    const Clock& clock,
    Options options
)
    : service_(std::make_unique<Service>(loop, client, identity, clock, std::move(options))) {}

Sandbox::~Sandbox() = default;

http::Handler Sandbox::handler() {
    return [service = service_.get()](
               http::ServerRequest request, std::shared_ptr<http::Responder> responder
           ) { service->handle(std::move(request), std::move(responder)); };
}

void Sandbox::set_base_url(std::string url) {
    service_->options.base_url = without_slash(std::move(url));
}

const std::string& Sandbox::base_url() const {
    return service_->options.base_url;
}

const Status& Sandbox::load_error() const {
    return service_->load_error;
}

http::Response Sandbox::act_as(
    std::string_view user, std::string method, std::string path, const Json& body
) {
    ApiRequest request;
    request.method = std::move(method);
    const std::size_t mark = std::min(path.find('?'), path.size());
    request.query = mark < path.size() ? path.substr(mark + 1) : "";
    request.path = path.substr(0, mark);
    request.body = body.is_null() ? "" : dump(body);
    return service_->act_as(user, std::move(request));
}

Json Sandbox::writes() const {
    return service_->writes(0);
}

}  // namespace tideway::connectors::dataverse
