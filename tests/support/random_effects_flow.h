// Random flows whose steps read and change the ledger, in scopes, loops, branches and a called
// flow. What they decide by is read anew each time, so that a second run may take another way.
#pragma once

#include <random>
#include <string>

namespace tideway::testing {

// Thread: any one.
class RandomEffectsFlow {
  public:
    explicit RandomEffectsFlow(unsigned seed)
        : random_(seed),
          body_(body(0)) {}

    std::string lua() const { return text(body_, "trigger.manual {}"); }

    // Of the flow "called".
    static std::string called() {
        return text(
            "  ledger.set(\"Note\", { name = \"c\", value = event.n }, once)\n"
            "  ledger.post(\"Make\", { key = \"child-\" .. event.n, value = \"child-\" .. event.n "
            "}, "
            "once)\n",
            "trigger.child {}"
        );
    }

    int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  private:
    static std::string text(const std::string& body, const std::string& trigger) {
        return "local ledger = connection \"ledger\"\n"
               "local once = { retry = { type = \"none\" } }\n"
               "return flow { title = \"Random\", trigger = " +
               trigger + ", run = function(event)\n  local i = 0\n" + body + "end }\n";
    }

    std::string name(const char* prefix) { return prefix + std::to_string(++names_); }

    std::string body(int depth) {
        std::string out;
        for (int left = pick(2, depth == 0 ? 6 : 3); left > 0; --left) {
            out += node(depth);
        }
        return out;
    }

    // Unique for the run, the step and the item.
    static std::string value_of(const std::string& step) {
        return "event.n .. \"-" + step + "-\" .. i";
    }

    std::string node(int depth) {
        switch (pick(0, depth >= 2 ? 4 : 10)) {
            case 0:
                return "  ledger.read(\"" + name("read") + "\", {})\n";
            case 1: {
                const std::string step = name("set");
                return "  ledger.set(\"" + step + "\", { name = uuid(), value = " + value_of(step) +
                       " }, once)\n";
            }
            case 2:
            case 3: {
                const std::string step = name("post");
                const std::string value = value_of(step);
                return "  ledger.post(\"" + step + "\", { key = " + value + ", value = " + value +
                       " }, once)\n";
            }
            case 4: {
                const std::string step = name("shout");
                return "  ledger.shout(\"" + step + "\", { value = " + value_of(step) +
                       " }, once)\n";
            }
            case 5:
                return "  scope(\"" + name("scope") + "\", function()\n" + body(depth + 1) +
                       "  end)\n";
            case 6:
                return "  try(\"" + name("try") + "\", function()\n" + body(depth + 1) + "  end)\n";
            case 7:
                return "  foreach(\"" + name("loop") +
                       "\", array { 1, 2, 3 }, function(_, at)\n"
                       "  local i = i * 10 + at\n" +
                       body(depth + 1) + "  end, { concurrency = " + (pick(0, 1) == 0 ? "1" : "3") +
                       " })\n";
            case 8:
                return "  parallel(\"" + name("both") + "\", {\n  a = function()\n" +
                       body(depth + 1) + "  end,\n  b = function()\n" + body(depth + 1) +
                       "  end })\n";
            case 9: {
                const std::string read = name("look");
                return "  if condition(\"" + name("if") + "\", ledger.read(\"" + read +
                       "\", {}).entries % 2 == 0) then\n" + body(depth + 1) + "  else\n" +
                       body(depth + 1) + "  end\n";
            }
            default: {
                const std::string step = name("call");
                return "  run_child_flow(\"" + step + "\", \"called\", { n = " + value_of(step) +
                       " })\n";
            }
        }
    }

    std::mt19937 random_;
    int names_ = 0;
    std::string body_;
};

}  // namespace tideway::testing
