// The sandbox's REST API below /services/data/vNN.0: records, queries, descriptions, feeds,
// collections, composite requests. Thread: the sandbox's loop.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "connectors/salesforce/sandbox_customizations.h"
#include "connectors/salesforce/sandbox_query.h"
#include "connectors/salesforce/sandbox_writer.h"
#include "engine/base/clock.h"
#include "engine/http/message.h"

namespace tideway::connectors::salesforce::sandbox {

struct ApiRequest {
    std::string method;
    std::string version;  // "v62.0"
    std::string path;     // behind the version, still encoded: "sobjects/Account"
    std::string query;
    http::Headers headers;
    std::string body;
    Caller caller;

    std::string root() const { return "/services/data/" + version; }
};

class RestApi {
  public:
    RestApi(Store& store, Writer& writer, Customizations& customizations, const Clock& clock)
        : store_(store),
          writer_(writer),
          customizations_(customizations),
          clock_(clock) {}

    http::Response handle(const ApiRequest& request);

    // Forgets the pages that queries have not handed out.
    void clear() { cursors_.clear(); }

  private:
    using Segments = std::vector<std::string>;

    Outcome<http::Response> route(const ApiRequest& request, const Segments& segments);
    Outcome<http::Response> route_object(const ApiRequest& request, const Segments& segments);
    Outcome<http::Response> route_record(
        const ApiRequest& request, const Object& object, const std::string& id
    );
    Outcome<http::Response> route_external(
        const ApiRequest& request, const Object& object, const Segments& segments
    );
    Outcome<http::Response> route_composite(const ApiRequest& request, const Segments& segments);

    Outcome<http::Response> route_tooling(const ApiRequest& request, const Segments& segments);
    Outcome<http::Response> make_field(const ApiRequest& request);
    Outcome<http::Response> tooling_query(const ApiRequest& request) const;
    http::Response find_field(const std::string& object_name, const std::string& name) const;
    Outcome<http::Response> show_field(const std::string& id) const;
    http::Response find_layouts(const std::string& object) const;
    Outcome<http::Response> show_layout(const std::string& id) const;
    Outcome<http::Response> change_layout(const ApiRequest& request, const std::string& id);

    Outcome<http::Response> query(const ApiRequest& request, Deleted deleted);
    Outcome<http::Response> next_page(const ApiRequest& request, const std::string& locator);
    http::Response page_of(const ApiRequest& request, std::size_t cursor, std::size_t from);

    Outcome<http::Response> get_record(
        const ApiRequest& request, const Object& object, const Json& record
    ) const;
    Outcome<http::Response> upsert(
        const ApiRequest& request,
        const Object& object,
        const Field& field,
        const std::string& value
    );
    // If-Modified-Since and If-Unmodified-Since: 304, 412, or nothing.
    Outcome<bool> check_conditions(const ApiRequest& request, const Json& record) const;
    Outcome<http::Response> feed(
        const ApiRequest& request, const Object& object, const std::string& which
    ) const;

    Outcome<http::Response> write_collection(const ApiRequest& request, const Segments& segments);
    Json write_one(const ApiRequest& request, const Segments& segments, const Json& record);
    Outcome<http::Response> read_collection(const ApiRequest& request, const Object& object) const;
    Outcome<http::Response> composite(const ApiRequest& request);
    Outcome<http::Response> batch(const ApiRequest& request);

    struct Cursor {
        std::size_t id = 0;
        std::size_t page_size = 0;
        std::vector<Json> records;
    };

    Store& store_;
    Writer& writer_;
    Customizations& customizations_;
    const Clock& clock_;
    std::deque<Cursor> cursors_;
    std::size_t next_cursor_ = 1;
};

// What a describe says of an object to this caller; kBrief: as the list of all objects has it.
enum class Detail { kBrief, kFull };
Json describe(const Object& object, const Caller& caller, Detail detail, const std::string& root);

}  // namespace tideway::connectors::salesforce::sandbox
