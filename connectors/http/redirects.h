// Where a read goes on when it is sent elsewhere. Pure. Thread: any one.
#pragma once

#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/http/message.h"

namespace tideway::connectors::http {

class Redirects {
  public:
    // What to send next; nothing: the answer is no redirect. What the author put into the headers
    // was for the first origin: another one gets none of it but Accept. Refused: an address that
    // cannot be called, and the sixth redirect in a row.
    Result<std::optional<::tideway::http::Request>> next(
        const ::tideway::http::Request& sent, const ::tideway::http::Response& response
    );

  private:
    int followed_ = 0;
};

// A GET of an address that the service has named in its answer to `asked`, under the same rule.
::tideway::http::Request asked_at(
    const ::tideway::http::Request& asked, const std::string& location
);

}  // namespace tideway::connectors::http
