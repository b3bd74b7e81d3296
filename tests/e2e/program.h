// The real program in a folder of its own: its server and its commands, driven from outside.
//
//   Program program;
//   program.write_flow("hello", R"(return flow { ... })");
//   program.init();
//   program.serve();
//   program.cli({"flows", "on", "hello"});
//   const Json run = program.run("hello", {{"name", "Contoso"}});
#pragma once

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/json.h"
#include "tests/e2e/child.h"
#include "tests/support/client_thread.h"
#include "tests/support/poll.h"
#include "tests/support/temp_folder.h"

namespace tideway::testing {

struct CommandResult {
    int exit_code = 0;
    std::string output;
    std::string errors;

    // Both, as on a terminal.
    std::string text() const { return output + errors; }
};

struct Reply {
    int status = 0;
    http::Headers headers;
    std::string text;
    Json body;

    // The code of the error envelope, or "".
    std::string code() const {
        const Json* error = find(body, "error");
        return error == nullptr ? std::string() : string_or(*error, "code");
    }
};

inline bool is_final(const std::string& status) {
    return status == "Succeeded" || status == "Failed" || status == "Cancelled" ||
           status == "TimedOut" || status == "Skipped";
}

// Thread: the test's. Ports are free ones, chosen by the system.
class Program {
  public:
    Program() {
        std::filesystem::create_directory(pack_folder());
        write_file("pack/pack.json", R"({"name":"bad","version":"1.0.0",
            "connections":{"web":{"connector":"http"},"deals":{"connector":"partner_center"}}})");
    }

    std::string folder() const { return folder_.path().string(); }

    std::string data_folder() const { return folder_.file("data"); }

    std::string pack_folder() const { return folder_.file("pack"); }

    std::string database_file() const { return data_folder() + "/tideway.db"; }

    void write_file(const std::string& name, const std::string& text) const {
        std::ofstream out(folder_.file(name), std::ios::binary | std::ios::trunc);
        out << text;
        ASSERT_TRUE(out.flush()) << name;
    }

    void write_flow(const std::string& name, const std::string& text) const {
        write_file("pack/" + name + ".lua", text);
    }

    std::string read_file(const std::string& name) const {
        std::ifstream in(folder_.file(name), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }

    void init(
        const std::string& api_port = "0", const std::vector<std::string>& more_options = {}
    ) {
        std::vector<std::string> arguments{
            "init", "--pack", pack_folder(), "--api-port", api_port, "--trigger-port", "0"};
        arguments.insert(arguments.end(), more_options.begin(), more_options.end());
        const auto made = cli(std::move(arguments));
        ASSERT_EQ(made.exit_code, 0) << made.text();
        token_ = read_file("data/admin.token");
        token_.erase(token_.find_last_not_of('\n') + 1);
    }

    // Starts the server and waits for the line that it serves.
    void serve(std::optional<rlim_t> file_bytes_max = {}) {
        ChildPlan plan;
        plan.arguments = {TIDEWAY_PROGRAM, "serve", "--data", data_folder()};
        plan.error_file = folder_.file("serve.log");
        plan.file_bytes_max = file_bytes_max;
        server_ = std::make_unique<Child>(plan);
        const std::string said = server_->read_until("triggers  http://127.0.0.1:");
        api_url_ = word_at(said, "http://", "/api/v1");
        ASSERT_FALSE(api_url_.empty()) << said << read_file("serve.log");
    }

    bool is_alive() const { return server_ && server_->is_alive(); }

    std::string log() const { return read_file("serve.log"); }

    void lift_file_bound() const { server_->lift_file_bound(); }

    // Commands find no server until the next serve().
    void forget_server() { api_url_.clear(); }

    void kill() {
        server_->signal(SIGKILL);
        EXPECT_EQ(server_->wait(), -SIGKILL);
    }

    void stop() {
        server_->signal(SIGTERM);
        EXPECT_EQ(server_->wait(), 0) << log();
    }

    // One command against this environment, with its server if it runs.
    CommandResult cli(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {TIDEWAY_PROGRAM, "--data", data_folder()});
        if (!api_url_.empty()) {
            arguments.insert(arguments.begin() + 1, {"--server", api_url_});
        }
        const std::string errors = folder_.file("cli.err");
        std::filesystem::remove(errors);
        Child child({.arguments = std::move(arguments), .error_file = errors});
        CommandResult out;
        out.output = child.read_all();
        out.exit_code = child.wait();
        out.errors = read_file("cli.err");
        return out;
    }

    // The same with --json; the answer must be JSON, also that of an error.
    Json cli_json(std::vector<std::string> arguments) const {
        arguments.emplace_back("--json");
        const CommandResult result = cli(std::move(arguments));
        const auto parsed = parse_json(result.output, "output");
        EXPECT_TRUE(parsed) << result.text();
        return parsed ? *parsed : Json();
    }

    Reply send(http::Request request) const {
        Reply out;
        auto exchange = client_.send(std::move(request));
        if (!exchange) {
            ADD_FAILURE() << exchange.error().error.text();
            return out;
        }
        out.status = exchange->status;
        out.headers = exchange->headers;
        out.text = exchange->body;
        if (auto parsed = parse_json(out.text, "answer")) {
            out.body = std::move(*parsed);
        }
        return out;
    }

    Reply api(const std::string& method, const std::string& path, const Json& body = {}) const {
        return api_as(token_, method, path, body);
    }

    Reply api_as(
        const std::string& token,
        const std::string& method,
        const std::string& path,
        const Json& body = {}
    ) const {
        http::Request request;
        request.method = method;
        request.url = api_url_ + "/api/v1" + path;
        request.headers.set("Authorization", "Bearer " + token);
        if (!body.is_null()) {
            request.headers.set("Content-Type", "application/json");
            request.body = dump(body);
        }
        return send(std::move(request));
    }

    void turn_on(const std::string& flow) const {
        const auto done = cli({"flows", "on", flow});
        ASSERT_EQ(done.exit_code, 0) << done.text();
    }

    // The signed address of a flow's HTTP trigger.
    std::string trigger_url(const std::string& flow) const {
        return string_or(api("GET", "/flows/bad/" + flow).body, "trigger_url");
    }

    Reply post(const std::string& url, const std::string& body) const {
        http::Request request;
        request.method = "POST";
        request.url = url;
        request.headers.set("Content-Type", "application/json");
        request.body = body;
        return send(std::move(request));
    }

    // Starts a run and answers its id.
    std::string start(const std::string& flow, const Json& input = Json::object()) const {
        const Reply reply = api("POST", "/flows/bad/" + flow + "/run", {{"input", input}});
        EXPECT_EQ(reply.status, 202) << reply.text;
        const Json* runs = find(reply.body, "runs");
        return runs == nullptr || runs->empty() ? std::string() : runs->front().get<std::string>();
    }

    // The run as soon as `is_wanted` holds of its status; the test fails after a minute.
    Json wait_for(const std::string& run, const std::function<bool(const std::string&)>& is_wanted)
        const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (true) {
            const Reply reply = api("GET", "/runs/" + run + "?contents=true");
            if (is_wanted(string_or(reply.body, "status"))) {
                return reply.body;
            }
            if (reply.status != 200 || std::chrono::steady_clock::now() > end) {
                ADD_FAILURE() << reply.text << log();
                return reply.body;
            }
            tests::between_looks();
        }
    }

    Json ended(const std::string& run) const { return wait_for(run, is_final); }

    Json run(const std::string& flow, const Json& input = Json::object()) const {
        return ended(start(flow, input));
    }

    // The newest refused event of a flow in history. The refusal is answered before it is written,
    // so it is waited for.
    Json refused_event(const std::string& flow) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (std::chrono::steady_clock::now() < end) {
            const Reply reply = api("GET", "/events?flow=bad/" + flow);
            const Json* events = find(reply.body, "value");
            for (const Json& event : events == nullptr ? Json::array() : *events) {
                if (string_or(event, "status") == "Refused") {
                    return event;
                }
            }
            tests::between_looks();
        }
        ADD_FAILURE() << "no refused event of " << flow;
        return {};
    }

    const std::string& token() const { return token_; }

    const std::string& api_url() const { return api_url_; }

  private:
    static std::string word_at(
        const std::string& text, std::string_view from, std::string_view to
    ) {
        const auto begin = text.find(from);
        const auto end = begin == std::string::npos ? begin : text.find(to, begin);
        return end == std::string::npos ? std::string() : text.substr(begin, end - begin);
    }

    tests::TempFolder folder_;
    mutable ClientThread client_;
    std::unique_ptr<Child> server_;
    std::string api_url_;
    std::string token_;
};

}  // namespace tideway::testing
