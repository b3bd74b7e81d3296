#include "engine/server/trigger_routes.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/http/url.h"
#include "engine/model/schema.h"
#include "engine/server/views.h"

namespace tideway::server {

using runtime::FlowEntry;

namespace {

bool is_json(std::string_view content_type) {
    return content_type.find("json") != std::string_view::npos;
}

bool is_text(std::string_view content_type) {
    return content_type.starts_with("text/") || content_type.find("xml") != std::string_view::npos;
}

bool has_node(const std::vector<model::OutlineNode>& outline, std::string_view kind) {
    return std::ranges::any_of(outline, [kind](const model::OutlineNode& node) {
        return node.kind == kind || has_node(node.children, kind);
    });
}

http::Headers run_headers(const runtime::Admitted& admitted, const FlowEntry& flow) {
    http::Headers headers{{"Content-Type", "application/json"}};
    if (!admitted.runs.empty()) {
        headers.add("x-ms-workflow-run-id", admitted.runs.front().hex());
    }
    headers.add("x-ms-workflow-name", flow.row.name);
    if (flow.published) {
        headers.add("x-ms-workflow-version", flow.published->version.hash);
    }
    return headers;
}

// The method that trigger.http_request { method = ... } names, if it does.
Status check_method(const FlowEntry& flow, const http::ServerRequest& request) {
    if (!flow.published || flow.published->http_method.empty() ||
        flow.published->http_method == request.method) {
        return {};
    }
    return fail(
        ErrorKind::kInvalidInput,
        "MethodNotAllowed",
        "The flow '" + flow.row.name + "' is called with " + flow.published->http_method +
            ", not with " + request.method + ".",
        "Call it with that method, or leave `method` out of its trigger."
    );
}

bool keeps_events(const FlowEntry& flow) {
    return flow.published && model::secures_inputs(flow.published->declaration.secured);
}

// Why a request was not understood, for its refused event. The message for the caller quotes it.
std::string reason_of(const FlowEntry& flow, const Error& error) {
    return keeps_events(flow) ? "The request was not understood (" + error.code + ")."
                              : error.message;
}

// Does the event's body fit what the flow's trigger demands?
Status check_body(const FlowEntry& flow, const Payload& event) {
    if (!flow.published || flow.published->body_schema.is_null()) {
        return {};
    }
    const Json received = tree(event);
    const Json* body = find(received, "body");
    // The message becomes the reason of a refused event.
    const auto quoting = keeps_events(flow) ? model::Quoting::kNothing : model::Quoting::kValues;
    return model::validate(
        flow.published->body_schema, body == nullptr ? Json() : *body, "The request body", quoting
    );
}

// The answer that respond() decided, or what follows from how the run ended.
http::Response response_of(const model::RunRecord& run) {
    http::Response out;
    out.status = 200;
    out.headers.add("x-ms-workflow-run-id", run.uid.hex());
    if (run.response.empty()) {
        Error error;
        error.kind = ErrorKind::kUnavailable;
        error.code = "NoResponse";
        error.message = "The run " + run.uid.hex() + " ended as " +
                        std::string(to_string(run.status)) + " without a response.";
        out = http::error_response(error);
        out.status = 502;
        return out;
    }
    const Json response = tree(run.response);
    out.status = static_cast<int>(int_or(response, "status", 200));
    if (const Json* headers = find(response, "headers");
        headers != nullptr && headers->is_object()) {
        for (const auto& [name, value] : headers->items()) {
            out.headers.set(name, value.is_string() ? value.get<std::string>() : dump(value));
        }
    }
    const Json* body = find(response, "body");
    if (body == nullptr || body->is_null()) {
        return out;
    }
    if (body->is_string() && out.headers.get("Content-Type")) {
        out.body = body->get<std::string>();
        return out;
    }
    out.body = dump(*body);
    if (!out.headers.get("Content-Type")) {
        out.headers.add("Content-Type", "application/json");
    }
    return out;
}

// What a caller of a callback's address learns.
http::Response response_of(store::CallbackFate fate) {
    Error error;
    switch (fate) {
        case store::CallbackFate::kTaken:
            return http::json_response(202, "{}");
        case store::CallbackFate::kRepeated:
            error.kind = ErrorKind::kConflict;
            error.code = "CallbackAlreadyReceived";
            error.message = "This address has been called before; the first call counts.";
            break;
        case store::CallbackFate::kClosed:
            error.kind = ErrorKind::kNotFound;
            error.code = "CallbackExpired";
            error.message = "The run does not wait for a call to this address any more.";
            break;
        case store::CallbackFate::kUnknown:
            error.kind = ErrorKind::kNotFound;
            error.code = "CallbackNotFound";
            error.message = "No run waits at this address: it has ended, or the address is wrong.";
            break;
    }
    http::Response out = http::error_response(error);
    if (fate == store::CallbackFate::kClosed) {
        out.status = 410;
    }
    return out;
}

class TriggerDoor {
  public:
    explicit TriggerDoor(const Context& context)
        : context_(context) {}

    void invoke(http::ServerRequest request, const Answer& answer) const {
        auto flow = context_.catalog->flow(request.params["pack"] + "/" + request.params["flow"]);
        if (!flow) {
            answer->send(http::error_response(flow.error()));
            return;
        }
        auto shared = std::make_shared<http::ServerRequest>(std::move(request));
        if (const auto known = context_.activation->known_signatures(flow->row.id)) {
            check_signature(std::move(*flow), *known, shared, answer);
            return;
        }
        context_.runtime->readers().read(
            *context_.front,
            [this, flow = *flow](store::Reader&) {
                return context_.activation->signatures_blocking(flow);
            },
            [this, answer, shared, flow = *flow](
                Result<std::shared_ptr<const runtime::TriggerSignatures>> signatures
            ) mutable {
                if (!signatures) {
                    answer->send(http::error_response(signatures.error()));
                    return;
                }
                const runtime::TriggerSignatures none;
                check_signature(std::move(flow), *signatures ? **signatures : none, shared, answer);
            }
        );
    }

    void callback(http::ServerRequest request, const Answer& answer) const {
        auto event = http_event(request);
        if (!event) {
            answer->send(http::error_response(event.error()));
            return;
        }
        context_.runtime->receive_callback(
            request.params["token"],
            std::move(*event),
            [answer](Result<store::CallbackFate> fate) {
                answer->send(fate ? response_of(*fate) : http::error_response(fate.error()));
            }
        );
    }

  private:
    void check_signature(
        FlowEntry flow,
        const runtime::TriggerSignatures& allowed,
        const std::shared_ptr<http::ServerRequest>& request,
        const Answer& answer
    ) const {
        const std::string given = http::query_value(request->query, "sig");
        const auto matches = [&given](const std::string& signature) {
            return !signature.empty() && equal_constant_time(given, signature);
        };
        if (!matches(allowed.primary) && !matches(allowed.secondary)) {
            refuse_signature(flow, *request, answer);
            return;
        }
        receive(std::move(flow), request, answer);
    }

    void refuse_signature(
        const FlowEntry& flow, const http::ServerRequest& request, const Answer& answer
    ) const {
        context_.runtime->record_refusal(
            flow,
            "http_request",
            to_payload(Json{{"remote_address", request.remote_address}, {"path", request.path}}),
            "The address was not signed with a key of this flow."
        );
        Error error;
        error.kind = ErrorKind::kUnauthenticated;
        error.code = "DirectApiAuthorizationRequired";
        error.message = "The trigger address of '" + flow.row.name + "' is not signed correctly.";
        error.remedy = "Copy it anew: tideway flows show " + flow.row.name;
        answer->send(http::error_response(error));
    }

    void receive(
        FlowEntry flow, const std::shared_ptr<http::ServerRequest>& request, const Answer& answer
    ) const {
        const std::string trigger =
            flow.published ? flow.published->declaration.trigger : std::string("http_request");
        const auto found = runtime::find_trigger(*context_.registry, trigger);
        if (found.spec != nullptr && found.implementation != nullptr) {
            receive_for_connector(std::move(flow), trigger, found, *request, answer);
            return;
        }
        if (auto method = check_method(flow, *request); !method) {
            context_.runtime->record_refusal(flow, "http_request", {}, method.error().message);
            http::Response refusal = http::error_response(method.error());
            refusal.status = 405;
            refusal.headers.add("Allow", flow.published->http_method);
            answer->send(std::move(refusal));
            return;
        }
        auto event = http_event(*request);
        if (!event) {
            context_.runtime->record_refusal(
                flow,
                "http_request",
                to_payload(Json(request->body.substr(0, 2000))),
                reason_of(flow, event.error())
            );
            answer->send(http::error_response(event.error()));
            return;
        }
        if (auto fits = check_body(flow, *event); !fits) {
            context_.runtime->record_refusal(
                flow, "http_request", std::move(*event), fits.error().message
            );
            answer->send(http::error_response(fits.error()));
            return;
        }
        runtime::Delivery delivery;
        delivery.source = trigger;
        delivery.event = std::move(*event);
        const bool is_synchronous =
            flow.published && has_node(flow.published->analysis.outline, "respond");
        delivery.flow = std::move(flow);
        if (is_synchronous) {
            admit_and_wait(std::move(delivery), answer);
        } else {
            admit(std::move(delivery), answer);
        }
    }

    void admit(runtime::Delivery delivery, const Answer& answer) const {
        const FlowEntry flow = delivery.flow;
        context_.runtime->admit(
            std::move(delivery),
            [answer, flow](Result<runtime::Admitted> admitted) {
                if (!admitted) {
                    answer->send(http::error_response(admitted.error()));
                    return;
                }
                http::Response out;
                out.status = 202;
                out.headers = run_headers(*admitted, flow);
                out.body = dump(view(*admitted));
                answer->send(std::move(out));
            }
        );
    }

    // The caller waits for respond(), at most as long as the inbound limit.
    void admit_and_wait(runtime::Delivery delivery, const Answer& answer) const {
        const Uid run = Uid::random();
        delivery.run_uid = run;
        auto timer = std::make_shared<std::unique_ptr<Timer>>();
        Executor& front = *context_.front;
        runtime::Runtime& runtime = *context_.runtime;
        const auto respond = [answer, timer, run, &front](Result<model::RunRecord> record) {
            http::Response out =
                record ? response_of(*record) : http::error_response(record.error());
            out.headers.set("x-ms-workflow-run-id", run.hex());
            answer->send(std::move(out));
            front.post([timer] { timer->reset(); });
        };
        runtime.wait_for_response(run, respond);
        *timer = front.after(
            std::chrono::seconds(limits::kResponseWaitSeconds),
            [answer, run, &runtime] {
                runtime.forget_response(run);
                Error error;
                error.kind = ErrorKind::kTimeout;
                error.code = "GatewayTimeout";
                error.message = "The run " + run.hex() + " has not responded within " +
                                std::to_string(limits::kResponseWaitSeconds) +
                                " seconds; it goes on.";
                answer->send(http::error_response(error));
            }
        );
        runtime.admit(
            std::move(delivery),
            [answer, timer, run, &front, &runtime](Result<runtime::Admitted> admitted) {
                const bool is_new =
                    admitted && !admitted->runs.empty() && admitted->runs.front() == run;
                if (is_new) {
                    return;
                }
                runtime.forget_response(run);
                front.post([timer] { timer->reset(); });
                if (!admitted) {
                    answer->send(http::error_response(admitted.error()));
                    return;
                }
                if (admitted->status != model::EventStatus::kDuplicate || admitted->runs.empty()) {
                    answer->send(http::json_response(202, dump(view(*admitted))));
                    return;
                }
                // Caught by dedupe_by: the stored answer, when it is decided already.
                runtime.readers().run([answer,
                                       first = admitted->runs.front(),
                                       admitted = *admitted](store::Reader& reader) {
                    const auto record = reader.run_by_uid(first);
                    const bool is_decided = record && *record && !(*record)->response.empty();
                    answer->send(
                        is_decided ? response_of(**record)
                                   : http::json_response(202, dump(view(admitted)))
                    );
                });
            }
        );
    }

    void receive_for_connector(
        FlowEntry flow,
        const std::string& trigger,
        const runtime::ConnectorTrigger& found,
        const http::ServerRequest& request,
        const Answer& answer
    ) const {
        const auto connection = context_.activation->trigger_connection(*flow.published);
        connector::Incoming incoming;
        incoming.headers = request.headers;
        incoming.method = request.method;
        incoming.query = request.query;
        incoming.body = request.body;
        incoming.now = context_.clock->now();
        incoming.config = tree(flow.published->declaration.trigger_config);
        incoming.settings = connection ? connection->settings : Json::object();
        auto exchange = found.implementation->receive(*found.spec, incoming);
        if (!exchange) {
            runtime::Delivery delivery;
            delivery.flow = std::move(flow);
            delivery.source = trigger;
            delivery.event = Payload(request.body);
            admit(std::move(delivery), answer);
            return;
        }
        const auto policy = found.implementation->network_policy(incoming.settings);
        context_.driver->drive(
            std::move(exchange),
            connection,
            policy,
            [this, answer, flow = std::move(flow), trigger, spec = found.spec, body = request.body](
                runtime::ExchangeDriver::Outcome outcome
            ) mutable {
                on_received({std::move(flow), trigger, spec}, body, std::move(outcome), answer);
            }
        );
    }

    struct Receiver {
        FlowEntry flow;
        std::string trigger;
        const model::TriggerSpec* spec = nullptr;
    };

    // A change that is no echo of our own becomes a run.
    void admit_event(
        const Receiver& receiver,
        runtime::Delivery delivery,
        const Json& event,
        std::function<void(Result<runtime::Admitted>)> done
    ) const {
        const runtime::LoadedVersion& version = *receiver.flow.published;
        const auto connection = context_.activation->trigger_connection(version);
        delivery.change = runtime::read_change(
            *receiver.spec,
            connection ? connection->record.name : std::string(),
            tree(version.declaration.trigger_config),
            event
        );
        context_.runtime->admit(std::move(delivery), std::move(done));
    }

    void on_received(
        const Receiver& receiver,
        const std::string& body,
        runtime::ExchangeDriver::Outcome outcome,
        const Answer& answer
    ) const {
        const FlowEntry& flow = receiver.flow;
        const std::string& trigger = receiver.trigger;
        if (auto* failed = std::get_if<connector::Failed>(&outcome)) {
            context_.runtime->record_refusal(
                flow,
                trigger,
                to_payload(Json(body.substr(0, 2000))),
                reason_of(flow, failed->error)
            );
            http::Response out = http::error_response(failed->error);
            out.status = failed->error.http_status != 0 ? failed->error.http_status : out.status;
            answer->send(std::move(out));
            return;
        }
        const Json output = tree(std::get<connector::Done>(outcome).output);
        const Json* events = find(output, "events");
        if (events == nullptr || events->empty()) {
            answer->send(http::json_response(202, R"({"status":"Ignored","runs":[]})"));
            return;
        }
        // One answer for all of them: when the last is durable, or at the first that cannot be. The
        // sender then repeats the delivery; what was accepted is a duplicate.
        auto left =
            std::make_shared<std::atomic<std::ptrdiff_t>>(static_cast<std::ptrdiff_t>(events->size()
            ));
        for (const Json& item : *events) {
            runtime::Delivery delivery;
            delivery.flow = flow;
            delivery.source = trigger;
            const Json* named = find(item, "event");
            const Json& event = named == nullptr ? item : *named;
            delivery.event = to_payload(event);
            if (const Json* key = find(item, "dedupe_key"); key != nullptr && key->is_string()) {
                delivery.dedupe_key = key->get<std::string>();
            }
            admit_event(
                receiver,
                std::move(delivery),
                event,
                [answer, left, flow](Result<runtime::Admitted> admitted) {
                    if (!admitted) {
                        if (left->exchange(0) > 0) {
                            answer->send(http::error_response(admitted.error()));
                        }
                        return;
                    }
                    if (left->fetch_sub(1) == 1) {
                        http::Response out;
                        out.status = 202;
                        out.headers = run_headers(*admitted, flow);
                        out.body = dump(view(*admitted));
                        answer->send(std::move(out));
                    }
                }
            );
        }
    }

    const Context& context_;
};

}  // namespace

Result<Payload> http_event(const http::ServerRequest& request) {
    Json event = {
        {"method", request.method}, {"headers", Json::object()}, {"queries", Json::object()}};
    for (const auto& [name, value] : request.headers) {
        // Credentials of the caller do not belong into history.
        std::string lower = name;
        std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        if (lower != "authorization" && lower != "cookie") {
            event["headers"][lower] = value;
        }
    }
    for (const auto& [name, value] : http::parse_query(request.query)) {
        if (name != "sig" && name != "sp" && name != "sv" && name != "se") {
            event["queries"][name] = value;
        }
    }
    if (const auto rest = request.params.find("rest"); rest != request.params.end()) {
        event["relative_path"] = rest->second;
    }
    if (request.body.empty()) {
        return to_payload(event);
    }
    const std::string type = request.headers.get_or("Content-Type", "application/octet-stream");
    if (is_json(type)) {
        TIDEWAY_TRY_ASSIGN(event["body"], parse_json(request.body, "The request body"));
    } else if (is_text(type)) {
        event["body"] = request.body;
    } else {
        event["body"] = {{"$content-type", type}, {"$content", to_base64(request.body)}};
        if (type.starts_with("application/x-www-form-urlencoded")) {
            for (const auto& [name, value] : http::parse_query(request.body)) {
                event["body"]["$formdata"].push_back({{"key", name}, {"value", value}});
            }
        }
    }
    return to_payload(event);
}

void record_refused_request(
    const Context& context, const http::ServerRequest& request, const Error& error
) {
    constexpr std::string_view kFlows = "/flows/";
    constexpr std::string_view kInvoke = "/invoke";
    const std::size_t end = request.path.find(kInvoke);
    if (!request.path.starts_with(kFlows) || end == std::string::npos || end < kFlows.size()) {
        return;
    }
    const std::string name = request.path.substr(kFlows.size(), end - kFlows.size());
    const auto flow = context.catalog->flow(name);
    if (!flow) {
        return;
    }
    context.runtime->record_refusal(
        *flow,
        "http_request",
        to_payload(Json{
            {"remote_address", request.remote_address},
            {"path", request.path},
            {"content_length", request.headers.get_or("Content-Length", "")}}),
        error.message + " (" + error.code + ")"
    );
}

void add_trigger_routes(http::Router& router, const Context& context) {
    const auto door = std::make_shared<TriggerDoor>(context);
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
        for (const char* pattern :
             {"/flows/{pack}/{flow}/invoke", "/flows/{pack}/{flow}/invoke/{rest*}"}) {
            router.add(method, pattern, [door](http::ServerRequest request, const Answer& answer) {
                door->invoke(std::move(request), answer);
            });
        }
    }
    // Only so: what looks at links (mail filters, previews) must not answer for a person.
    router.add(
        "POST",
        "/callbacks/{token}",
        [door](http::ServerRequest request, const Answer& answer) {
            door->callback(std::move(request), answer);
        }
    );
    router.add("GET", "/health", [](const http::ServerRequest&, const Answer& answer) {
        answer->send(http::json_response(200, R"({"status":"ok"})"));
    });
}

}  // namespace tideway::server
