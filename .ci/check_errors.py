"""Checks that every error code of the sources stands in docs/errors.md. Run from the root."""
import pathlib
import re
import sys

DOCUMENT = "docs/errors.md"
# Where an error gets its code; anywhere else a code is another service's, or is only read.
GIVEN = {
    ".cpp": re.compile(r"(?:ErrorKind::k\w+,|\bcode = )[^;,]*"),
    ".lua": re.compile(r"\bfail\([^,]*"),
}
GIVEN[".h"] = GIVEN[".cpp"]
CODE = re.compile(r'"([A-Z]\w+)"')
# Stand-ins speak as their services do, and the demo reports to who runs it.
NOT_OURS = re.compile(r"(sandbox|demo)\w*\.(cpp|h)$")


def codes_of(path: pathlib.Path) -> list[tuple[int, str]]:
    """With the line; both of `is_late ? "RunTimedOut" : "Cancelled"`."""
    text = path.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, code.start()) + 1, code.group(1))
        for place in GIVEN[path.suffix].finditer(text)
        for code in CODE.finditer(text, place.start(), place.end())
    ]


def main() -> int:
    known = set(re.findall(r"`(\w+)`", pathlib.Path(DOCUMENT).read_text(encoding="utf-8")))
    bad = []
    for root in ("engine", "connectors", "flows"):
        for path in sorted(pathlib.Path(root).rglob("*")):
            if path.suffix not in GIVEN or NOT_OURS.search(path.name):
                continue
            for line, code in codes_of(path):
                if code not in known:
                    bad.append(f"{path}:{line}: {code} is not in {DOCUMENT}: what it means, what to do")
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


sys.exit(main())
