// The checks of one call or name: against the language's words, the pack's connections and files,
// and the connectors' specs. Used for every place of the text and again where a call is followed
// into a library, when parameters are known. Thread: any one.
#pragma once

#include <map>
#include <set>
#include <string>

#include "engine/script/analysis/findings.h"
#include "engine/script/analysis/sources.h"
#include "engine/script/language.h"

namespace tideway::script::analysis {

using ConnectionSpecs = std::map<std::string, const model::ConnectorSpec*>;

// Whether a parameter whose caller is not known may stand for a literal.
enum class Parameters { kMayBeLiterals, kAreKnown };

// What analysis collects besides findings; literals only.
struct Mentions {
    std::set<std::string> connections;
    std::set<std::string> variables;
    std::set<std::string> children;
};

class CallCheck {
  public:
    // All are borrowed; `connections` may be null.
    CallCheck(
        const Sources& sources,
        const ConnectionSpecs* connections,
        Findings& findings,
        Mentions& mentions
    )
        : sources_(sources),
          connections_(connections),
          findings_(findings),
          mentions_(mentions) {}

    // A kCall. `callee` is what parts[0] stands for.
    void call(
        const Expression& call, const Meaning& callee, const Frame& frame, Parameters parameters
    );

    // connection.operation, called or not.
    void operation_name(const Expression& at, const Meaning& operation, const Frame& frame);

    // trigger.<name>: known to the language or to a connector of the pack.
    bool is_trigger(std::string_view name) const;

    void add(const Frame& frame, Position at, Findings::Note note) {
        findings_.add(frame.file->path, at, std::move(note));
    }

    // The spec behind a reference; null when it is not known or not wanted.
    const model::ConnectorSpec* spec(const std::string& reference) const;

  private:
    void arity(
        const Expression& call,
        const std::string& name,
        int arguments_min,
        int arguments_max,
        const Frame& frame
    );
    void step_name(
        const Expression& name, const std::string& callee, const Frame& frame, Parameters parameters
    );
    void reference(
        const Expression& call, const std::string& callee, const Frame& frame, Parameters parameters
    );
    // The table at an argument's place, where one is written; null otherwise.
    static const Expression* table_at(const Expression& call, int argument, const Frame& frame);
    void step_options_of(const Expression& call, const LanguageFunction& function, const Frame&);
    void child(const Expression& call, const Frame& frame, Parameters parameters);
    void callback(const Expression& call, const Frame& frame, Parameters parameters);
    // Options with a `timeout` beside `properties`.
    void time_limited(
        const Expression& options, const std::string& name, Json properties, const Frame& frame
    );
    void check_duration(const Expression& options, const std::string& name, const Frame& frame);
    void static_result(const Expression& call, const Expression& options, const Frame& frame);
    void language_call(
        const Expression& call, const std::string& name, const Frame& frame, Parameters parameters
    );
    void operation_call(
        const Expression& call, const Meaning& callee, const Frame& frame, Parameters parameters
    );
    void operation_input(
        const Expression& call, const model::OperationSpec& operation, const Frame& frame
    );
    void idle_settings(const Expression& table, const std::string& trigger, const Frame& frame);
    void trigger_call(const Expression& call, const std::string& name, const Frame& frame);
    const model::TriggerSpec* trigger_spec(std::string_view name) const;
    std::vector<std::string> references() const;

    const Sources& sources_;
    const ConnectionSpecs* connections_;
    Findings& findings_;
    Mentions& mentions_;
};

}  // namespace tideway::script::analysis
