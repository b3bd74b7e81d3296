// A file system of a few megabytes that a test can fill up. Needs the right to mount.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/result.h"

namespace tideway::tests {

// Thread: one. Unmounted with the object, what it holds is gone.
class SmallDisk {
  public:
    // Over the folder `place`. Fails with NotMounted where this process may not mount.
    static Result<std::unique_ptr<SmallDisk>> mount(std::string place, std::int64_t bytes);

    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    Status fill();   // until not one page is left
    Status clear();  // gives back what fill() took

  private:
    explicit SmallDisk(std::string place)
        : place_(std::move(place)) {}

    std::string filler() const { return place_ + "/filler"; }

    std::string place_;
};

}  // namespace tideway::tests
