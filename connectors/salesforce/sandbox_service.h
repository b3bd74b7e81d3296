// The sandbox's parts put together: who asks, within which limits, what is logged and kept. Thread:
// the sandbox's loop.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "connectors/salesforce/sandbox.h"
#include "connectors/salesforce/sandbox_rest.h"
#include "connectors/salesforce/sandbox_sign_in.h"
#include "connectors/salesforce/sandbox_streaming.h"
#include "engine/connector/sandbox_state.h"

namespace tideway::connectors::salesforce {

class Sandbox::Service {
  public:
    Service(Loop& loop, const Clock& clock, Options options_in);
    ~Service();

    void handle(http::ServerRequest request, std::shared_ptr<http::Responder> responder);

    void set_base_url(std::string url);

    Options options;
    Status load_error;
    sandbox::Schema schema_;
    sandbox::Store store_;
    sandbox::Writer writer_;
    sandbox::Customizations customizations_;
    sandbox::RestApi rest_;
    sandbox::SignIns sign_ins_;
    sandbox::Streaming streaming_;

  private:
    http::Response answer(const http::ServerRequest& request);
    http::Response answer_oauth(const http::ServerRequest& request);
    http::Response answer_api(const http::ServerRequest& request);
    http::Response userinfo(const std::string& username) const;
    http::Response limits() const;

    sandbox::Caller caller_of(const std::string& username) const;
    std::map<std::string, bool> fields_shown_to(const std::string& user_id) const;
    Json saved() const;
    http::Response run(const sandbox::ApiRequest& request);
    void note_writes(
        const std::vector<sandbox::Change>& changes, const sandbox::ApiRequest& request
    );
    void note_request(const http::ServerRequest& request, int status);

    http::Response control(const http::ServerRequest& request);
    http::Response control_limits(const http::ServerRequest& request);
    http::Response control_rights(const Json& body);
    http::Response control_events(const Json& body);
    http::Response control_sessions(const Json& body);
    http::Response control_records(const std::string& name) const;
    http::Response act_as(const http::ServerRequest& request);
    Json writes_since(std::int64_t seq) const;

    void reset();

    const Clock& clock_;
    std::map<std::string, std::set<std::string>> denied_;  // by user name
    std::int64_t used_ = 0;
    std::deque<Json> writes_;
    std::deque<Json> requests_;
    std::int64_t next_seq_ = 1;
    connector::SandboxState state_;
};

}  // namespace tideway::connectors::salesforce
