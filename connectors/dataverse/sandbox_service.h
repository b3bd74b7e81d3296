// The parts of the sandbox put together; internal to sandbox*.cpp. Thread: the sandbox's loop.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "connectors/dataverse/sandbox.h"
#include "connectors/dataverse/sandbox_batch.h"
#include "connectors/dataverse/sandbox_callbacks.h"
#include "connectors/dataverse/sandbox_protection.h"
#include "connectors/dataverse/sandbox_web_api.h"
#include "engine/connector/sandbox_state.h"

namespace tideway::connectors::dataverse {

class Sandbox::Service {
  public:
    Service(
        Loop& loop,
        http::Client& client,
        connector::SandboxIdentity& identity,
        const Clock& clock,
        Options options
    );
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    void handle(http::ServerRequest request, std::shared_ptr<http::Responder> responder);
    http::Response act_as(std::string_view user, sandbox::ApiRequest request);

    Json writes(std::int64_t since) const;

    Options options;
    Status load_error;

  private:
    struct Write {
        std::int64_t seq = 0;
        Json entry;
    };

    void answer_client(http::ServerRequest request, std::shared_ptr<http::Responder> responder);
    sandbox::Outcome<sandbox::Caller> admit(const http::ServerRequest& request);
    http::Response run(const sandbox::ApiRequest& request);
    void commit(const sandbox::ApiRequest& request);
    void note_write(const sandbox::RowChange& change, const sandbox::ApiRequest& request);
    void note_request(const sandbox::ApiRequest& request, const http::Response& response);

    // sandbox_control.cpp
    http::Response control(const http::ServerRequest& request);
    http::Response control_logs(const http::ServerRequest& request, const std::string& what);
    http::Response control_settings(const std::string& what, const Json& fields);
    http::Response control_limits(const Json& fields);
    http::Response seller_request(const http::ServerRequest& request);
    http::Response control_rows(const std::string& method, const std::string& name);
    Json overview() const;
    Json saved() const;
    Json limits_now();

    void apply_options();
    void reset();

    Loop& loop_;
    connector::SandboxIdentity& identity_;
    const Clock& clock_;
    sandbox::Schema schema_;
    sandbox::Database database_;
    sandbox::Callers callers_;
    sandbox::Writer writer_;
    sandbox::Definitions definitions_;
    sandbox::WebApi api_;
    sandbox::ServiceProtection protection_;
    sandbox::Callbacks callbacks_;
    std::deque<Write> writes_;
    std::deque<Json> requests_;
    std::int64_t next_seq_ = 1;
    std::map<std::uint64_t, std::unique_ptr<Timer>> answers_;  // waiting out the latency
    std::uint64_t next_answer_ = 0;
    connector::SandboxState state_;
};

}  // namespace tideway::connectors::dataverse
