// The pack for Salesforce in a folder of its own, whose data files a test edits; its cases say what
// comes of it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "connectors/all_connectors.h"
#include "engine/app/config.h"
#include "engine/runtime/cases/case_runner.h"
#include "engine/runtime/drafts/pack_findings.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {

// Thread: the test's.
class EditedPack : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto all = std::filesystem::copy_options::recursive;
        std::filesystem::copy("flows/co_sell_salesforce", pack_, all);
        std::filesystem::copy("flows/co_sell", pack_ + "/co_sell", all);
    }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(pack_ + "/" + name) << text;
    }

    Json read_json(const std::string& name) const {
        return must(parse_json(must(app::read_text_file(pack_ + "/" + name)), name));
    }

    // What checking the pack says of the file: "line: message suggestion", a line for each.
    std::string refusal_of(const std::string& name) const {
        std::string out;
        for (const auto& finding : runtime::pack_findings(must(runtime::read_pack(pack_)))) {
            if (finding.severity == script::Finding::Severity::kError) {
                EXPECT_EQ(finding.file, name) << finding.message;
                out += std::to_string(finding.line) + ": " + finding.message + " " +
                       finding.suggestion + "\n";
            }
        }
        return out;
    }

    Result<runtime::CaseResult> run_case(const std::string& test) const {
        write("cases/it.json", test);
        const auto pack = must(runtime::read_pack(pack_));
        const auto runner = must(runtime::CaseRunner::create(connectors()));
        const auto read = must(runtime::read_case(pack_, "it", pack, runner->specs()));
        return runner->run(pack, read);
    }

    // How the run differs from what the case expects; empty when it does not.
    std::string differences(const std::string& test) const {
        const auto result = must(run_case(test));
        std::string out;
        for (const auto& each : result.differences) {
            out += each.where + ": " + each.expected + " / " + each.actual + "\n";
        }
        return out;
    }

    // A flow that returns what one expression of Lua gives; `t` holds the transforms.
    void write_probe(const std::string& expression) const {
        write(
            "probe.lua",
            "local t = require \"lib.transforms\"\n"
            "return flow {\n"
            "  title = \"Probe\", trigger = trigger.manual {},\n"
            "  run = function() return { value = " +
                expression +
                ", known = t ~= nil } end,\n"
                "}\n"
        );
    }

    static std::string probe_of(const std::string& value) {
        return R"({"flow": "probe", "expect": {"output": {"value": )" + value + "}}}";
    }

  private:
    static std::vector<runtime::ConnectorText> connectors() {
        std::vector<runtime::ConnectorText> out;
        for (const embedded::File& file : embedded::connector_specs()) {
            const std::string name(file.name);
            out.push_back({name.substr(0, name.find('/')), std::string(file.bytes)});
        }
        return out;
    }

    TempFolder folder_;
    std::string pack_ = folder_.file("co_sell_salesforce");
};

}  // namespace tideway::tests
