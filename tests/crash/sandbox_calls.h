// Requests of a test to a sandbox.
#pragma once

#include <string>

#include "engine/app/api_client.h"
#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::tests {

// Thread: one. Everything blocks.
class SandboxCalls {
  public:
    // The answer's body, or {"entity": OData-EntityId} without one. What is refused is an error.
    Result<Json> send(const std::string& method, const std::string& url, const Json& body = {});

  private:
    app::BlockingHttp http_;
};

}  // namespace tideway::tests
