// $batch: multipart requests in and out. Changesets are atomic. Thread: the sandbox's loop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_web_api.h"

namespace tideway::connectors::dataverse::sandbox {

inline constexpr std::size_t kBatchOperationsMax = 1000;

// One inner request, or a changeset of several.
struct BatchItem {
    struct Operation {
        std::string method;
        std::string url;  // as written: absolute, rooted, relative or "$1..."
        std::string content_id;
        http::Headers headers;
        std::string body;
    };

    bool changeset = false;
    std::vector<Operation> operations;
};

// Reads leniently: CRLF or LF, quoted or bare boundaries, missing blank lines at the end of a part.
// 400 when there is no boundary, an operation has no request line, or there are too many.
Outcome<std::vector<BatchItem>> parse_batch(std::string_view content_type, std::string_view body);

// How a batch acts on the service.
struct BatchTarget {
    std::function<http::Response(const ApiRequest&)> handle;  // one request, not committed
    std::function<Database::Savepoint()> savepoint;
    std::function<void(const Database::Savepoint&)> rollback;
    std::function<void(const ApiRequest&)> commit;
};

http::Response run_batch(const ApiRequest& batch, const BatchTarget& target);

}  // namespace tideway::connectors::dataverse::sandbox
