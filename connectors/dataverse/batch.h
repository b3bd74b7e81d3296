// Several operations in one request: POST /$batch.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

// Writes that follow one another form one changeset: all or none of them happen. Reads stand alone.
std::unique_ptr<connector::Exchange> batch(const connector::Call& call);

struct BatchOperation {
    std::string method;
    std::string path;       // relative to the API: "opportunities(6f0a...)"
    http::Headers headers;  // besides the usual
    std::string body;       // JSON text or empty

    bool is_read() const { return method == "GET"; }
};

// Why the operations of an input cannot be sent, or what they are.
Result<std::vector<BatchOperation>> read_operations(const Json& input);

// The multipart body; boundaries are "batch_<id>" and "changeset_<id>_<n>".
std::string print_batch(
    const std::vector<BatchOperation>& operations, const std::string& api_url, const std::string& id
);

struct BatchPart {
    http::Response response;
    int content_id = 0;         // of operations in a changeset, from 1; 0: it names none
    bool in_changeset = false;  // it stood in a nested multipart
};

// The parts of a multipart answer in order, nested ones included; line ends are read leniently.
// Nothing when it is not multipart.
std::vector<BatchPart> parse_batch(std::string_view content_type, std::string_view body);

}  // namespace tideway::connectors::dataverse
