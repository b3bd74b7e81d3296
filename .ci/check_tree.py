"""Checks what no compiler checks: sizes, names and words that are banned. Run from the root."""
import pathlib
import re
import sys

LINES_MAX = {".h": 300, ".cpp": 600, ".lua": 400}
NAME_BANNED = re.compile(r"(^|_)(util|utils|helper|helpers|common|misc|stuff|manager)(_|\.|$)")
FOLDER_FILES_MAX = 28  # .h and .cpp of one folder counted together
# (where, what, why): where is a path prefix.
BANNED = [
    ("engine", r"\bco_(await|return|yield)\b", "g++ 12.2 frees twice, see docs/decisions"),
    ("connectors", r"\bco_(await|return|yield)\b", "g++ 12.2 frees twice, see docs/decisions"),
    ("engine", r"std::(ranges::)?views::|#include <(source_location|format|expected)>",
     "clang-tidy 14 or g++ 12 cannot parse it"),
    ("engine/script", r"catch \(\.\.\.\)", "it swallows Lua errors and yields"),
    ("connectors", r"catch \(\.\.\.\)", "it swallows Lua errors and yields"),
    ("engine", r"using namespace ", "say the name"),
    ("engine", r"NOLINT(?!\w*\([a-z-]+\): )", "name the check and say why"),
    ("tests", r"sleep_for|usleep\(", "wait on the fake clock or on an event"),
]
STD_MUTEX = re.compile(r"std::(recursive_|shared_)?mutex\b")


def main() -> int:
    bad = []
    counts = {}
    for root in ("engine", "connectors", "tests", "flows", "scripts", "examples"):
        for path in sorted(pathlib.Path(root).rglob("*")):
            if path.suffix not in LINES_MAX or path.name.endswith((".gen.lua", ".gen.cpp")):
                continue
            text = path.read_text()
            lines = text.splitlines()
            if len(lines) > LINES_MAX[path.suffix]:
                bad.append(f"{path}: {len(lines)} lines, at most {LINES_MAX[path.suffix]}")
            if NAME_BANNED.search(path.name):
                bad.append(f"{path}: a name that says nothing; name the thing")
            counts[path.parent] = counts.get(path.parent, 0) + 1
            for number, line in enumerate(lines, 1):
                for where, what, why in BANNED:
                    if str(path).startswith(where) and re.search(what, line):
                        bad.append(f"{path}:{number}: {why}")
                if STD_MUTEX.search(line) and str(path) != "engine/base/threading.h":
                    bad.append(f"{path}:{number}: use tideway::Mutex, clang checks it")
    for folder, count in counts.items():
        if str(folder).startswith("engine/") and count > FOLDER_FILES_MAX:
            bad.append(f"{folder}: {count} files, split it by noun (at most {FOLDER_FILES_MAX})")
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
