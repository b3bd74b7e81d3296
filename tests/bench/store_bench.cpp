// Rows and runs per second through Store::submit, on a real file.
//   bench_store [folder] [batches in flight] [seconds]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "engine/base/threading.h"
#include "tests/support/store_calls.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Keeps a number of batches in flight, each submitted when an earlier one was stored.
class Load {
  public:
    // `next` gives the batch that follows on the outcomes of the one before in its lane; empty at
    // first.
    using Next = std::function<store::Batch(std::size_t lane, const std::vector<store::Outcome>&)>;

    Load(store::Store& store, Next next)
        : store_(store),
          next_(std::move(next)) {}

    // Batches stored.
    std::int64_t run(std::size_t lanes, std::chrono::milliseconds time) {
        deadline_ = SteadyClock::now() + time;
        open_ = lanes;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            submit(lane, {});
        }
        const Lock lock(mutex_);
        while (open_ > 0) {
            idle_.wait(mutex_);
        }
        return stored_;
    }

  private:
    void submit(std::size_t lane, const std::vector<store::Outcome>& before) {
        store_.submit(next_(lane, before), [this, lane](const StoreResult& result) {
            if (!result) {
                std::fprintf(stderr, "bench_store: %s\n", result.error().text().c_str());
                std::exit(1);  // NOLINT(concurrency-mt-unsafe): the program ends here
            }
            ++stored_;
            if (SteadyClock::now() < deadline_) {
                submit(lane, *result);
                return;
            }
            const Lock lock(mutex_);
            --open_;
            idle_.notify_one();
        });
    }

    store::Store& store_;
    Next next_;
    SteadyClock::time_point deadline_;
    std::int64_t stored_ = 0;  // on the writer thread
    Mutex mutex_;
    Condition idle_;
    std::size_t open_ TIDEWAY_GUARDED_BY(mutex_) = 0;
};

// Wall-clock rate, processor time per item, and how well commits are shared.
class Stopwatch {
  public:
    void report(const std::string& what, std::int64_t count, const store::Store& store) const {
        const std::chrono::duration<double> took = SteadyClock::now() - start_;
        const double busy =
            static_cast<double>(std::clock() - busy_start_) / static_cast<double>(CLOCKS_PER_SEC);
        const store::Store::Counters counters = store.counters();
        const auto items = static_cast<double>(count);
        std::printf(
            "%-32s %9.0f /s %8.2f us of processor each %6.1f batches a commit\n",
            what.c_str(),
            items / took.count(),
            busy * 1e6 / items,
            static_cast<double>(counters.batches) / static_cast<double>(counters.commits)
        );
    }

  private:
    SteadyClock::time_point start_ = SteadyClock::now();
    std::clock_t busy_start_ = std::clock();
};

struct Setting {
    std::string folder;
    std::size_t lanes = 64;
    std::chrono::milliseconds time{3000};
};

// One run per lane that only grows: the output gate of runs with few rows at a time.
void measure_rows(const Setting& setting, std::int64_t rows_a_batch) {
    const TempFolder folder(setting.folder);
    const auto store = std::move(*store::open_sqlite({.path = folder.file("bench.db")}));
    std::vector<store::RunId> runs;
    std::vector<std::int64_t> next(setting.lanes, 1);
    for (std::size_t lane = 0; lane < setting.lanes; ++lane) {
        runs.push_back(apply(*store, sample_admit())->front().run_id);
    }
    Load load(*store, [&](std::size_t lane, const std::vector<store::Outcome>&) {
        const std::int64_t first = next[lane];
        next[lane] += rows_a_batch;
        return batch_of(sample_append(runs[lane], first, next[lane] - 1));
    });
    const Stopwatch watch;
    const std::int64_t batches = load.run(setting.lanes, setting.time);
    watch.report(
        "journal rows, " + std::to_string(rows_a_batch) + " a batch", batches * rows_a_batch, *store
    );
}

// Whole runs of ten rows in `gates` appends. The batch that ends a run admits the next of its lane.
void measure_runs(const Setting& setting, std::int64_t gates) {
    const TempFolder folder(setting.folder);
    const auto store = std::move(*store::open_sqlite({.path = folder.file("bench.db")}));

    struct Lane {
        store::RunId run = 0;
        std::int64_t gate = 0;
    };

    std::vector<Lane> lanes(setting.lanes);
    std::int64_t runs = 0;
    Load load(*store, [&](std::size_t at, const std::vector<store::Outcome>& before) {
        Lane& lane = lanes[at];
        if (lane.run == 0 && before.empty()) {
            return batch_of(sample_admit());
        }
        if (lane.run == 0) {
            lane = {before.back().run_id, 0};
        }
        const std::int64_t first = 1 + lane.gate * 10 / gates;
        ++lane.gate;
        store::AppendJournal append = sample_append(lane.run, first, lane.gate * 10 / gates);
        if (lane.gate == gates) {
            append.run = ended_run(model::Status::kSucceeded);
            lane = {};
            ++runs;
            return batch_of(std::move(append), sample_admit());
        }
        return batch_of(std::move(append));
    });
    const Stopwatch watch;
    load.run(setting.lanes, setting.time);
    watch.report("ten-step runs, " + std::to_string(gates) + " appends each", runs, *store);
}

}  // namespace
}  // namespace tideway::tests

int main(int argc, char** argv) {
    tideway::tests::Setting setting;
    setting.folder = argc > 1 ? argv[1] : "";
    setting.lanes = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : setting.lanes;
    if (argc > 3) {
        setting.time = std::chrono::seconds(std::strtol(argv[3], nullptr, 10));
    }
    for (const std::int64_t rows : {1, 3, 10}) {
        tideway::tests::measure_rows(setting, rows);
    }
    for (const std::int64_t gates : {1, 2, 5}) {
        tideway::tests::measure_runs(setting, gates);
    }
    return 0;
}
