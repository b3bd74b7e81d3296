#include "tests/crash/server_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace tideway::tests {

namespace {

std::vector<std::string> environment_of(const ServerProcess::Life& life) {
    std::vector<std::string> out;
    for (char** each = environ; *each != nullptr; ++each) {
        if (!std::string_view(*each).starts_with("TIDEWAY_")) {
            out.emplace_back(*each);
        }
    }
    if (life.crash_at > 0) {
        out.push_back("TIDEWAY_CRASH_AT=" + std::to_string(life.crash_at));
    }
    if (!life.report.empty()) {
        out.push_back("TIDEWAY_CRASH_REPORT=" + life.report);
    }
    return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) {
        out.push_back(text.data());
    }
    out.push_back(nullptr);
    return out;
}

}  // namespace

ServerProcess::~ServerProcess() {
    kill();
}

Status ServerProcess::start(const std::string& data_folder, std::deque<Life> lives) {
    kill();
    data_folder_ = data_folder;
    lives_ = std::move(lives);
    deaths_ = 0;
    const Life first = lives_.empty() ? Life() : lives_.front();
    if (!lives_.empty()) {
        lives_.pop_front();
    }
    return spawn(first);
}

// Between fork and exec only what is safe after a fork of a process with threads.
Status ServerProcess::spawn(const Life& life) {
    std::vector<std::string> arguments = {program_, "--data", data_folder_, "serve"};
    std::vector<std::string> variables = environment_of(life);
    const std::vector<char*> argv = pointers_to(arguments);
    const std::vector<char*> envp = pointers_to(variables);
    const int log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(log, STDOUT_FILENO);
        ::dup2(log, STDERR_FILENO);
        if (life.file_limit > 0) {
            const rlimit limit{
                static_cast<rlim_t>(life.file_limit), static_cast<rlim_t>(life.file_limit)};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            ::signal(SIGXFSZ, SIG_IGN);  // the write fails instead
        }
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(log);
    if (child < 0) {
        return fail(ErrorKind::kInternal, "ForkFailed", std::strerror(errno));
    }
    child_ = child;
    return {};
}

Result<bool> ServerProcess::keep_up() {
    int status = 0;
    if (child_ > 0) {
        if (::waitpid(child_, &status, WNOHANG) != child_) {
            return false;
        }
        child_ = -1;
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
            return fail(
                ErrorKind::kInternal,
                "ServerEnded",
                "The server ended by itself (wait status " + std::to_string(status) + "); see " +
                    log_ + "."
            );
        }
        ++deaths_;
    }
    const Life next = lives_.empty() ? Life() : lives_.front();
    if (!lives_.empty()) {
        lives_.pop_front();
    }
    TIDEWAY_TRY(spawn(next));
    return true;
}

Status ServerProcess::stop() {
    if (child_ <= 0) {
        return {};
    }
    ::kill(child_, SIGTERM);
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return {};
    }
    return fail(
        ErrorKind::kInternal,
        "ServerEnded",
        "The server stopped with " + std::to_string(status) + "."
    );
}

void ServerProcess::kill() {
    if (child_ > 0) {
        ::kill(child_, SIGKILL);
        ::waitpid(std::exchange(child_, -1), nullptr, 0);
    }
}

void ServerProcess::freeze() {
    if (child_ > 0) {
        ::kill(child_, SIGSTOP);
    }
}

}  // namespace tideway::tests
