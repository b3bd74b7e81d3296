#include "tests/conformance/store_conformance.h"
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

INSTANTIATE_TEST_SUITE_P(
    Sqlite, StoreConformance, testing::Values(MakeStoreHome([]() -> std::unique_ptr<StoreHome> {
        return std::make_unique<SqliteFile>();
    }))
);

}  // namespace
}  // namespace tideway::tests
