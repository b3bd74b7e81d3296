// The environments that a person works with, by name: environments.json among the person's
// settings. It holds tokens of servers elsewhere and is readable by its owner only.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace tideway::app {

// One with a data folder on this machine, or one that is a server elsewhere.
struct KnownEnvironment {
    std::string name;
    std::string data_folder{};
    std::string server{};
    std::string token{};
};

class KnownEnvironments {
  public:
    // Those of the person who runs the program; none when there is no file yet.
    static Result<KnownEnvironments> read();

    const std::vector<KnownEnvironment>& all() const { return all_; }

    // Null when there is none of that name.
    const KnownEnvironment* find(const std::string& name) const;
    // Fails with "EnvironmentUnknown", which names those that there are.
    Result<KnownEnvironment> get(const std::string& name) const;

    // Fails with "EnvironmentKnown" when the name is taken.
    Status check_free(const std::string& name) const;

    // Written when they return.
    Status add(KnownEnvironment environment);
    Status remove(const std::string& name);

  private:
    Status write() const;

    std::vector<KnownEnvironment> all_;
};

// Where the data folder of a new environment is made unless somebody says.
Result<std::string> usual_data_folder(const std::string& name);

}  // namespace tideway::app
