#include "engine/base/log.h"

#include <cstdio>

#include "engine/base/clock.h"

namespace tideway {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug:
            return "debug";
        case LogLevel::kInfo:
            return "info";
        case LogLevel::kWarning:
            return "warning";
        case LogLevel::kError:
            return "error";
    }
    return "error";
}

bool needs_quotes(std::string_view value) {
    return value.empty() || value.find_first_of(" \"\n\t=") != std::string_view::npos;
}

void append_value(std::string& line, std::string_view value) {
    if (!needs_quotes(value)) {
        line += value;
        return;
    }
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
        }
        if (c == '\n') {
            line += "\\n";
        } else {
            line += c;
        }
    }
    line += '"';
}

}  // namespace

void StderrLog::write(
    LogLevel level, std::string_view message, std::initializer_list<LogField> fields
) {
    if (level < least_) {
        return;
    }
    std::string line = format_utc(SystemClock().now());
    line += ' ';
    line += name_of(level);
    line += ' ';
    line += message;
    for (const LogField& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        append_value(line, field.value);
    }
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace tideway
