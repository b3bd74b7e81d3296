// Pages of docs/ that are run as they are written: their `sh` blocks in order, in an empty folder,
// with the real program. What is printed has every line of the `text` block behind it.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/e2e/child.h"
#include "tests/support/poll.h"
#include "tests/support/temp_folder.h"

namespace tideway::testing {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (!line.empty()) {
            out.push_back(line);
        }
    }
    return out;
}

// Tables are as wide as their cells.
std::string with_single_spaces(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c != ' ' || out.empty() || out.back() != ' ') {
            out += c;
        }
    }
    return out;
}

struct Block {
    std::string commands;
    std::vector<std::string> promised;
};

std::vector<Block> blocks_of(const std::string& page) {
    std::vector<Block> out;
    for (auto at = page.find("\n```"); at != std::string::npos; at = page.find("\n```", at)) {
        const auto begin = page.find('\n', at + 1) + 1;
        const auto end = page.find("\n```", begin);
        const std::string kind = page.substr(at + 4, begin - at - 5);
        const std::string text = page.substr(begin, end + 1 - begin);
        if (kind == "sh") {
            out.push_back({text, {}});
        } else {
            out.back().promised = lines_of(text);
        }
        at = end + 1;
    }
    return out;
}

// Ports that are free now; all are held until the last is known.
std::vector<int> free_ports(std::size_t count) {
    std::vector<int> sockets;
    std::vector<int> out;
    while (out.size() < count) {
        sockets.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(sockets.back(), generic, size), 0);
        EXPECT_EQ(::getsockname(sockets.back(), generic, &size), 0);
        out.push_back(ntohs(address.sin_port));
    }
    std::ranges::for_each(sockets, ::close);
    return out;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// Of the sandboxes, as pages write them.
constexpr std::array<const char*, 4> kWrittenPorts{"7201", "7202", "7301", "7302"};
constexpr std::size_t kEnvironmentsMax = 2;

// The page with ports of this test in place of its own, and of those that `create` would take.
std::string page_with(const std::string& file, const std::vector<int>& ports) {
    std::string page = text_of(file);
    std::size_t next = 0;
    for (const char* written : kWrittenPorts) {
        replace_all(page, written, std::to_string(ports[next++]));
    }
    constexpr std::string_view kFolder = " --data ./";
    for (auto at = page.find(kFolder); at != std::string::npos; at = page.find(kFolder, at + 1)) {
        page.insert(
            at,
            " --api-port " + std::to_string(ports.at(next)) + " --trigger-port " +
                std::to_string(ports.at(next + 1))
        );
        at = page.find(kFolder, at);
        next += 2;
    }
    return page;
}

// "… &" in every line: servers that go on.
bool is_server(const Block& block) {
    return std::ranges::all_of(lines_of(block.commands), [](const std::string& line) {
        return line.ends_with(" &");
    });
}

// An environment that observes asks its services once a minute.
constexpr std::chrono::seconds kLookMax{150};

bool only_looks(const Block& block) {
    const auto lines = lines_of(block.commands);
    return !block.promised.empty() && std::ranges::all_of(lines, [](const std::string& line) {
        const bool changes = line.find(" -X ") != std::string::npos;
        return (line.starts_with("curl ") && !changes) ||
               line.find(" runs list") != std::string::npos ||
               line.find(" runs groups") != std::string::npos ||
               line.find(" environments list") != std::string::npos ||
               line.find(" environments show") != std::string::npos;
    });
}

class DocumentedCommands : public ::testing::Test {
  protected:
    void SetUp() override {
        fs::create_directory(folder_.file("here"));
        const std::string home = folder_.path().string();
        const std::string programs = fs::path(TIDEWAY_PROGRAM).parent_path().string();
        environment_ = {
            "/usr/bin/env",
            "PATH=" + programs + ":/usr/bin:/bin",
            "HOME=" + home,
            "XDG_CONFIG_HOME=" + home + "/config",
            "PACKS=" + fs::absolute("flows").string()};
    }

    void TearDown() override {
        for (const auto& server : servers_) {
            server->signal(SIGTERM);
            server->wait();
        }
    }

    // Of commands after the functions that the page defines first.
    ChildPlan plan(const std::string& commands) const {
        ChildPlan out;
        out.arguments = environment_;
        const std::string script = "set -euo pipefail\ncd '" + folder_.file("here") + "'\n" +
                                   functions_ + "exec 2>&1\n" + commands;
        out.arguments.insert(out.arguments.end(), {"bash", "-c", script});
        out.error_file = folder_.file("errors");
        return out;
    }

    struct Ran {
        int exit_code = 0;
        std::string said;
    };

    Ran run(const std::string& commands) const {
        Child bash(plan(commands));
        Ran out;
        out.said = bash.read_all();
        out.exit_code = bash.wait();
        return out;
    }

    // "… &": goes on until the test ends; up when it says so. The shell takes what it started
    // along.
    void start(const std::string& command) {
        servers_.push_back(std::make_unique<Child>(
            plan("set -m\n" + command + "&\ntrap 'kill -- -$!' TERM\nwait $! || wait\n")
        ));
        servers_.back()->read_until("\n");
    }

    static std::string missing(const Block& block, const std::string& said) {
        for (const std::string& line : block.promised) {
            if (with_single_spaces(said).find(with_single_spaces(line)) == std::string::npos) {
                return line;
            }
        }
        return "";
    }

    // What only looks is repeated until it shows what is promised: events are on their way.
    void look(const Block& block) const {
        const auto end = std::chrono::steady_clock::now() + kLookMax;
        Ran ran = run(block.commands);
        while (!missing(block, ran.said).empty() && std::chrono::steady_clock::now() < end) {
            tests::between_looks();
            ran = run(block.commands);
        }
        EXPECT_EQ(missing(block, ran.said), "") << block.commands << ran.said;
    }

    void act(const Block& block) const {
        const Ran ran = run(block.commands);
        ASSERT_EQ(ran.exit_code, 0) << block.commands << ran.said;
        EXPECT_EQ(missing(block, ran.said), "") << block.commands << ran.said;
    }

    void follow(const Block& block) {
        if (is_server(block)) {
            std::ranges::for_each(lines_of(block.commands), [this](const std::string& line) {
                start(line.substr(0, line.size() - 1));
            });
        } else if (only_looks(block)) {
            look(block);
        } else {
            act(block);
        }
    }

    void follow_page(const std::string& file) {
        const std::size_t ports = kWrittenPorts.size() + 2 * kEnvironmentsMax;
        const auto blocks = blocks_of(page_with(file, free_ports(ports)));
        ASSERT_GT(blocks.size(), 15U);
        functions_ = blocks.front().commands;
        for (auto block = blocks.begin() + 1; block != blocks.end() && !HasFatalFailure();
             ++block) {
            follow(*block);
        }
    }

    tests::TempFolder folder_;
    std::vector<std::string> environment_;
    std::string functions_;
    std::vector<std::unique_ptr<Child>> servers_;
};

TEST_F(DocumentedCommands, GoFromAVendorsPackToProduction) {
    follow_page("docs/worked-example.md");
}

TEST_F(DocumentedCommands, CutOverFromAnotherSolutionAndBack) {
    follow_page("docs/cut-over.md");
}

}  // namespace
}  // namespace tideway::testing
