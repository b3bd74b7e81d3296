// A folder of its own for one test, gone with it.
#pragma once

#include "engine/base/temp_folder.h"

namespace tideway::tests {

using tideway::TempFolder;

}  // namespace tideway::tests
