// The two main flows as scenarios: what a person does, and what must hold when everything is at
// rest.
#pragma once

#include <string>
#include <vector>

#include "tests/crash/crash_world.h"

namespace tideway::tests {

struct Verdict {
    int lost = 0;     // effects that should be there
    int doubled = 0;  // effects that are there more than once
    int stuck = 0;    // runs that are open, paused or failed
    std::vector<std::string> problems;

    bool is_clean() const { return problems.empty(); }

    std::string text() const;
    void expect_count(const std::string& what, std::int64_t found, std::int64_t wanted);
    void expect_same(const std::string& what, const Json& found, const Json& wanted);  // else lost
};

// Thread: one.
class Scenario {
  public:
    virtual ~Scenario() = default;
    virtual const char* title() const = 0;
    // What the person does; `name` is the deal's.
    virtual Status act(CrashWorld& world, const std::string& name) = 0;
    virtual Result<Verdict> check(CrashWorld& world) = 0;
};

// Microsoft announces a deal: one opportunity with its values, the CRM ID is written back.
class AnnouncedDeal final : public Scenario {
  public:
    const char* title() const override { return "a deal announced in Partner Center"; }

    Status act(CrashWorld& world, const std::string& name) override;
    Result<Verdict> check(CrashWorld& world) override;

    const std::string& referral() const { return referral_; }

  private:
    std::string name_;
    std::string referral_;
};

// A seller makes an opportunity with Sync and Microsoft's help: both halves, the ids written back.
class CreatedOpportunity final : public Scenario {
  public:
    const char* title() const override { return "an opportunity with Sync and help"; }

    Status act(CrashWorld& world, const std::string& name) override;
    Result<Verdict> check(CrashWorld& world) override;
    // Without the runs: one pair, made once, that the opportunity names.
    Status check_pair(CrashWorld& world, Verdict& verdict) const;

    const std::string& opportunity() const { return opportunity_; }

  private:
    std::string name_;
    std::string opportunity_;
};

// No run is open, paused or without success.
Status check_runs(CrashWorld& world, Verdict& verdict);

}  // namespace tideway::tests
