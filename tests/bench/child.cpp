#include "tests/bench/child.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tideway::bench {
namespace {

void send_line(int socket, const std::string& line) {
    const std::string bytes = line + "\n";
    static_cast<void>(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

}  // namespace

void ParentLink::send_ready(int port, const std::string& path) const {
    send_line(socket_, std::to_string(port) + " " + path);
}

bool ParentLink::wait() const {
    char byte = 0;
    return ::recv(socket_, &byte, 1, 0) == 1;
}

void ParentLink::send_counters(const Commits& counters) const {
    send_line(socket_, std::to_string(counters.commits) + " " + std::to_string(counters.batches));
}

Child::Child(const std::function<int(const ParentLink&)>& body) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        std::perror("bench_runs: socketpair");
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    std::fflush(nullptr);  // or the child would print it again
    pid_ = ::fork();
    if (pid_ == 0) {
        ::close(ends[0]);
        const int code = body(ParentLink(ends[1]));
        std::fflush(nullptr);
        ::_exit(code);
    }
    ::close(ends[1]);
    socket_ = ends[0];
    std::istringstream(read_line()) >> port_ >> path_;
    if (port_ == 0) {
        std::fputs("bench_runs: a server did not start\n", stderr);
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
}

Child::~Child() {
    ::close(socket_);
    int status = 0;
    ::waitpid(pid_, &status, 0);
}

std::string Child::read_line() const {
    std::string out;
    char byte = 0;
    while (::recv(socket_, &byte, 1, 0) == 1 && byte != '\n') {
        out.push_back(byte);
    }
    return out;
}

Commits Child::counters() const {
    send_line(socket_, {});
    Commits out;
    std::istringstream(read_line()) >> out.commits >> out.batches;
    return out;
}

double Child::cpu_seconds() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    // The name in parentheses may hold blanks; utime and stime are fields 14 and 15.
    std::istringstream rest(text.substr(text.rfind(')') + 1));
    std::string field;
    for (int at = 3; at < 14; ++at) {
        rest >> field;
    }
    double user = 0;
    double system = 0;
    rest >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace tideway::bench
