// Bounds of pack files, with what happens when they are met.
#pragma once

#include <cstddef>

namespace tideway::limits {

// --- pack files ---
constexpr std::size_t kPackedBytesMax = 6U << 20U;     // of a pack file; PackTooLarge
constexpr std::size_t kManifestBytesMax = 1U << 20U;   // of its manifest; PackTooLarge
constexpr std::size_t kEntryBytesMax = 4U << 20U;      // of one file in it; PackTooLarge
constexpr std::size_t kUnpackedBytesMax = 32U << 20U;  // of all of them; PackTooLarge
constexpr std::size_t kEntriesMax = 2000;              // PackTooLarge
constexpr std::size_t kEntryNameBytesMax = 200;        // InvalidPackFile
constexpr std::size_t kEntryRatioMax = 200;            // unpacked to packed; InvalidPackFile
constexpr std::size_t kPackGenerationsMax = 10;        // kept of a pack; the oldest are removed
constexpr int kMergedEditsMax = 2000;  // between two texts; then all between counts as changed

}  // namespace tideway::limits
