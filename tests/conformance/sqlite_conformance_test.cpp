#include "tests/conformance/store_search.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

class SqliteFile final : public StoreHome {
  public:
    Result<std::unique_ptr<store::Store>> open() override {
        return store::open_sqlite({.path = folder_.file("tideway.db")});
    }

  private:
    TempFolder folder_;
};

std::unique_ptr<StoreHome> make_home() {
    return std::make_unique<SqliteFile>();
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance, testing::Values(MakeStoreHome(make_home)));
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreSearch, testing::Values(MakeStoreHome(make_home)));

}  // namespace
}  // namespace tideway::tests
