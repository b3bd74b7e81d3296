// Method and path pattern -> handler. "/api/v1/runs/{run}/steps"; "{rest*}" as the last segment
// takes all that follows. Thread: built once, then any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/http/server.h"

namespace tideway::http {

class Router {
  public:
    // Of two patterns that match, the one with more literal segments wins.
    void add(std::string method, std::string pattern, Handler handler);

    // Unknown path: 404; known path with another method: 405 with Allow. Both in the API's error
    // envelope {"error":{"code":..,"message":..}}.
    void handle(ServerRequest request, std::shared_ptr<Responder> responder) const;

  private:
    struct Route {
        std::string method;
        std::vector<std::string> segments;
        Handler handler;
    };

    std::vector<Route> routes_;
};

// A JSON answer and the API's error answer.
Response json_response(int status, std::string body);
Response error_response(const Error& error);

}  // namespace tideway::http
