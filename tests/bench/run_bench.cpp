// Runs per second of "HTTP trigger, ten effects one after the other, response", of the engine, of a
// bare skeleton and of SQLite alone, measured in turn so that they share the machine's good and bad
// minutes.
//   bench_runs [--clients 1,16,64,256] [--seconds 5] [--rounds 3] [--folder F] [--json] [--only
//   engine]
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

#include "engine/base/json.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/load.h"
#include "tests/bench/measured_engine.h"
#include "tests/bench/skeleton.h"
#include "tests/support/temp_folder.h"

namespace tideway::bench {
namespace {

struct Options {
    std::vector<int> clients{1, 16, 64, 256};
    double seconds = 5;
    double warm_up_seconds = 1;
    int rounds = 3;
    int shards = 1;
    std::string folder;
    std::string only;
    bool as_json = false;

    bool wants(const char* what) const { return only.empty() || only == what; }
};

// One server under load.
struct Served {
    double runs_per_second = 0;
    double p50_ms = 0;
    double p99_ms = 0;
    double cpu_ms = 0;  // of the server, per run
    double commits_per_second = 0;
    double batches_per_commit = 0;
    double bytes_per_run = 0;  // growth of the data folder, once closed
    std::int64_t failures = 0;
};

struct Row {
    int clients = 0;
    Served engine;
    Served skeleton;
    double ceiling = 0;  // runs per second
};

std::uintmax_t size_of(const std::filesystem::path& folder) {
    std::uintmax_t out = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        out += file.is_regular_file() ? file.file_size() : 0;
    }
    return out;
}

using Body = std::function<int(const ParentLink&, const std::string& folder)>;

Served measure(const Options& options, int clients, const Body& body) {
    const tests::TempFolder folder(options.folder);
    const std::string inside = folder.file("data");
    std::filesystem::create_directories(inside);
    auto child =
        std::make_unique<Child>([&](const ParentLink& parent) { return body(parent, inside); });
    const std::string payload(200, 'p');
    Served out;
    std::int64_t all = 0;
    {
        Load load({child->port(), child->path(), R"({"payload":")" + payload + R"("})"}, clients);
        const LoadResult warm_up = load.run(options.warm_up_seconds);
        const Commits before = child->counters();
        const double cpu_before = child->cpu_seconds();
        const LoadResult result = load.run(options.seconds);
        const double cpu = child->cpu_seconds() - cpu_before;
        const Commits after = child->counters();
        all = warm_up.answers + warm_up.late + result.answers + result.late;
        const auto answers = static_cast<double>(std::max<std::int64_t>(result.answers, 1));
        const auto commits = static_cast<double>(after.commits - before.commits);
        out.runs_per_second = result.per_second();
        out.p50_ms = result.percentile(0.50);
        out.p99_ms = result.percentile(0.99);
        out.cpu_ms = cpu * 1e3 / answers;
        out.commits_per_second = commits / result.seconds;
        out.batches_per_commit = static_cast<double>(after.batches - before.batches) / commits;
        out.failures = result.failures;
    }
    child.reset();
    out.bytes_per_run = static_cast<double>(size_of(inside)) / static_cast<double>(all);
    return out;
}

Row measure_row(const Options& options, int clients) {
    Row row;
    row.clients = clients;
    if (options.wants("ceiling")) {
        const tests::TempFolder folder(options.folder);
        row.ceiling =
            measure_ceiling(folder.file("ceiling.db"), clients, options.seconds).runs_per_second;
    }
    if (options.wants("skeleton")) {
        row.skeleton =
            measure(options, clients, [](const ParentLink& parent, const std::string& inside) {
                return run_skeleton(parent, inside + "/skeleton.db");
            });
    }
    if (options.wants("engine")) {
        row.engine = measure(
            options,
            clients,
            [&options](const ParentLink& parent, const std::string& inside) {
                return run_engine(parent, inside + "/environment", options.shards);
            }
        );
    }
    return row;
}

double ratio(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

void print(const char* who, int clients, const Served& served) {
    std::printf(
        "%-9s %7d %9.0f %9.2f %9.2f %9.3f %9.0f %9.1f %9.0f\n",
        who,
        clients,
        served.runs_per_second,
        served.p50_ms,
        served.p99_ms,
        served.cpu_ms,
        served.commits_per_second,
        served.batches_per_commit,
        served.bytes_per_run
    );
    if (served.failures > 0) {
        std::printf(
            "%-9s %7d %9lld requests failed\n",
            who,
            clients,
            static_cast<long long>(served.failures)
        );
    }
}

void print(const Options& options, const Row& row) {
    if (options.wants("engine")) {
        print("engine", row.clients, row.engine);
    }
    if (options.wants("skeleton")) {
        print("skeleton", row.clients, row.skeleton);
    }
    if (options.wants("ceiling")) {
        std::printf("%-9s %7d %9.0f\n", "sqlite", row.clients, row.ceiling);
    }
    if (options.only.empty()) {
        std::printf(
            "%-9s %7d %8.0f%% of the skeleton, %.0f%% of SQLite alone\n",
            "ratio",
            row.clients,
            100 * ratio(row.engine.runs_per_second, row.skeleton.runs_per_second),
            100 * ratio(row.engine.runs_per_second, row.ceiling)
        );
    }
    std::fflush(stdout);
}

Json to_json(const Served& served) {
    return {
        {"runs_per_second", served.runs_per_second},
        {"p50_ms", served.p50_ms},
        {"p99_ms", served.p99_ms},
        {"cpu_ms_per_run", served.cpu_ms},
        {"commits_per_second", served.commits_per_second},
        {"batches_per_commit", served.batches_per_commit},
        {"bytes_per_run", served.bytes_per_run},
        {"failures", served.failures},
    };
}

Json to_json(const Row& row) {
    return {
        {"clients", row.clients},
        {"engine", to_json(row.engine)},
        {"skeleton", to_json(row.skeleton)},
        {"sqlite_runs_per_second", row.ceiling},
        {"of_skeleton", ratio(row.engine.runs_per_second, row.skeleton.runs_per_second)},
        {"of_sqlite", ratio(row.engine.runs_per_second, row.ceiling)},
    };
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.empty() ? 0 : values[values.size() / 2];
}

void print_summary(const Options& options, const std::vector<Row>& rows) {
    for (const int clients : options.clients) {
        std::vector<double> of_skeleton;
        std::vector<double> of_sqlite;
        for (const Row& row : rows) {
            if (row.clients == clients) {
                const double engine = row.engine.runs_per_second;
                of_skeleton.push_back(ratio(engine, row.skeleton.runs_per_second));
                of_sqlite.push_back(ratio(engine, row.ceiling));
            }
        }
        std::printf(
            "median of %d at %3d clients: %3.0f%% of the skeleton, %3.0f%% of SQLite alone\n",
            options.rounds,
            clients,
            100 * median(of_skeleton),
            100 * median(of_sqlite)
        );
    }
}

int run(const Options& options) {
    if (!options.as_json) {
        std::printf(
            "%-9s %7s %9s %9s %9s %9s %9s %9s %9s\n",
            "",
            "clients",
            "runs/s",
            "p50 ms",
            "p99 ms",
            "CPU ms",
            "commits/s",
            "batches",
            "bytes"
        );
    }
    std::vector<Row> rows;
    for (int round = 0; round < options.rounds; ++round) {
        for (const int clients : options.clients) {
            rows.push_back(measure_row(options, clients));
            if (!options.as_json) {
                print(options, rows.back());
            }
        }
    }
    if (options.as_json) {
        Json out = Json::array();
        for (const Row& row : rows) {
            out.push_back(to_json(row));
        }
        std::printf("%s\n", dump(out).c_str());
    } else if (options.only.empty()) {
        print_summary(options, rows);
    }
    return 0;
}

}  // namespace
}  // namespace tideway::bench

int main(int argc, char** argv) {
    tideway::bench::Options options;
    CLI::App app("Runs per second of ten durable steps, beside a bare skeleton and SQLite alone");
    app.add_option("--clients", options.clients, "Numbers of clients")->delimiter(',');
    app.add_option("--seconds", options.seconds, "Of each measurement");
    app.add_option("--warm-up", options.warm_up_seconds, "Seconds before each measurement");
    app.add_option("--rounds", options.rounds, "Repetitions of the whole table");
    app.add_option("--shards", options.shards, "Of the engine");
    app.add_option("--folder", options.folder, "Where the databases are made; on a real disk");
    app.add_option("--only", options.only, "engine, skeleton or ceiling");
    app.add_flag("--json", options.as_json, "One JSON document instead of the table");
    CLI11_PARSE(app, argc, argv);
    return tideway::bench::run(options);
}
