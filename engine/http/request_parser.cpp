// The one file that includes Boost.Beast, with its separately compiled sources.
#include "engine/http/request_parser.h"

#include <algorithm>
#include <optional>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/src.hpp>

#include "engine/base/limits.h"

namespace tideway::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::http::error;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

struct Parsed {
    ServerRequest request;
    std::size_t header_bytes = 0;
    int version = 11;
    int hosts = 0;
    bool has_head = false;
    bool expects_continue = false;
    bool unknown_expectation = false;
    bool has_transfer_encoding = false;
};

// Writes what Beast finds straight into our request.
class BeastParser final : public beast::http::basic_parser<true> {
  public:
    explicit BeastParser(Parsed& parsed)
        : parsed_(parsed) {}

  private:
    void
    on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version, error_code&)
        override {
        parsed_.version = version;
        parsed_.request.method = view(method);
        parsed_.request.target = view(target);
        parsed_.header_bytes += method.size() + target.size();
    }

    void on_response_impl(int, beast::string_view, int, error_code&) override {}

    void on_field_impl(
        beast::http::field id, beast::string_view name, beast::string_view value, error_code& failed
    ) override {
        if (parsed_.has_head) {
            return;  // trailers could smuggle fields past a check of the head
        }
        parsed_.header_bytes += name.size() + value.size() + 4;
        if (parsed_.header_bytes > limits::kRequestHeaderBytesMax) {
            failed = error::header_limit;
            return;
        }
        parsed_.hosts += id == beast::http::field::host ? 1 : 0;
        parsed_.has_transfer_encoding |= id == beast::http::field::transfer_encoding;
        if (id == beast::http::field::expect) {
            const bool known = beast::iequals(value, "100-continue");
            parsed_.expects_continue |= known;
            parsed_.unknown_expectation |= !known;
        }
        parsed_.request.headers.add(std::string(view(name)), std::string(view(value)));
    }

    void on_header_impl(error_code&) override { parsed_.has_head = true; }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        // A client that only announces much gets no memory for it.
        constexpr std::uint64_t kReserveMax = 256U << 10U;
        parsed_.request.body.reserve(std::min(length.value_or(0), kReserveMax));
    }

    std::size_t on_body_impl(beast::string_view bytes, error_code&) override {
        parsed_.request.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code& failed)
        override {
        return on_body_impl(bytes, failed);
    }

    void on_finish_impl(error_code&) override {}

    Parsed& parsed_;
};

int status_of(const error_code& failed) {
    if (failed == error::header_limit) {
        return 431;
    }
    if (failed == error::body_limit) {
        return 413;
    }
    return failed == error::bad_version ? 505 : 400;
}

// "/a?b" from "http://host/a?b"; others as they are.
std::string_view origin_form(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.starts_with(scheme)) {
            const std::size_t path = target.find_first_of("/?", scheme.size());
            return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
        }
    }
    return target;
}

}  // namespace

struct RequestParser::Reading {
    explicit Reading(std::size_t body_max)
        : body_bytes_max(body_max) {
        begin();
    }

    void begin() {
        parsed = Parsed();
        parser.emplace(parsed);
        parser->eager(true);
        parser->header_limit(static_cast<std::uint32_t>(limits::kRequestHeaderBytesMax));
        parser->body_limit(body_bytes_max);
        state = State::kNothing;
    }

    void fail(int status, std::string why) {
        state = State::kFailed;
        failure_status = status;
        failure = std::move(why);
    }

    // What RFC 9112 asks for and Beast leaves to its user.
    void check_head() {
        ServerRequest& request = parsed.request;
        const bool one_one = parsed.version == 11;
        if (parsed.hosts > 1 || (one_one && parsed.hosts == 0)) {
            fail(400, "The request must name its host once.");
        } else if (parsed.has_transfer_encoding && !one_one) {
            fail(400, "Transfer-Encoding needs HTTP/1.1.");
        } else if (parsed.has_transfer_encoding && !parser->chunked()) {
            fail(501, "The only known Transfer-Encoding is chunked.");
        } else if (parsed.unknown_expectation) {
            fail(417, "The only known expectation is 100-continue.");
        } else {
            request.target = std::string(origin_form(request.target));
            const bool any = request.target == "*" && request.method == "OPTIONS";
            if (!any && !request.target.starts_with('/')) {
                fail(400, "The request target must be a path.");
            }
        }
    }

    void put(std::string_view bytes, std::size_t& used) {
        error_code failed;
        used += parser->put(boost::asio::buffer(bytes.data(), bytes.size()), failed);
        if (failed && failed != error::need_more) {
            fail(status_of(failed), "The request is not valid HTTP: " + failed.message() + ".");
            return;
        }
        if (parsed.has_head && state < State::kBody) {
            check_head();
        }
        if (state != State::kFailed) {
            state = parser->is_done() ? State::kDone
                    : parsed.has_head ? State::kBody
                                      : State::kHead;
        }
    }

    std::size_t body_bytes_max;
    Parsed parsed;
    std::optional<BeastParser> parser;
    State state = State::kNothing;
    int failure_status = 400;
    std::string failure;
};

RequestParser::RequestParser(std::size_t body_bytes_max)
    : reading_(std::make_unique<Reading>(body_bytes_max)) {}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::put(std::string_view bytes) {
    std::size_t used = 0;
    if (reading_->state == State::kNothing) {
        // Empty lines before a request are skipped (RFC 9112, 2.2).
        while (used < bytes.size() && (bytes[used] == '\r' || bytes[used] == '\n')) {
            ++used;
        }
    }
    if (used < bytes.size() && reading_->state < State::kDone) {
        reading_->put(bytes.substr(used), used);
    }
    return used;
}

RequestParser::State RequestParser::state() const {
    return reading_->state;
}

int RequestParser::failure_status() const {
    return reading_->failure_status;
}

std::string_view RequestParser::failure() const {
    return reading_->failure;
}

bool RequestParser::keep_alive() const {
    return reading_->parser->keep_alive();
}

bool RequestParser::is_http_1_0() const {
    return reading_->parsed.version == 10;
}

bool RequestParser::expects_continue() const {
    return reading_->parsed.expects_continue && !is_http_1_0();
}

ServerRequest RequestParser::take() {
    ServerRequest request = std::move(reading_->parsed.request);
    if (reading_->state == State::kFailed) {
        request.body.clear();
    }
    const std::size_t query = request.target.find('?');
    request.path = request.target.substr(0, query);
    if (query != std::string::npos) {
        request.query = request.target.substr(query + 1);
    }
    reading_->begin();
    return request;
}

}  // namespace tideway::http
