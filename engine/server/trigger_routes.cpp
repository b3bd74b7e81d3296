#include "engine/server/trigger_routes.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/base/limits.h"
#include "engine/http/url.h"
#include "engine/server/http_event.h"
#include "engine/server/views.h"

namespace tideway::server {

using runtime::FlowEntry;

namespace {

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

bool keeps_events(const FlowEntry& flow) {
    return flow.published && model::secures_inputs(flow.published->declaration.secured);
}

// Why a request was not understood, for its refused event. The message for the caller quotes it.
std::string reason_of(const FlowEntry& flow, const Error& error) {
    return keeps_events(flow) ? "The request was not understood (" + error.code + ")."
                              : error.message;
}

// What is kept of a request that was not understood.
Payload trace_of(const http::ServerRequest& request) {
    constexpr std::size_t kBodyBytesShown = 2000;
    return to_payload(Json(request.body.substr(0, kBodyBytesShown)));
}

// Does the event's body fit what the flow's trigger demands?
Status check_body(const FlowEntry& flow, const Json& event) {
    return flow.published
               ? runtime::check_body(flow.published->input, flow.published->declaration, event)
               : Status();
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
        if (const auto known = context_.activation->known_keys(flow->row.id)) {
            check_signature(std::move(*flow), *known, shared, answer);
            return;
        }
        context_.runtime->readers().read(
            *context_.front,
            [this, flow = *flow](store::Reader&) {
                return context_.activation->keys_blocking(flow);
            },
            [this, answer, shared, flow = *flow](
                Result<std::shared_ptr<const runtime::SigningKeys>> keys
            ) mutable {
                if (!keys) {
                    answer->send(http::error_response(keys.error()));
                    return;
                }
                const runtime::SigningKeys none;
                check_signature(std::move(flow), *keys ? **keys : none, shared, answer);
            }
        );
    }

    void callback(http::ServerRequest request, const Answer& answer) const {
        const auto event = http_event(request);
        if (!event) {
            answer->send(refusal(event.error()));
            return;
        }
        context_.runtime->receive_callback(
            request.params["token"],
            to_payload(*event),
            [answer](Result<store::CallbackFate> fate) {
                answer->send(fate ? response_of(*fate) : http::error_response(fate.error()));
            }
        );
    }

  private:
    void check_signature(
        FlowEntry flow,
        const runtime::SigningKeys& keys,
        const std::shared_ptr<http::ServerRequest>& request,
        const Answer& answer
    ) const {
        const auto signature = runtime::check_signature(
            keys, {flow.row.pack, flow.row.name}, request->query, context_.clock->now()
        );
        if (signature == runtime::Signature::kRight) {
            receive(std::move(flow), request, answer);
        } else {
            refuse_signature(flow, signature, *request, answer);
        }
    }

    void refuse_signature(
        const FlowEntry& flow,
        runtime::Signature signature,
        const http::ServerRequest& request,
        const Answer& answer
    ) const {
        const bool is_expired = signature == runtime::Signature::kExpired;
        context_.runtime->record_refusal(
            flow,
            "http_request",
            to_payload(Json{{"remote_address", request.remote_address}, {"path", request.path}}),
            is_expired ? "The address has expired."
                       : "The address was not signed with a key of this flow; perhaps the key was "
                         "rotated."
        );
        Error error;
        error.kind = ErrorKind::kUnauthenticated;
        error.code = is_expired ? "TriggerAddressExpired" : "DirectApiAuthorizationRequired";
        error.message = "The trigger address of '" + flow.row.name +
                        (is_expired ? "' has expired." : "' is not signed correctly.");
        error.remedy = is_expired ? "Ask for a new one: tideway flows url " + flow.row.name
                                  : "Copy it anew: tideway flows show " + flow.row.name;
        answer->send(http::error_response(error));
    }

    void refuse_request(
        const FlowEntry& flow,
        Payload kept,
        std::string reason,
        const Error& error,
        const Answer& answer
    ) const {
        context_.runtime->record_refusal(flow, "http_request", std::move(kept), std::move(reason));
        http::Response out = refusal(error);
        if (out.status == 405) {
            out.headers.add("Allow", flow.published->input.request->method);
        }
        answer->send(std::move(out));
    }

    void receive(
        FlowEntry flow, const std::shared_ptr<http::ServerRequest>& request, const Answer& answer
    ) const {
        const std::string trigger =
            flow.published ? flow.published->declaration.trigger : std::string("http_request");
        const auto found = runtime::find_trigger(*context_.registry, trigger);
        if (found.spec != nullptr && found.implementation != nullptr) {
            auto incoming = incoming_of(flow, *request);
            if (auto exchange = found.implementation->receive(*found.spec, incoming)) {
                receive_for_connector(
                    {std::move(flow), trigger, found.spec},
                    {std::move(exchange), *found.implementation, std::move(incoming)},
                    answer
                );
                return;
            }
        }
        const auto event = requested_event(flow, *request);
        if (!event) {
            refuse_request(
                flow, trace_of(*request), reason_of(flow, event.error()), event.error(), answer
            );
            return;
        }
        if (const auto fits = check_body(flow, *event); !fits) {
            refuse_request(flow, to_payload(*event), fits.error().message, fits.error(), answer);
            return;
        }
        runtime::Delivery delivery;
        delivery.source = trigger;
        delivery.event = to_payload(*event);
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

    connector::Incoming incoming_of(const FlowEntry& flow, const http::ServerRequest& request)
        const {
        const auto connection = context_.activation->trigger_connection(*flow.published);
        connector::Incoming incoming;
        incoming.headers = request.headers;
        incoming.method = request.method;
        incoming.query = request.query;
        incoming.body = request.body;
        incoming.now = context_.clock->now();
        incoming.config = tree(flow.published->declaration.trigger_config);
        incoming.settings = connection ? connection->settings : Json::object();
        return incoming;
    }

    struct Receiver {
        FlowEntry flow;
        std::string trigger;
        const model::TriggerSpec* spec = nullptr;
    };

    struct Reception {
        std::unique_ptr<connector::Exchange> exchange;
        const connector::Connector& implementation;
        connector::Incoming incoming;
    };

    void receive_for_connector(Receiver receiver, Reception reception, const Answer& answer) const {
        const auto connection = context_.activation->trigger_connection(*receiver.flow.published);
        const auto policy = reception.implementation.network_policy(reception.incoming.settings);
        context_.driver->drive(
            std::move(reception.exchange),
            connection,
            policy,
            [this,
             answer,
             receiver = std::move(receiver),
             body = std::move(reception.incoming.body)](runtime::ExchangeDriver::Outcome outcome) {
                on_received(receiver, body, std::move(outcome), answer);
            }
        );
    }

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
            delivery.name = runtime::read_change_name(item);
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
