// Times as text by a pattern such as "yyyy-MM-dd HH:mm". English names, no locale. Thread: any.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <date/tz.h>

namespace tideway::script::library {

// yyyy yy MMMM MMM MM M dddd ddd dd d HH H hh h mm m ss s fff tt; text in single quotes and all
// other characters stand for themselves.
std::string format_time(date::local_time<std::chrono::microseconds> at, std::string_view pattern);

// "+02:00", "-03:30", "Z" for none.
std::string format_offset(std::chrono::seconds offset);

}  // namespace tideway::script::library
