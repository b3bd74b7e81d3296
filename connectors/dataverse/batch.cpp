#include "connectors/dataverse/batch.h"

#include <algorithm>
#include <array>

#include "connectors/dataverse/requests.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;
using model::EffectClass;

constexpr std::size_t kOperationsMax = 1000;  // Dataverse's own

tl::unexpected<Error> refuse(std::size_t index, const std::string& problem) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidBatch",
        "Operation " + std::to_string(index + 1) + " of the batch " + problem + ".",
        "Each one is {method, path, body}: a method of GET, POST, PATCH, PUT and DELETE, and a "
        "path "
        "like \"opportunities(<id>)\"."
    );
}

// A path that stays inside the API and on its line of the request.
bool is_inner_path(const std::string& path) {
    return !path.empty() && path.front() != '/' && path.find("://") == std::string::npos &&
           path.find("..") == std::string::npos &&
           std::all_of(path.begin(), path.end(), [](unsigned char c) {
               return c > 0x20 && c < 0x7F;
           });
}

bool is_header_text(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c >= 0x20 && c != 0x7F;
    });
}

Result<BatchOperation> read_operation(const Json& json, std::size_t index) {
    static constexpr std::array<std::string_view, 5> kMethods{
        "GET", "POST", "PATCH", "PUT", "DELETE"};
    BatchOperation out;
    out.method = string_or(json, "method");
    out.path = string_or(json, "path");
    if (std::find(kMethods.begin(), kMethods.end(), out.method) == kMethods.end()) {
        return refuse(index, "has the method \"" + out.method + "\"");
    }
    if (!is_inner_path(out.path)) {
        return refuse(index, "has the path \"" + out.path + "\"");
    }
    if (const Json* headers = find(json, "headers"); headers != nullptr && headers->is_object()) {
        for (const auto& [name, value] : headers->items()) {
            if (!value.is_string() || !is_header_text(name) ||
                !is_header_text(value.get_ref<const std::string&>())) {
                return refuse(
                    index, "has the header \"" + name + "\" with a value that is no text"
                );
            }
            out.headers.set(name, value.get<std::string>());
        }
    }
    // A PATCH without a condition would create the row when it is absent.
    if (out.method == "PATCH" && !out.headers.get("If-Match") &&
        !out.headers.get("If-None-Match")) {
        out.headers.set("If-Match", "*");
    }
    if (const Json* body = find(json, "body"); body != nullptr && !body->is_null()) {
        out.body = dump(*body);
    }
    return out;
}

Json part_output(const http::Response& response) {
    Json body;
    if (!response.body.empty()) {
        auto parsed = parse_json(response.body, "the part of a batch");
        body = parsed ? std::move(*parsed) : Json(response.body);
    }
    Json headers = Json::object();
    for (const auto& [name, value] : response.headers) {
        headers[name] = value;
    }
    return {
        {"status", response.status}, {"headers", std::move(headers)}, {"body", std::move(body)}};
}

class Batch final : public connector::ChainedExchange {
  public:
    explicit Batch(const connector::Call& call)
        : requests_(call.settings, call.now),
          operations_(read_operations(call.input)),
          id_(connector::stable_guid("batch " + call.idempotency_key)) {}

    Turn begin() override {
        if (!operations_) {
            return Failed{operations_.error(), model::AttemptClass::kNotDone};
        }
        connector::Send send = requests_.write(
            "POST", requests_.api_url() + "/$batch", Json(), Requests::Answer::kNothing
        );
        send.request.headers.set("Content-Type", "multipart/mixed; boundary=batch_" + id_);
        send.request.body = print_batch(*operations_, requests_.api_url(), id_);
        return ask(std::move(send), [this](const http::Response& r) { return read(r); });
    }

  private:
    // With an error inside, Dataverse answers 200 or the error's status; the parts say what
    // happened.
    Turn read(const http::Response& response) const {
        const auto parts = parse_batch(response.headers.get_or("Content-Type", ""), response.body);
        if (parts.empty()) {
            if (!is_success(response)) {
                return answered(response, EffectClass::kOnce, requests_.now());
            }
            return connector::unreadable(response, "batch", EffectClass::kOnce);
        }
        Json responses = Json::array();
        const BatchPart* refused = nullptr;
        bool has_written = false;
        for (const BatchPart& part : parts) {
            responses.push_back(part_output(part.response));
            const bool is_good = is_success(part.response);
            if (!is_good && refused == nullptr) {
                refused = &part;
            }
            has_written = has_written || (is_good && part.in_changeset);
        }
        if (refused != nullptr) {
            return part_refused(*refused, std::move(responses), has_written);
        }
        if (parts.size() != operations_->size()) {
            return connector::unreadable(response, "batch", EffectClass::kOnce);
        }
        return Done{to_payload(Json{{"responses", std::move(responses)}}), {}};
    }

    // Nothing was written: a plain refusal. An earlier changeset was: a person must look.
    Turn part_refused(const BatchPart& part, Json responses, bool has_written) const {
        Failed failed = answered(part.response, EffectClass::kOnce, requests_.now());
        failed.error.details = dump(Json{{"responses", std::move(responses)}});
        if (has_written) {
            failed.attempt_class = model::AttemptClass::kInDoubt;
            failed.error.remedy =
                "Some changesets of the batch took effect and one did not: see the "
                "responses, and finish or undo by hand.";
        }
        return failed;
    }

    Requests requests_;
    Result<std::vector<BatchOperation>> operations_;
    std::string id_;
};

}  // namespace

Result<std::vector<BatchOperation>> read_operations(const Json& input) {
    const Json* list = find(input, "operations");
    const std::size_t size = list != nullptr && list->is_array() ? list->size() : 0;
    if (size == 0 || size > kOperationsMax) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidBatch",
            "A batch holds 1 to " + std::to_string(kOperationsMax) + " operations, not " +
                std::to_string(size) + ".",
            "Send several batches."
        );
    }
    std::vector<BatchOperation> out;
    for (std::size_t i = 0; i < size; ++i) {
        TIDEWAY_TRY_ASSIGN(BatchOperation operation, read_operation((*list)[i], i));
        out.push_back(std::move(operation));
    }
    return out;
}

std::unique_ptr<connector::Exchange> batch(const connector::Call& call) {
    return std::make_unique<Batch>(call);
}

}  // namespace tideway::connectors::dataverse
