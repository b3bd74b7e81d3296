// Personal data and secrets in JSON are replaced by others of their kind. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace tideway::runtime {

// Equal values get equal replacements, also where one stands inside a longer text, so that what
// belonged together still does. Addresses of mail are known by their form; names, phone numbers,
// places and secrets by the name of their field. It does not know a person by name in a free text
// that no field has named: whoever keeps the result reads it. Thread: one.
class Anonymiser {
  public:
    // First every value that will be replaced ...
    void learn(const Json& value);
    // ... then the values with everything replaced that was learned.
    Json replace(const Json& value) const;

    // How many different values are replaced.
    std::size_t size() const { return replacements_.size(); }

  private:
    void learn_field(std::string_view name, const Json& value);
    void learn_mail(const std::string& text);
    void add(const std::string& original, std::string_view kind);
    std::string replace(std::string text) const;

    struct LongestFirst {
        bool operator()(const std::string& a, const std::string& b) const {
            return a.size() != b.size() ? a.size() > b.size() : a < b;
        }
    };

    std::map<std::string, std::string, LongestFirst> replacements_;
    std::map<std::string, int, std::less<>> counts_;  // by kind
};

}  // namespace tideway::runtime
