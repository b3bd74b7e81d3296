// The Web API's requests, one at a time: rows, collections, single columns, references, functions
// and actions. Works on decoded requests; transport, tokens and limits are the sandbox's. Thread:
// the sandbox's loop.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_definitions.h"
#include "connectors/dataverse/sandbox_preferences.h"
#include "connectors/dataverse/sandbox_writer.h"
#include "engine/http/message.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse::sandbox {

struct ApiRequest {
    std::string method;
    std::string path;  // behind /api/data/v9.x/, still encoded
    std::string query;
    http::Headers headers;
    std::string body;
    Caller caller;
    std::string root;                                // "http://host/api/data/v9.2"
    std::map<std::string, std::string> content_ids;  // of the changeset so far
};

class WebApi {
  public:
    struct Settings {
        std::size_t page_size = 5000;
        std::size_t count_most = 5000;
        Duration delta_lifetime = std::chrono::hours(24 * 7);
    };

    WebApi(
        Database& database,
        Writer& writer,
        Callers& callers,
        Definitions& definitions,
        const Clock& clock
    )
        : database_(database),
          writer_(writer),
          callers_(callers),
          definitions_(definitions),
          clock_(clock) {}

    Settings& settings() { return settings_; }

    // Every delta token issued until now is answered as expired.
    void expire_delta_tokens() { ++delta_generation_; }

    // Does one request. A refused one leaves no trace in the database; nothing is committed.
    http::Response handle(const ApiRequest& request);

    static http::Response error_response(const ServiceError& error, const ApiRequest& request);

  private:
    using Answer = Outcome<http::Response>;

    // One request, taken apart.
    struct Call {
        const ApiRequest& request;
        std::vector<Segment> path;
        http::QueryFields query;
        Preferences preferences;
        FilterContext context;
    };

    Answer dispatch(const Call& call);
    Answer unbound(const Call& call);
    Answer on_definitions(const Call& call);
    Answer define(const Call& call);
    Answer define_whole(const Call& call);
    Answer publish(const Call& call);
    Answer on_set(const Call& call, const Table& table);
    Answer on_row(const Call& call, const Table& table, const RowKey& key);
    Answer below_row(const Call& call, const Table& table, const RowKey& key);

    Answer list(const Call& call, const Table& table, const Collection* within, const Row* parent);
    struct Page;
    Outcome<Page> find_page(const Call& call, const Table& table) const;
    void cut_page(const Call& call, Page& page) const;
    void add_counts(const Call& call, const Page& page, Json& body) const;
    void add_links(const Call& call, const Page& page, Json& body) const;
    Answer count(const Call& call, const Table& table);
    Outcome<Query> tracked_query(const Call& call, const Table& table, std::int64_t& since) const;
    Outcome<std::int64_t> version_of_token(const std::string& token) const;
    std::string new_delta_token() const;

    Answer create(const Call& call, const Table& table);
    Answer read(const Call& call, const Table& table, const RowKey& key);
    Answer update(const Call& call, const Table& table, const RowKey& key);
    Answer remove(const Call& call, const Table& table, const RowKey& key);
    Answer written(const Call& call, const Table& table, const std::string& id, int status);
    Outcome<Json> body_of(const Call& call) const;
    Save save_of(const Call& call, const Table& table, const Json& body) const;
    Outcome<void> check_version(const Call& call, const Row& row) const;

    Answer one_column(const Call& call, const Table& table, const Row& row, const Column& column);
    Answer one_reference(
        const Call& call, const Table& table, const Row& row, const Table::Navigation& navigation
    );
    Answer member_reference(
        const Call& call, const Table& table, const Row& row, const Collection& collection
    );

    Answer user_privileges(const Call& call, const Row& user, const Segment& function);

    Answer close_opportunity(const Call& call, int state);
    Answer qualify_lead(const Call& call, const Row& lead);
    struct Qualifying;
    Outcome<std::string> make_row(Qualifying& work, const char* table, const Json& row);
    Outcome<void> make_account(Qualifying& work);
    Outcome<void> make_contact(Qualifying& work);
    Outcome<void> make_opportunity(Qualifying& work);

    Database& database_;
    Writer& writer_;
    Callers& callers_;
    Definitions& definitions_;
    const Clock& clock_;
    Settings settings_;
    std::int64_t delta_generation_ = 1;
};

// A JSON answer with the service's headers.
http::Response odata_response(int status, const Json& body, const Preferences& preferences);

// EntityDefinitions and $metadata (sandbox_metadata.cpp). `path` begins with "EntityDefinitions".
Outcome<Json> describe_tables(
    const Schema& schema,
    const std::string& root,
    const std::vector<Segment>& path,
    const http::QueryFields& query
);
std::string metadata_document(const Schema& schema);

}  // namespace tideway::connectors::dataverse::sandbox
