// What SQLite alone allows: the rows of the same runs through prepared statements, ten group
// commits a run, at the same concurrency, with nothing around it.
#pragma once

#include <cstdint>
#include <string>

namespace tideway::bench {

struct CeilingResult {
    double runs_per_second = 0;
    double commits_per_second = 0;
};

CeilingResult measure_ceiling(const std::string& file, int lanes, double seconds);

}  // namespace tideway::bench
