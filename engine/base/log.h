// Structured log lines: a message and fields. Secrets have no conversion to a field, so they cannot
// be logged. Thread: any.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tideway {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
    LogField(std::string_view name_in, std::string_view value_in)
        : name(name_in),
          value(value_in) {}

    LogField(std::string_view name_in, const char* value_in)
        : name(name_in),
          value(value_in) {}

    LogField(std::string_view name_in, std::int64_t value_in)
        : name(name_in),
          value(std::to_string(value_in)) {}

    std::string_view name;
    std::string value;
};

// Where log lines go.
class Log {
  public:
    virtual ~Log() = default;
    virtual void write(
        LogLevel level, std::string_view message, std::initializer_list<LogField> fields
    ) = 0;

    void debug(std::string_view m, std::initializer_list<LogField> f = {}) {
        write(LogLevel::kDebug, m, f);
    }

    void info(std::string_view m, std::initializer_list<LogField> f = {}) {
        write(LogLevel::kInfo, m, f);
    }

    void warning(std::string_view m, std::initializer_list<LogField> f = {}) {
        write(LogLevel::kWarning, m, f);
    }

    void error(std::string_view m, std::initializer_list<LogField> f = {}) {
        write(LogLevel::kError, m, f);
    }
};

class NullLog final : public Log {
  public:
    void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

// To standard error, "2026-02-03T10:11:12Z warning message name=value ...".
class StderrLog final : public Log {
  public:
    explicit StderrLog(LogLevel least)
        : least_(least) {}

    void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields)
        override;

  private:
    LogLevel least_;
};

}  // namespace tideway
