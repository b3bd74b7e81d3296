"""Keeps the pages that say, row by row, what something else has, what it is here, and the test that shows it:
docs/reference/power-automate-parity.md and docs/reference/co-sell-parity.md.

    python3 .ci/parity.py           checks the rows, their tests, and that the pages are what they give;
                                    and that what these pages and expressions.md call is in the language
    python3 .ci/parity.py --write   writes the pages

Tests of a row: Suite.Name, Suite.Name/Row of a table, or the file of a case. Run from the root.
"""
import collections
import pathlib
import re
import sys

from parity_rows import Language, Page, Tests, shown_by

EXPRESSIONS = pathlib.Path("docs/reference/expressions.md")


class PowerAutomate(Page):
    """A row has
    section  of the collected rules of the model: 1 triggers, 2 actions, 3 retries, 4 history,
             5 management, 6 expressions
    model    what Power Automate has
    is       see IS
    here     what it is in Tideway; the difference, what is missing, or why it does not apply
    tests    what shows it; each test of tests/power_automate is named by a row"""

    FILE = pathlib.Path("docs/reference/power-automate-parity.md")
    FOLDER = pathlib.Path("tests/power_automate/parity")
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
    HEADER = "| Power Automate | | Tideway | Shown by |"
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

    def name_of(self, row: dict) -> str:
        return row.get("model", str(row))

    def cells_of(self, row: dict) -> list[str]:
        return [row["model"], row["is"], row["here"], shown_by(row)]

    def problems_of_place(self, row: dict) -> list[str]:
        return [] if self.SECTION.match(row["section"]) else [f"'{row['section']}' is no section"]

    def problems_of_all(self, tests: Tests) -> list[str]:
        named = {name.partition("/")[0] for row in self.all_rows() for name in row["tests"]}
        return [
            f"{folder}: {name} is named by no row"
            for name, folder in tests.folders.items()
            if folder == self.FOLDER.parent and name not in named
        ]


class CoSell(Page):
    """A row has
    id       B1 to B50 behaviours, R1 to R24 rules, H1 to H10 hazards, A1 to A17 scenarios
    crm      see CRMS; each id has one row for both, or one for each
    asks     what the original does, or what has to hold
    is       see IS
    here     what Tideway does, what is missing of it, or what a tenant would show
    tests    what shows it"""

    FILE = pathlib.Path("docs/reference/co-sell-parity.md")
    FOLDER = pathlib.Path("tests/packs/parity")
    GROUPS = {
        "behaviours": "Behaviours",
        "rules": "Rules",
        "hazards": "Hazards",
        "scenarios": "Scenarios",
    }
    IDS = {"B": 50, "R": 24, "H": 10, "A": 17}
    PROVEN = ("shown", "in part")
    IS = (*PROVEN, "missing", "needs a real tenant", "not applicable")
    LISTED = {"missing": "What is missing", "needs a real tenant": "What needs a real tenant"}
    FIELDS = ["id", "crm", "asks", "is", "here", "tests"]
    BOTH = "both"
    CRMS = ("Dynamics 365", "Salesforce")
    HEADER = "| | CRM | What has to hold | | Tideway | Shown by |"
    INTRO = """# Co-sell referral sync, behaviour by behaviour

For administrators who come from Microsoft's co-sell connectors: each behaviour of theirs that the documents show (B), each
rule of the sync (R), each hazard that its design has (H) and each scenario that a replacement has to pass (A), what
Tideway does, and the test that shows it: in its own sandboxes, whose likeness to the services is tested with public
clients and contracts.

Written by `.ci/parity.py --write` from `tests/packs/parity/`; change it there.

| | Means |
| --- | --- |
| shown | does it, and the tests show it |
| in part | the tests show a part; the text says what is missing |
| missing | not there |
| needs a real tenant | cannot be shown with stand-ins; the text says what to look at |
| not applicable | belongs to something that this CRM, or Tideway, does not have |
"""

    def name_of(self, row: dict) -> str:
        return f"{row.get('id')} ({row.get('crm')}): {row.get('asks')}"

    def cells_of(self, row: dict) -> list[str]:
        return [row["id"], row["crm"], row["asks"], row["is"], row["here"], shown_by(row)]

    def problems_of_place(self, row: dict) -> list[str]:
        known = {f"{letter}{number}" for letter, last in self.IDS.items() for number in range(1, last + 1)}
        bad = [] if row["id"] in known else [f"'{row['id']}' is no id"]
        return bad + ([] if row["crm"] in (self.BOTH, *self.CRMS) else [f"'{row['crm']}' is no CRM"])

    def problems_of_all(self, _tests: Tests) -> list[str]:
        crms = collections.defaultdict(list)
        for row in self.all_rows():
            crms[row["id"]].append(row["crm"])
        return [
            f"{self.FOLDER}: {letter}{number} has no row for both CRMs, or one for each"
            for letter, last in self.IDS.items()
            for number in range(1, last + 1)
            if sorted(crms[f"{letter}{number}"]) not in ([self.BOTH], sorted(self.CRMS))
        ]


def problems_of_expressions(language: Language) -> list[str]:
    bad = []
    for line in EXPRESSIONS.read_text(encoding="utf-8").splitlines():
        expression, _, counterpart = line.removeprefix("| ").partition(" | ")
        bad += language.problems_of(f"{EXPRESSIONS}: {expression}", counterpart)
    return bad


def main() -> int:
    pages = [PowerAutomate(), CoSell()]
    if sys.argv[1:] == ["--write"]:
        for page in pages:
            page.FILE.write_text(page.text(), encoding="utf-8")
        return 0
    tests, language = Tests(), Language()
    bad = [problem for page in pages for problem in page.problems(tests, language)]
    bad += problems_of_expressions(language)
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


sys.exit(main())
