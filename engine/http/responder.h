// Responders and event streams that carry answers from any thread to the session's loop.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/http/server.h"

namespace boost::asio {
class io_context;
}

namespace tideway::http {

class Session;

std::shared_ptr<Responder> make_responder(
    boost::asio::io_context& context, std::weak_ptr<Session> session, std::uint64_t exchange
);

}  // namespace tideway::http
