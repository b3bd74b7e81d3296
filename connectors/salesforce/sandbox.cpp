#include "connectors/salesforce/sandbox.h"

#include <cctype>

#include "connectors/salesforce/sandbox_seed.h"
#include "connectors/salesforce/sandbox_service.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce {
namespace {

using sandbox::answer_of;
using sandbox::ApiRequest;
using sandbox::Change;
using sandbox::json_answer;

constexpr std::string_view kDataPath = "/services/data";
constexpr std::size_t kLogEntriesMax = 100'000;
constexpr int kOldestVersion = 31;
constexpr int kNewestVersion = 67;

// The number of "v62.0"; 0 for anything else.
int version_number(const std::string& version) {
    const bool is_version = version.size() == 5 && version[0] == 'v' &&
                            std::isdigit(static_cast<unsigned char>(version[1])) != 0 &&
                            std::isdigit(static_cast<unsigned char>(version[2])) != 0 &&
                            version.ends_with(".0");
    return is_version ? (version[1] - '0') * 10 + (version[2] - '0') : 0;
}

Json versions() {
    Json out = Json::array();
    for (int number = kOldestVersion; number <= kNewestVersion; ++number) {
        const std::string text = std::to_string(number) + ".0";
        out.push_back(
            {{"label", "Version " + text},
             {"url", std::string(kDataPath) + "/v" + text},
             {"version", text}}
        );
    }
    return out;
}

// "client=Tideway, defaultNamespace=x" -> "Tideway".
std::string client_name(const http::Headers& headers) {
    const std::string options = headers.get_or("Sforce-Call-Options", "");
    const std::size_t at = options.find("client=");
    const std::size_t end = options.find_first_of(",; ", at);
    return at == std::string::npos ? "" : options.substr(at + 7, end - at - 7);
}

sandbox::ChangeOrigin origin_of(const ApiRequest& request) {
    const std::string client = client_name(request.headers);
    return {
        "com/salesforce/api/rest/" + request.version.substr(1) +
            (client.empty() ? "" : ";client=" + client),
        request.caller.user_id};
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) {
        url.pop_back();
    }
    return url;
}

}  // namespace

Sandbox::Service::Service(Loop& loop, const Clock& clock, Options options_in)
    : options(std::move(options_in)),
      schema_(sandbox::sales_schema()),
      store_(schema_, clock),
      writer_(store_),
      customizations_(schema_),
      rest_(store_, writer_, customizations_, clock),
      sign_ins_(clock),
      streaming_(loop, clock, options.connect_timeout),
      clock_(clock),
      state_(loop, options.state_file, [this] { return saved(); }) {
    set_base_url(options.base_url);
    sandbox::seed(store_, sign_ins_);
    load_error = state_.load([this](const Json& saved) {
        customizations_.load(saved.value("customizations", Json::object()));
        return store_.load(saved);
    });
}

Json Sandbox::Service::saved() const {
    Json out = store_.save();
    out["customizations"] = customizations_.save();
    return out;
}

Sandbox::Service::~Service() = default;

void Sandbox::Service::set_base_url(std::string url) {
    options.base_url = without_slash(std::move(url));
    sign_ins_.set_base_url(options.base_url);
}

void Sandbox::Service::handle(
    http::ServerRequest request, std::shared_ptr<http::Responder> responder
) {
    if (!request.path.starts_with("/cometd/")) {
        http::Response response = answer(request);
        if (!request.path.starts_with("/sandbox")) {
            note_request(request, response.status);
        }
        responder->send(std::move(response));
        return;
    }
    if (const auto user = sign_ins_.check(request.headers); !user) {
        responder->send(answer_of(user.error()));
        return;
    }
    note_request(request, 200);
    streaming_.handle(request, std::move(responder));
}

http::Response Sandbox::Service::answer(const http::ServerRequest& request) {
    if (request.path == "/sandbox" || request.path.starts_with("/sandbox/")) {
        return control(request);
    }
    if (request.path.starts_with("/services/oauth2/")) {
        return answer_oauth(request);
    }
    if (request.path.starts_with(kDataPath)) {
        return answer_api(request);
    }
    return answer_of({404, "NOT_FOUND", "The requested resource does not exist"});
}

http::Response Sandbox::Service::answer_oauth(const http::ServerRequest& request) {
    const std::string what = request.path.substr(std::string_view("/services/oauth2/").size());
    if (what == "token" && request.method == "POST") {
        return sign_ins_.token(request);
    }
    if (what == "authorize" && request.method == "GET") {
        return sign_ins_.authorize(request);
    }
    if (what == "revoke" && request.method == "POST") {
        return sign_ins_.revoke(request);
    }
    if (what != "userinfo") {
        return answer_of({404, "NOT_FOUND", "The requested resource does not exist"});
    }
    const auto user = sign_ins_.check(request.headers);
    return user ? userinfo(*user) : answer_of(user.error());
}

http::Response Sandbox::Service::userinfo(const std::string& username) const {
    const sandbox::Caller caller = caller_of(username);
    const Json* record = store_.find_record(*schema_.object("User"), caller.user_id);
    return json_answer(
        200,
        {{"sub", options.base_url + "/id/00DTw0000000001AAA/" + caller.user_id},
         {"user_id", caller.user_id},
         {"organization_id", "00DTw0000000001AAA"},
         {"preferred_username", username},
         {"name", record == nullptr ? "" : string_or(*record, "Name")},
         {"email", record == nullptr ? "" : string_or(*record, "Email")},
         {"urls", {{"custom_domain", options.base_url}}}}
    );
}

sandbox::Caller Sandbox::Service::caller_of(const std::string& username) const {
    sandbox::Caller out;
    out.name = username;
    for (const auto& [id, record] : store_.records(*schema_.object("User"))) {
        if (string_or(record, "Username") == username) {
            out.user_id = id;
        }
    }
    const auto denied = denied_.find(username);
    out.denied = denied == denied_.end() ? std::set<std::string>() : denied->second;
    out.shown = fields_shown_to(out.user_id);
    return out;
}

// By the permission sets that the user is assigned to.
std::map<std::string, bool> Sandbox::Service::fields_shown_to(const std::string& user_id) const {
    std::set<std::string> sets;
    for (const auto& [id, record] : store_.records(*schema_.object("PermissionSetAssignment"))) {
        if (string_or(record, "AssigneeId") == user_id && !bool_or(record, "IsDeleted", false)) {
            sets.insert(string_or(record, "PermissionSetId"));
        }
    }
    std::map<std::string, bool> out;
    for (const auto& [id, record] : store_.records(*schema_.object("FieldPermissions"))) {
        if (sets.contains(string_or(record, "ParentId")) &&
            bool_or(record, "PermissionsRead", false)) {
            bool& may_edit = out[string_or(record, "Field")];
            may_edit = may_edit || bool_or(record, "PermissionsEdit", false);
        }
    }
    return out;
}

http::Response Sandbox::Service::answer_api(const http::ServerRequest& request) {
    std::string rest = request.path.substr(kDataPath.size());
    if (rest.empty() || rest == "/") {
        return json_answer(200, versions());
    }
    rest.erase(0, 1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    ApiRequest api;
    api.version = rest.substr(0, slash);
    const int version = version_number(api.version);
    if (version == 0 || version > kNewestVersion) {
        return answer_of({404, "NOT_FOUND", "The requested resource does not exist"});
    }
    if (version < kOldestVersion) {
        return answer_of({410, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"});
    }
    const auto user = sign_ins_.check(request.headers);
    if (!user) {
        return answer_of(user.error());
    }
    api.method = request.method;
    api.path = slash < rest.size() ? rest.substr(slash + 1) : "";
    api.query = request.query;
    api.headers = request.headers;
    api.body = request.body;
    api.caller = caller_of(*user);
    http::Response response;
    if (used_ >= options.requests_per_day) {
        response = answer_of({403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."});
    } else {
        ++used_;
        response = api.path == "limits" ? limits() : run(api);
    }
    response.headers.set(
        "Sforce-Limit-Info",
        "api-usage=" + std::to_string(used_) + "/" + std::to_string(options.requests_per_day)
    );
    return response;
}

http::Response Sandbox::Service::limits() const {
    const auto limit = [](std::int64_t max, std::int64_t remaining) {
        return Json{{"Max", max}, {"Remaining", remaining}};
    };
    const std::int64_t left = options.requests_per_day - used_;
    return json_answer(
        200,
        {{"DailyApiRequests", limit(options.requests_per_day, left)},
         {"DailyStreamingApiEvents", limit(10'000, 10'000)},
         {"DataStorageMB", limit(5, 5)},
         {"FileStorageMB", limit(20, 20)}}
    );
}

http::Response Sandbox::Service::run(const ApiRequest& request) {
    http::Response response = rest_.handle(request);
    const std::vector<Change> changes = store_.take_changes();
    if (customizations_.take_change()) {
        state_.changed();
    }
    if (!changes.empty()) {
        note_writes(changes, request);
        streaming_.publish(changes, store_, origin_of(request));
        state_.changed();
    }
    return response;
}

void Sandbox::Service::note_writes(const std::vector<Change>& changes, const ApiRequest& request) {
    static constexpr const char* kKinds[] = {"create", "update", "delete"};
    for (const Change& change : changes) {
        writes_.push_back(
            {{"seq", next_seq_++},
             {"kind", kKinds[static_cast<std::size_t>(change.kind)]},
             {"object", change.object->name},
             {"id", change.id},
             {"fields", change.fields},
             {"user", request.caller.name},
             {"client", client_name(request.headers)},
             {"method", request.method},
             {"path", request.path},
             {"at", format_utc(clock_.now())}}
        );
        if (writes_.size() > kLogEntriesMax) {
            writes_.pop_front();
        }
    }
}

void Sandbox::Service::note_request(const http::ServerRequest& request, int status) {
    requests_.push_back(
        {{"method", request.method},
         {"path", request.path},
         {"query", request.query},
         {"status", status},
         {"at", format_utc(clock_.now())}}
    );
    if (requests_.size() > kLogEntriesMax) {
        requests_.pop_front();
    }
}

void Sandbox::Service::reset() {
    denied_.clear();
    writes_.clear();
    requests_.clear();
    rest_.clear();
    streaming_.forget();
    used_ = 0;
    options.requests_per_day = Options().requests_per_day;
    customizations_.set_co_sell(true);
    sandbox::seed(store_, sign_ins_);
    state_.changed();
}

Sandbox::Sandbox(Loop& loop, const Clock& clock, Options options)
    : service_(std::make_unique<Service>(loop, clock, std::move(options))) {}

Sandbox::~Sandbox() = default;

http::Handler Sandbox::handler() {
    return [service = service_.get()](
               http::ServerRequest request, std::shared_ptr<http::Responder> responder
           ) { service->handle(std::move(request), std::move(responder)); };
}

void Sandbox::set_base_url(std::string url) {
    service_->set_base_url(std::move(url));
}

const std::string& Sandbox::base_url() const {
    return service_->options.base_url;
}

const Status& Sandbox::load_error() const {
    return service_->load_error;
}

void Sandbox::put_app(SandboxApp app) {
    service_->sign_ins_.put_app(std::move(app));
}

std::string Sandbox::open_session(const std::string& username) {
    return service_->sign_ins_.open_session(username);
}

}  // namespace tideway::connectors::salesforce
