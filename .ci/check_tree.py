"""Checks what no compiler checks: sizes, names, and words that are banned. Run from the root."""
import pathlib
import re
import sys

ROOTS = ("engine", "connectors", "tests", "flows", "scripts", "examples")
LINES_MAX = {".h": 300, ".cpp": 600, ".lua": 400}
TEACHING_LINES_MAX = 59  # a flow of examples/ fits on one screen
NAME_BANNED = re.compile(r"(^|_)(util|utils|helper|helpers|common|misc|stuff|manager)(_|\.|$)")
NAMES_KEEP = "flows/"  # packs keep the names of the flows that they replace
FOLDER_UNITS_MAX = 24  # a .cpp with its .h is one
# Path prefix, what, why. Comments are not looked at.
BANNED = [
    ("engine", r"\bco_(await|return|yield)\b", "g++ 12.2 frees twice, see docs/decisions"),
    ("connectors", r"\bco_(await|return|yield)\b", "g++ 12.2 frees twice, see docs/decisions"),
    ("", r"std::(ranges::)?views::|#include <(source_location|format|expected)>",
     "clang-tidy 14 or g++ 12 cannot parse it"),
    ("engine", r"catch \(\.\.\.\)", "it swallows Lua errors; catch std::exception"),
    ("connectors", r"catch \(\.\.\.\)", "it swallows everything; catch std::exception"),
    ("", r"using namespace ", "say the name"),
    ("tests", r"sleep_for|usleep\(", "wait on the fake clock or on an event"),
    ("", r"std::(recursive_|shared_|timed_)*mutex\b", "use tideway::Mutex, clang checks it"),
]
MUTEX_HOME = "engine/base/threading.h"
NOLINT = re.compile(r"NOLINT(?!\w*\([a-z,. -]+\): )")
COMMENT = re.compile(r"//.*")


def problems_of_lines(path: str, lines: list[str]) -> list[str]:
    bad = []
    for number, line in enumerate(lines, 1):
        code = COMMENT.sub("", line)
        for where, what, why in BANNED:
            if path.startswith(where) and path != MUTEX_HOME and re.search(what, code):
                bad.append(f"{path}:{number}: {why}")
        if NOLINT.search(line):
            bad.append(f"{path}:{number}: NOLINT: name the check and say why")
    return bad


def problems_of_file(path: pathlib.Path) -> list[str]:
    name = path.as_posix()
    lines = path.read_text(encoding="utf-8").splitlines()
    bad = []
    most = LINES_MAX[path.suffix]
    if name.startswith("examples/") and path.suffix == ".lua":
        most = TEACHING_LINES_MAX
    if len(lines) > most:
        bad.append(f"{name}: {len(lines)} lines, at most {most}")
    if NAME_BANNED.search(path.name) and not name.startswith(NAMES_KEEP):
        bad.append(f"{name}: a name that says nothing; name the thing")
    if path.suffix == ".h" and (not lines or not lines[0].startswith("//")):
        bad.append(f"{name}:1: a header begins with a comment: what it is for")
    if path.suffix == ".h" and "#pragma once" not in lines:
        bad.append(f"{name}: #pragma once is missing")
    if path.suffix != ".lua":
        bad += problems_of_lines(name, lines)
    return bad


def problems_of_examples() -> list[str]:
    """Each flow has a case that runs it, and stands in the README."""
    readme = pathlib.Path("README.md").read_text(encoding="utf-8")
    bad = []
    for flow in sorted(pathlib.Path("examples").glob("*/*.lua")):
        called = f'"{flow.stem}"'
        cases = [case.read_text(encoding="utf-8") for case in flow.parent.glob("cases/*.json")]
        callers = [other.read_text(encoding="utf-8") for other in flow.parent.glob("*.lua")]
        if not any(called in text for text in cases + callers):
            bad.append(f"{flow}: no case runs it")
        if f"`{flow.stem}`" not in readme:
            bad.append(f"{flow}: README.md does not list it")
    return bad


def main() -> int:
    bad = problems_of_examples()
    units: dict[pathlib.Path, set[str]] = {}
    for root in ROOTS:
        for path in sorted(pathlib.Path(root).rglob("*")):
            if path.suffix not in LINES_MAX or "node_modules" in path.parts or ".gen." in path.name:
                continue
            bad += problems_of_file(path)
            units.setdefault(path.parent, set()).add(path.stem)
    for folder, names in sorted(units.items()):
        if folder.parts[0] == "engine" and len(names) > FOLDER_UNITS_MAX:
            bad.append(f"{folder}: {len(names)} units, split it by noun (at most {FOLDER_UNITS_MAX})")
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


sys.exit(main())
