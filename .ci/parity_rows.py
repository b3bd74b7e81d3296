"""What the pages of .ci/parity.py have in common: rows, the tests that they name, and the page made of them."""
import json
import pathlib
import re

LANGUAGE = pathlib.Path("engine/script/language.cpp")
WORD = re.compile(r'^    \{"([\w.]+)", \d', re.MULTILINE)  # a row of its table of functions
CODE = re.compile(r"`([^`]+)`")
CALL = re.compile(r"([A-Za-z_][\w.]*)\(")
NO_WORD = re.compile(r"function$|crm\.")  # crm stands for any connection
TEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)


class Tests:
    """What the sources declare."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.folders: dict[str, pathlib.Path] = {}
        for path in sorted(pathlib.Path("tests").rglob("*.cpp")):
            text = path.read_text(encoding="utf-8")
            for suite, name in TEST.findall(text):
                self.files[f"{suite}.{name}"] = text
                self.folders[f"{suite}.{name}"] = path.parent

    def has(self, name: str) -> bool:
        if name.endswith(".json"):
            return "/cases/" in name and pathlib.Path(name).is_file()
        test, _, row = name.partition("/")
        return test in self.files and (not row or f'"{row}"' in self.files[test])


class Language:
    """The words of the flow language, for texts that call them."""

    def __init__(self) -> None:
        self.words = set(WORD.findall(LANGUAGE.read_text(encoding="utf-8")))

    def problems_of(self, place: str, text: str) -> list[str]:
        calls = [call for code in CODE.findall(text) for call in CALL.findall(code)]
        return [
            f"{place}: {call} is no word of the flow language"
            for call in calls
            if call not in self.words and not NO_WORD.match(call)
        ]


class Page:
    """One page and its rows: FOLDER/<group>.json, a list of {"part", "rows"}. Each row has FIELDS; `is` is one of IS,
    and the first of these, PROVEN, name the tests that show it."""

    FILE: pathlib.Path
    FOLDER: pathlib.Path
    GROUPS: dict[str, str]  # the file of a group, and its title
    FIELDS: list[str]
    IS: tuple[str, ...]
    PROVEN: tuple[str, ...]
    LISTED = {"missing": "What is missing"}  # once more at the end: of `is`, and the title
    INTRO: str
    HEADER: str  # of a table

    def __init__(self) -> None:
        self.parts = {
            group: json.loads((self.FOLDER / f"{group}.json").read_text(encoding="utf-8"))
            for group in self.GROUPS
        }

    # What a page has of its own.

    def name_of(self, row: dict) -> str:
        raise NotImplementedError

    def cells_of(self, row: dict) -> list[str]:
        raise NotImplementedError

    def problems_of_place(self, row: dict) -> list[str]:
        raise NotImplementedError

    def problems_of_all(self, _tests: Tests) -> list[str]:
        return []

    # What all have.

    def rows(self, group: str) -> list[dict]:
        return [row for part in self.parts[group] for row in part["rows"]]

    def all_rows(self) -> list[dict]:
        return [row for group in self.GROUPS for row in self.rows(group)]

    def problems_of(self, row: dict, tests: Tests) -> list[str]:
        if list(row) != self.FIELDS:
            return [f"has the fields {', '.join(row)}; they are {', '.join(self.FIELDS)}"]
        bad = self.problems_of_place(row)
        if row["is"] not in self.IS:
            bad.append(f"'{row['is']}' is none of {', '.join(self.IS)}")
        if not row["here"]:
            bad.append("says nothing")
        if row["is"] in self.PROVEN and not row["tests"]:
            bad.append(f"is {row['is']}, but no test shows it")
        if row["is"] not in self.PROVEN and row["tests"]:
            bad.append(f"is {row['is']}, but names a test")
        return bad + [f"there is no test {name}" for name in row["tests"] if not tests.has(name)]

    def problems(self, tests: Tests, language: Language) -> list[str]:
        bad = []
        seen = set()
        for group in self.GROUPS:
            for row in self.rows(group):
                place = f"{self.FOLDER}/{group}.json: {self.name_of(row)}"
                found = self.problems_of(row, tests)
                bad += [f"{place}: {problem}" for problem in found]
                bad += language.problems_of(place, row.get("here", ""))
                if place in seen:
                    bad.append(f"{place}: twice")
                seen.add(place)
        bad += [] if bad else self.problems_of_all(tests)
        if not bad and (not self.FILE.is_file() or self.FILE.read_text(encoding="utf-8") != self.text()):
            bad.append(f"{self.FILE} is not what its rows give: run python3 .ci/parity.py --write")
        return bad

    def text(self) -> str:
        lines = [self.INTRO.rstrip("\n"), *self.overview()]
        for group, parts in self.parts.items():
            lines += ["", f"## {self.GROUPS[group]}"]
            for part in parts:
                lines += self.table(part)
        return "\n".join(lines + self.list_again()) + "\n"

    def overview(self) -> list[str]:
        out = ["", "| | " + " | ".join(self.IS) + " |", "| --- |" + " --- |" * len(self.IS)]
        for group, title in self.GROUPS.items():
            out.append(f"| [{title}](#{anchor(title)}) | {self.counts(self.rows(group))} |")
        out.append(f"| All | {self.counts(self.all_rows())} |")
        return out

    def counts(self, rows: list[dict]) -> str:
        kinds = [row["is"] for row in rows]
        return " | ".join(str(kinds.count(kind)) for kind in self.IS)

    def table(self, part: dict) -> list[str]:
        out = ["", f"### {part['part']}", "", self.HEADER, line(["---"] * (self.HEADER.count("|") - 1))]
        return out + [line([cell(text) for text in self.cells_of(row)]) for row in part["rows"]]

    def list_again(self) -> list[str]:
        out = []
        for kind, heading in self.LISTED.items():
            out += ["", f"## {heading}"]
            for group, title in self.GROUPS.items():
                names = [self.name_of(row) for row in self.rows(group) if row["is"] == kind]
                if names:
                    out += ["", f"**{title}**", "", *(f"- {name}" for name in names)]
        return out


def shown_by(row: dict) -> str:
    return "<br>".join(f"`{name}`" for name in row["tests"])


def anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
