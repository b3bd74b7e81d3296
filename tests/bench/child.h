// A server under measurement, in a process of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <sys/types.h>

namespace tideway::bench {

struct Commits {
    std::int64_t commits = 0;
    std::int64_t batches = 0;
};

// The child's end. The parent asks for counters with one byte; the end of the stream ends the
// child.
class ParentLink {
  public:
    explicit ParentLink(int socket)
        : socket_(socket) {}

    int socket() const { return socket_; }

    void send_ready(int port, const std::string& path) const;
    // Waits for a question; false: the child is to end.
    bool wait() const;
    void send_counters(const Commits& counters) const;

  private:
    int socket_;
};

// Starts `body` in a forked child; call before the process has threads.
class Child {
  public:
    explicit Child(const std::function<int(const ParentLink&)>& body);
    ~Child();  // ends it and waits
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int port() const { return port_; }

    const std::string& path() const { return path_; }

    Commits counters() const;
    double cpu_seconds() const;  // of all its threads so far, from /proc

  private:
    std::string read_line() const;

    int socket_ = -1;
    pid_t pid_ = -1;
    int port_ = 0;
    std::string path_;
};

}  // namespace tideway::bench
