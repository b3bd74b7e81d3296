#include "engine/store/writer.h"

#include <algorithm>
#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "tests/support/store_calls.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

class WriterTest : public testing::Test {
  protected:
    void SetUp() override {
        auto opened = store::open_sqlite({.path = folder_.file("tideway.db")});
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
    }

    // Keeps the writer thread in a completion until the result is set.
    std::promise<void> hold_writer() {
        std::promise<void> release;
        auto wait = std::make_shared<std::future<void>>(release.get_future());
        auto holding = std::make_shared<std::promise<void>>();
        std::future<void> held = holding->get_future();
        store_->submit(
            batch_of(store::SetMeta{"held", "yes"}),
            [wait, holding](const StoreResult&) {
                holding->set_value();
                wait->wait();
            }
        );
        held.wait();
        return release;
    }

    TempFolder folder_;
    std::unique_ptr<store::Store> store_;
};

TEST_F(WriterTest, LetsQueuedBatchesShareACommit) {
    std::promise<void> release = hold_writer();
    const store::Store::Counters before = store_->counters();
    std::vector<std::future<StoreResult>> results;
    for (int made = 0; made < 100; ++made) {
        results.push_back(submit(*store_, batch_of(sample_admit())));
    }
    release.set_value();
    for (auto& result : results) {
        EXPECT_TRUE(result.get());
    }
    EXPECT_EQ(store_->counters().commits - before.commits, 1);
    EXPECT_EQ(store_->counters().batches - before.batches, 100);
}

TEST_F(WriterTest, TakesNoMoreBatchesIntoACommitThanTheLimit) {
    std::promise<void> release = hold_writer();
    const store::Store::Counters before = store_->counters();
    std::vector<std::future<StoreResult>> results;
    for (std::size_t made = 0; made < limits::kGroupCommitBatchesMax + 1; ++made) {
        results.push_back(submit(*store_, batch_of(store::SetMeta{"k", "v"})));
    }
    release.set_value();
    for (auto& result : results) {
        EXPECT_TRUE(result.get());
    }
    EXPECT_EQ(store_->counters().commits - before.commits, 2);
}

TEST_F(WriterTest, FailsOnlyTheBatchThatIsWrongInASharedCommit) {
    const store::RunId id = apply(*store_, sample_admit())->front().run_id;
    std::promise<void> release = hold_writer();
    auto first = submit(*store_, batch_of(sample_append(id, 1, 2)));
    auto gap = submit(*store_, batch_of(sample_append(id, 9, 9)));
    auto half = submit(*store_, batch_of(store::SetMeta{"half", "yes"}, sample_append(id, 9, 9)));
    auto last = submit(*store_, batch_of(sample_append(id, 3, 3)));
    const store::Store::Counters before = store_->counters();
    release.set_value();
    EXPECT_EQ(code_of(first.get()), "");
    EXPECT_EQ(code_of(gap.get()), "JournalGap");
    EXPECT_EQ(code_of(half.get()), "JournalGap");
    EXPECT_EQ(code_of(last.get()), "");
    EXPECT_EQ(store_->counters().commits - before.commits, 1);
    EXPECT_EQ(store_->reader().journal(id)->size(), 3U);
    EXPECT_FALSE(*store_->reader().meta("half"));
}

TEST_F(WriterTest, CallsCompletionsInTheOrderOfSubmissionAfterTheCommit) {
    std::promise<void> release = hold_writer();
    std::vector<int> order;
    std::promise<void> all;
    for (int made = 0; made < 20; ++made) {
        store_->submit(
            batch_of(store::SetMeta{"n" + std::to_string(made), "v"}),
            [this, made, &order, &all](const StoreResult&) {
                EXPECT_TRUE(*store_->reader().meta("n19")) << "not committed yet";
                order.push_back(made);
                if (made == 19) {
                    all.set_value();
                }
            }
        );
    }
    release.set_value();
    all.get_future().wait();
    ASSERT_EQ(order.size(), 20U);
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(WriterTest, RefusesBatchesOverTheQueueLimitOnTheWriterThread) {
    std::promise<void> release = hold_writer();
    std::vector<std::future<StoreResult>> queued;
    for (std::size_t made = 0; made < limits::kWriterQueueMax; ++made) {
        queued.push_back(submit(*store_, batch_of(store::SetMeta{"k", "v"})));
    }
    std::promise<std::pair<std::string, std::thread::id>> refused;
    store_->submit(batch_of(store::SetMeta{"over", "v"}), [&refused](const StoreResult& result) {
        refused.set_value({code_of(result), std::this_thread::get_id()});
    });
    release.set_value();
    const auto [code, thread] = refused.get_future().get();
    EXPECT_EQ(code, "ServerBusy");
    EXPECT_NE(thread, std::this_thread::get_id());
    for (auto& result : queued) {
        EXPECT_TRUE(result.get());
    }
    EXPECT_FALSE(*store_->reader().meta("over"));
}

TEST_F(WriterTest, StoresWhatIsQueuedWhenItCloses) {
    std::promise<void> release = hold_writer();
    std::vector<std::future<StoreResult>> results;
    for (int made = 0; made < 50; ++made) {
        results.push_back(submit(*store_, batch_of(sample_admit())));
    }
    release.set_value();
    store_.reset();
    for (auto& result : results) {
        EXPECT_TRUE(result.get());
    }
}

TEST_F(WriterTest, RefusesABatchThatACompletionSubmitsWhileItCloses) {
    std::promise<void> release = hold_writer();
    std::promise<std::string> code;
    store::Store* store = store_.get();
    // Runs while the destructor waits for the writer thread.
    store_->submit(batch_of(store::SetMeta{"k", "v"}), [store, &code](const StoreResult&) {
        store->submit(batch_of(store::SetMeta{"late", "v"}), [&code](const StoreResult& result) {
            code.set_value(code_of(result));
        });
    });
    std::thread closing([this] { store_.reset(); });
    release.set_value();
    closing.join();
    const std::string seen = code.get_future().get();
    EXPECT_TRUE(seen == "StoreClosed" || seen.empty()) << seen;
}

TEST_F(WriterTest, TakesBatchesFromManyThreads) {
    std::vector<std::thread> threads;
    std::atomic<int> stored{0};
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([this, &stored] {
            for (int made = 0; made < 50; ++made) {
                stored += apply(*store_, sample_admit()) ? 1 : 0;
                EXPECT_TRUE(store_->reader().open_runs());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(stored, 200);
    EXPECT_EQ(store_->reader().open_runs()->size(), 200U);
    EXPECT_LE(store_->counters().commits, store_->counters().batches);
}

}  // namespace
}  // namespace tideway::tests
