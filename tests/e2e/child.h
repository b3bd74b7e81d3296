// A child process of a test: its output is read, its end is waited for, and it does not outlive the
// test.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tideway::testing {

struct ChildPlan {
    std::vector<std::string> arguments;         // the first is the program
    std::string error_file;                     // takes standard error, appended
    std::optional<rlim_t> file_bytes_max = {};  // a write beyond it fails, as on a full disk
};

// Thread: the test's.
class Child {
  public:
    explicit Child(const ChildPlan& plan) {
        std::vector<char*> arguments = pointers(plan.arguments);
        std::vector<std::string> variables = environment();
        std::vector<char*> variable_pointers = pointers(variables);
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const int errors =
            ::open(plan.error_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        EXPECT_GE(errors, 0) << plan.error_file;
        process_ = ::fork();
        if (process_ == 0) {
            // Between fork and exec: only calls that are safe in a copy of one thread.
            ::dup2(ends[1], STDOUT_FILENO);
            ::dup2(errors, STDERR_FILENO);
            if (plan.file_bytes_max) {
                const rlimit limit{.rlim_cur = *plan.file_bytes_max, .rlim_max = RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &limit);
                ::signal(SIGXFSZ, SIG_IGN);
            }
            ::execve(arguments.front(), arguments.data(), variable_pointers.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        ::close(errors);
        output_ = ends[0];
    }

    ~Child() {
        signal(SIGKILL);
        wait();
        ::close(output_);
    }

    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // What came on standard output until `text` was seen, or the end of it. Gives up after
    // three minutes.
    std::string read_until(std::string_view text) {
        while (text.empty() || received_.find(text) == std::string::npos) {
            pollfd waiting{.fd = output_, .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, 180'000) <= 0) {
                ADD_FAILURE() << "no '" << text << "' within three minutes, but: " << received_;
                signal(SIGKILL);
                break;
            }
            char buffer[4096];
            const ssize_t bytes = ::read(output_, buffer, sizeof buffer);
            if (bytes <= 0) {
                break;
            }
            received_.append(buffer, static_cast<std::size_t>(bytes));
        }
        return received_;
    }

    std::string read_all() { return read_until(""); }

    void signal(int number) const {
        if (!exit_code_) {
            ::kill(process_, number);
        }
    }

    // There is space again: lifts the plan's bound.
    void lift_file_bound() const {
        const rlimit limit{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
        EXPECT_EQ(::prlimit(process_, RLIMIT_FSIZE, &limit, nullptr), 0) << std::strerror(errno);
    }

    // The exit code, or minus the number of the signal that ended it.
    int wait() {
        if (!exit_code_) {
            int status = 0;
            ::waitpid(process_, &status, 0);
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        }
        return *exit_code_;
    }

    bool is_alive() {
        if (exit_code_) {
            return false;
        }
        int status = 0;
        if (::waitpid(process_, &status, WNOHANG) == 0) {
            return true;
        }
        exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        return false;
    }

  private:
    static std::vector<char*> pointers(const std::vector<std::string>& texts) {
        std::vector<char*> out;
        for (const std::string& text : texts) {
            out.push_back(const_cast<char*>(text.c_str()));
        }
        out.push_back(nullptr);
        return out;
    }

    // Ours, without what would steer the program under test.
    static std::vector<std::string> environment() {
        std::vector<std::string> out;
        for (char** variable = ::environ; *variable != nullptr; ++variable) {
            if (std::strncmp(*variable, "TIDEWAY_", 8) != 0) {
                out.emplace_back(*variable);
            }
        }
        return out;
    }

    pid_t process_ = -1;
    int output_ = -1;
    std::string received_;
    std::optional<int> exit_code_;
};

}  // namespace tideway::testing
