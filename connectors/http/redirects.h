// Where a read goes on when it is sent elsewhere. Pure. Thread: any one.
#pragma once

#include <optional>

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

}  // namespace tideway::connectors::http
