#include "tests/bench/ceiling.h"

#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/sqlite_handle.h"

namespace tideway::bench {

namespace {
constexpr std::int64_t kSteps = 10;
}

CeilingResult measure_ceiling(const std::string& file, int lanes, double seconds) {
    Database database(file);
    database.execute(kRowsSchema);
    Statement begin_run(database, "INSERT INTO run VALUES (?1, 0, 'Running', ?2, '')");
    Statement end_run(database, "UPDATE run SET status = 'Succeeded', response = ?2 WHERE id = ?1");
    Statement row(database, "INSERT INTO journal VALUES (?1, ?2, ?3, 'Step', ?4)");
    const std::string payload(200, 'p');
    std::int64_t last_run = 0;
    std::int64_t runs = 0;
    std::int64_t commits = 0;
    std::vector<std::int64_t> run_of_lane(static_cast<std::size_t>(lanes));
    const double start = steady_seconds();
    while (steady_seconds() < start + seconds) {
        // All lanes go through a step together: the best sharing of commits there can be.
        for (std::int64_t step = 0; step < kSteps; ++step) {
            database.execute("BEGIN IMMEDIATE");
            for (std::int64_t& run : run_of_lane) {
                if (step == 0) {
                    run = ++last_run;
                    begin_run.bind(1, run);
                    begin_run.bind(2, payload);
                    begin_run.run();
                }
                for (std::int64_t kind = 0; kind < 2; ++kind) {
                    row.bind(1, run);
                    row.bind(2, step * 2 + kind);
                    row.bind(3, kind);
                    row.bind(4, payload);
                    row.run();
                }
                if (step == kSteps - 1) {
                    end_run.bind(1, run);
                    end_run.bind(2, payload);
                    end_run.run();
                }
            }
            database.execute("COMMIT");
            ++commits;
        }
        runs += lanes;
    }
    const double took = steady_seconds() - start;
    return {static_cast<double>(runs) / took, static_cast<double>(commits) / took};
}

}  // namespace tideway::bench
