// Reads one HTTP/1.1 request after the other from bytes. Boost.Beast's parser does the work; only
// the .cpp includes it. Refuses what could be read in two ways (smuggling). Thread: one.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "engine/http/server.h"

namespace tideway::http {

class RequestParser {
  public:
    enum class State {
        kNothing,  // not a byte of the request yet
        kHead,     // start line and fields
        kBody,
        kDone,
        kFailed,
    };

    explicit RequestParser(std::size_t body_bytes_max);
    ~RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    // Uses bytes from the front and says how many; the rest is given again with more behind it.
    // Stops at the end of the request.
    std::size_t put(std::string_view bytes);

    State state() const;

    // kFailed: the status to answer with (400, 413, 417, 431, 501, 505) and why.
    int failure_status() const;
    std::string_view failure() const;

    // From kBody on.
    bool keep_alive() const;
    bool is_http_1_0() const;
    bool expects_continue() const;

    // kDone: gives the request away and begins with the next. kFailed: what was read of it, without
    // its body; its target is empty when its first line was not read.
    ServerRequest take();

  private:
    struct Reading;
    std::unique_ptr<Reading> reading_;
};

}  // namespace tideway::http
