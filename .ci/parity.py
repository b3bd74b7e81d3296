"""Keeps docs/reference/power-automate-parity.md: what each rule of the Power Automate model is here.

    python3 .ci/parity.py           checks the rows, their tests, and that the page is what they give;
                                    and that what this page and expressions.md call is in the language
    python3 .ci/parity.py --write   writes the page

Rows are in tests/power_automate/parity/<group>.json: a list of {"part", "rows"}, a row with
  section  of the collected rules of the model: 1 triggers, 2 actions, 3 retries, 4 history,
           5 management, 6 expressions
  model    what Power Automate has
  is       same, better, different, missing, or not applicable
  here     what it is in Tideway; the difference, what is missing, or why it does not apply
  tests    what shows it: Suite.Name, Suite.Name/Row of a table, or the file of a case
Run from the root.
"""
import json
import pathlib
import re
import sys

FOLDER = pathlib.Path("tests/power_automate")
PAGE = pathlib.Path("docs/reference/power-automate-parity.md")
EXPRESSIONS = pathlib.Path("docs/reference/expressions.md")
LANGUAGE = pathlib.Path("engine/script/language.cpp")
WORD = re.compile(r'^    \{"([\w.]+)", \d', re.MULTILINE)  # a row of its table of functions
CODE = re.compile(r"`([^`]+)`")
CALL = re.compile(r"([A-Za-z_][\w.]*)\(")
NO_WORD = re.compile(r"function$|crm\.")  # crm stands for any connection
GROUPS = {
    "triggers": "Triggers",
    "actions": "Actions",
    "control": "Control",
    "settings": "Settings",
    "statuses": "Statuses",
    "errors": "Errors",
    "history": "History and management",
    "limits": "Limits",
}
PROVEN = ("same", "better", "different")
IS = (*PROVEN, "missing", "not applicable")
FIELDS = ["section", "model", "is", "here", "tests"]
SECTION = re.compile(r"[1-5]\.\d+$|[36]$")
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
INTRO = """# Power Automate and Tideway, rule by rule

For administrators who come from Power Automate: what each trigger, action, setting, status and limit of cloud flows is
here, and the test that shows it. Expressions have a page of their own: [expressions.md](expressions.md).

Written by `.ci/parity.py --write` from `tests/power_automate/parity/`; change it there.

| | Means |
| --- | --- |
| same | works as you know it |
| better | does what you know, and more or more safely |
| different | another way on purpose; the text says what to write |
| missing | not there; the text says what to do meanwhile, if anything |
| not applicable | belongs to something that Tideway does not have |
"""


def read_groups() -> dict[str, list]:
    return {
        group: json.loads((FOLDER / "parity" / f"{group}.json").read_text(encoding="utf-8"))
        for group in GROUPS
    }


def rows_of(groups: dict[str, list]):
    """With the place for messages."""
    for group, parts in groups.items():
        for part in parts:
            for row in part["rows"]:
                yield f"{group}.json: {row.get('model', row)}", row


class Tests:
    """What the sources declare."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.suite: list[str] = []  # of our own folder
        for path in sorted(pathlib.Path("tests").rglob("*.cpp")):
            text = path.read_text(encoding="utf-8")
            for suite, name in TEST.findall(text):
                self.files[f"{suite}.{name}"] = text
                if path.parent == FOLDER:
                    self.suite.append(f"{suite}.{name}")

    def has(self, name: str) -> bool:
        if name.endswith(".json"):
            return "/cases/" in name and pathlib.Path(name).is_file()
        test, _, row = name.partition("/")
        return test in self.files and (not row or f'"{row}"' in self.files[test])


def calls_that_are_none(text: str, language: set[str]) -> list[str]:
    calls = [call for code in CODE.findall(text) for call in CALL.findall(code)]
    return [call for call in calls if call not in language and not NO_WORD.match(call)]


def problems_of_words(groups: dict[str, list]) -> list[str]:
    language = set(WORD.findall(LANGUAGE.read_text(encoding="utf-8")))
    texts = [(place, row["here"]) for place, row in rows_of(groups)]
    for line in EXPRESSIONS.read_text(encoding="utf-8").splitlines():
        expression, _, counterpart = line.removeprefix("| ").partition(" | ")
        texts.append((f"{EXPRESSIONS}: {expression}", counterpart))
    return [
        f"{place}: {call} is no word of the flow language"
        for place, text in texts
        for call in calls_that_are_none(text, language)
    ]


def problems_of(row: dict, tests: Tests) -> list[str]:
    if list(row) != FIELDS:
        return [f"has the fields {', '.join(row)}; they are {', '.join(FIELDS)}"]
    bad = []
    if not SECTION.match(row["section"]):
        bad.append(f"'{row['section']}' is no section")
    if row["is"] not in IS:
        bad.append(f"'{row['is']}' is none of {', '.join(IS)}")
    if not row["here"]:
        bad.append("says nothing")
    if row["is"] in PROVEN and not row["tests"]:
        bad.append(f"is {row['is']}, but no test shows it")
    if row["is"] not in PROVEN and row["tests"]:
        bad.append(f"is {row['is']}, but names a test")
    return bad + [f"there is no test {name}" for name in row["tests"] if not tests.has(name)]


def problems(groups: dict[str, list]) -> list[str]:
    tests = Tests()
    bad = []
    seen = set()
    named = set()
    for place, row in rows_of(groups):
        bad += [f"{place}: {problem}" for problem in problems_of(row, tests)]
        if place in seen:
            bad.append(f"{place}: twice")
        seen.add(place)
        named.update(name.partition("/")[0] for name in row.get("tests", ()))
    bad += [f"{FOLDER}: {name} is named by no row" for name in tests.suite if name not in named]
    return bad


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def shown_by(row: dict) -> str:
    return "<br>".join(f"`{name}`" for name in row["tests"])


def anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def overview(groups: dict[str, list]) -> list[str]:
    out = ["", "| | " + " | ".join(IS) + " |", "| --- |" + " --- |" * len(IS)]
    for group, parts in groups.items():
        kinds = [row["is"] for part in parts for row in part["rows"]]
        counts = " | ".join(str(kinds.count(kind)) for kind in IS)
        out.append(f"| [{GROUPS[group]}](#{anchor(GROUPS[group])}) | {counts} |")
    kinds = [row["is"] for _, row in rows_of(groups)]
    out.append(f"| All | {' | '.join(str(kinds.count(kind)) for kind in IS)} |")
    return out


def table(part: dict) -> list[str]:
    out = ["", f"### {part['part']}", "", "| Power Automate | | Tideway | Shown by |", "| --- | --- | --- | --- |"]
    for row in part["rows"]:
        out.append(f"| {cell(row['model'])} | {row['is']} | {cell(row['here'])} | {shown_by(row)} |")
    return out


def what_is_missing(groups: dict[str, list]) -> list[str]:
    out = ["", "## What is missing", ""]
    for group, parts in groups.items():
        models = [row["model"] for part in parts for row in part["rows"] if row["is"] == "missing"]
        if models:
            out += [f"**{GROUPS[group]}**", "", *(f"- {model}" for model in models), ""]
    return out[:-1]


def page(groups: dict[str, list]) -> str:
    lines = [INTRO.rstrip("\n"), *overview(groups)]
    for group, parts in groups.items():
        lines += ["", f"## {GROUPS[group]}"]
        for part in parts:
            lines += table(part)
    return "\n".join(lines + what_is_missing(groups)) + "\n"


def main() -> int:
    groups = read_groups()
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page(groups), encoding="utf-8")
        return 0
    bad = problems(groups) + problems_of_words(groups)
    if not bad and (not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page(groups)):
        bad.append(f"{PAGE} is not what its rows give: run python3 .ci/parity.py --write")
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


sys.exit(main())
