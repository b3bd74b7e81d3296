// What history is searched for, as options of a command and as the API is asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/app/command_line.h"
#include "engine/http/url.h"

namespace tideway::app {

// The name of the API's field, the option, and what it means.
struct SearchField {
    const char* name;
    const char* option;
    const char* help;
};

// Thread: any.
class SearchOptions {
  public:
    // The options that a list of such things has.
    void add_to_runs(CLI::App& command);
    // The same where --code says which version runs: the error's is --error-code only.
    void add_to_resubmit(CLI::App& command);
    void add_to_groups(CLI::App& command);
    void add_to_events(CLI::App& command);
    // How many, and where to go on.
    void add_paging(CLI::App& command);

    // What was given, without the paging.
    http::QueryFields fields() const;
    // The same for a body: {"status":"Failed","tracked":["deal=A"]}.
    Json filter() const;

    // All pages, up to the limit: {"value":[...], "next_before":n}.
    Result<Json> list(ApiClient& client, const std::string& path) const;

  private:
    void add(CLI::App& command, const SearchField& field);

    struct Given {
        const char* name;
        std::vector<std::string> values;
    };

    std::vector<std::unique_ptr<Given>> given_;
    int limit_ = 50;
    std::int64_t before_ = 0;
};

// Says how to see what comes after the page.
void print_next_page(const Json& page);

}  // namespace tideway::app
