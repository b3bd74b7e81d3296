// The process dies, the disk fills: what was acknowledged is there, what failed is not.
#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/store_calls.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

std::unique_ptr<store::Store> open(const std::string& path, CrashPoints* crash_points = nullptr) {
    auto opened = store::open_sqlite({.path = path, .crash_points = crash_points});
    EXPECT_TRUE(opened) << opened.error().text();
    return opened ? std::move(*opened) : nullptr;
}

// The child: appends row after row, and says each acknowledged number on the pipe, until it dies.
[[noreturn]] void append_until_death(const std::string& path, int pipe, std::int64_t die_at) {
    CrashPoints crash_points(die_at);
    const std::unique_ptr<store::Store> store = open(path, &crash_points);
    const auto admitted = apply(*store, sample_admit());
    const store::RunId id = admitted->front().run_id;
    for (std::int64_t seq = 1; seq <= 1000; ++seq) {
        store->submit(
            batch_of(sample_append(id, seq, seq)),
            [pipe, seq](const StoreResult& result) {
                if (result && ::write(pipe, &seq, sizeof(seq)) != sizeof(seq)) {
                    ::_exit(3);
                }
            }
        );
    }
    for (;;) {
        ::pause();
    }
}

struct Death {
    std::int64_t acknowledged = 0;  // the last
    int signal = 0;
};

// With die_at 0 the parent kills the child after some acknowledgements.
Death let_child_die(const std::string& path, std::int64_t die_at) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        append_until_death(path, ends[1], die_at);
    }
    ::close(ends[1]);
    Death out;
    std::int64_t seq = 0;
    while (::read(ends[0], &seq, sizeof(seq)) == sizeof(seq)) {
        EXPECT_EQ(seq, out.acknowledged + 1) << "out of order";
        out.acknowledged = seq;
        if (die_at == 0 && seq == 5) {
            ::kill(child, SIGKILL);
        }
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    out.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return out;
}

TEST(StoreCrash, KeepsEveryAcknowledgedRowAndNoHalfBatch) {
    const TempFolder folder;
    const Death death = let_child_die(folder.file("tideway.db"), 0);
    EXPECT_EQ(death.signal, SIGKILL);
    EXPECT_GE(death.acknowledged, 5);
    const auto store = open(folder.file("tideway.db"));
    const auto rows = store->reader().journal(1);
    ASSERT_TRUE(rows);
    EXPECT_GE(static_cast<std::int64_t>(rows->size()), death.acknowledged);
    for (std::size_t at = 0; at < rows->size(); ++at) {
        EXPECT_EQ(rows->at(at).seq, static_cast<std::int64_t>(at) + 1);
    }
}

TEST(StoreCrash, DiesAroundEveryCommitWithoutLosingOne) {
    // Visits come in pairs: before and after a commit. The first pair admits the run.
    for (std::int64_t die_at = 1; die_at <= 6; ++die_at) {
        const TempFolder folder;
        const Death death = let_child_die(folder.file("tideway.db"), die_at);
        EXPECT_EQ(death.signal, SIGKILL) << die_at;
        const auto store = open(folder.file("tideway.db"));
        const auto run = store->reader().run(1);
        ASSERT_TRUE(run);
        EXPECT_EQ(run->has_value(), die_at > 1) << die_at;
        const auto rows = store->reader().journal(1);
        const auto stored = static_cast<std::int64_t>(rows->size());
        EXPECT_GE(stored, death.acknowledged) << die_at;
        if (die_at % 2 == 1) {
            EXPECT_EQ(stored, death.acknowledged) << "an undone commit left rows, " << die_at;
        } else if (die_at > 2) {
            EXPECT_GT(stored, death.acknowledged) << "a commit before death is lost, " << die_at;
        }
    }
}

// Limits the size of files that this process writes: a full disk as SQLite sees it.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(std::uintmax_t bytes) {
        previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &previous_);
        rlimit limited = previous_;
        limited.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limited);
    }

    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &previous_);
        static_cast<void>(std::signal(SIGXFSZ, previous_handler_));
    }

    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit previous_{};
    void (*previous_handler_)(int) = nullptr;
};

store::AppendJournal megabyte(store::RunId id, std::int64_t seq) {
    store::AppendJournal out = sample_append(id, seq, seq);
    out.rows[0].output =
        Payload("\"" + std::string(1'000'000, static_cast<char>('a' + seq)) + "\"");
    return out;
}

TEST(StoreDiskFull, FailsTheBatchesThatDoNotFitAndGoesOnWhenThereIsSpace) {
    const TempFolder folder;
    const auto store = open(folder.file("tideway.db"));
    const store::RunId id = apply(*store, sample_admit())->front().run_id;
    ASSERT_TRUE(apply(*store, sample_append(id, 1, 1)));
    {
        const auto used = std::filesystem::file_size(folder.file("tideway.db-wal"));
        const FileSizeLimit limit(used + 200'000);
        const StoreResult full = apply(*store, megabyte(id, 2));
        ASSERT_FALSE(full);
        EXPECT_EQ(full.error().code, "StoreDiskFull") << full.error().text();
        EXPECT_FALSE(full.error().remedy.empty());
        // Reading goes on, and so does what fits.
        EXPECT_EQ(store->reader().journal(id)->size(), 1U);
        EXPECT_EQ(code_of(apply(*store, sample_append(id, 2, 2))), "");
    }
    EXPECT_EQ(code_of(apply(*store, megabyte(id, 3))), "");
    EXPECT_EQ(store->reader().journal(id)->size(), 3U);
}

TEST(StoreDiskFull, DoesNotFailTheSmallBatchesOfACommitThatDoesNotFit) {
    const TempFolder folder;
    const auto store = open(folder.file("tideway.db"));
    const store::RunId large = apply(*store, sample_admit())->front().run_id;
    const store::RunId small = apply(*store, sample_admit())->front().run_id;
    const auto used = std::filesystem::file_size(folder.file("tideway.db-wal"));
    const FileSizeLimit limit(used + 400'000);
    auto hold = std::make_shared<std::promise<void>>();
    store->submit(batch_of(store::SetMeta{"k", "v"}), [hold](const StoreResult&) {
        hold->get_future().wait();
    });
    auto first = submit(*store, batch_of(sample_append(small, 1, 1)));
    auto full = submit(*store, batch_of(megabyte(large, 1)));
    auto last = submit(*store, batch_of(sample_append(small, 2, 2)));
    hold->set_value();
    EXPECT_EQ(code_of(first.get()), "");
    EXPECT_EQ(code_of(full.get()), "StoreDiskFull");
    EXPECT_EQ(code_of(last.get()), "");
    EXPECT_EQ(store->reader().journal(small)->size(), 2U);
    EXPECT_TRUE(store->reader().journal(large)->empty());
}

// ------------------------------------------------------------------ space

TEST(StoreSpace, StoresALargePayloadOnceAndGivesItsSpaceBack) {
    const TempFolder folder;
    const std::string path = folder.file("tideway.db");
    const Payload large("\"" + std::string(4'000'000, 'x') + "\"");
    {
        const auto store = open(path);
        for (int made = 0; made < 5; ++made) {
            store::Admit admit = sample_admit();
            admit.event.payload = large;
            const store::RunId id = apply(*store, admit)->front().run_id;
            store::AppendJournal end = sample_append(id, 1, 1);
            end.rows[0].output = large;
            end.run = ended_run(model::Status::kSucceeded);
            ASSERT_TRUE(apply(*store, end));
        }
    }
    const auto full = std::filesystem::file_size(path);
    EXPECT_GT(full, 4'000'000U);
    EXPECT_LT(full, 8'000'000U);
    {
        const auto store = open(path);
        EXPECT_EQ(apply(*store, store::Prune{at_second(100), 3})->front().count, 3);
        EXPECT_EQ((*store->reader().event(5))->payload, large);
        EXPECT_EQ(apply(*store, store::Prune{at_second(100), 100})->front().count, 2);
    }
    EXPECT_LT(std::filesystem::file_size(path), 1'000'000U);
}

}  // namespace
}  // namespace tideway::tests
