"""Judges packages at the boundaries of real advisories twice: with Bonafide, and here with the libraries of each ecosystem.

    python3 -m venv VENV && VENV/bin/pip install packaging==25.0 semver==3.0.4 PyYAML==6.0.3
    cargo build --locked --example versions
    VENV/bin/python tests/oracle/versions/advisories.py KIND FOLDER [PACKAGES]

KIND is `go`, `rust` or `python`, and FOLDER a checkout of golang/vulndb, rustsec/advisory-db or pypa/advisory-database; `osv` reads a
folder of records in the OSV format about PyPI, npm, Go and crates.io, such as ossf/malicious-packages. Nothing of them is kept here.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
from functools import cmp_to_key
from pathlib import Path
from urllib.parse import quote

import semver
import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[3]
OURS = os.environ.get("OURS", f"{os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')}/debug/examples/versions")
TYPES = {"PyPI": "pypi", "npm": "npm", "Go": "golang", "crates.io": "cargo"}


def main():
    kind, folder = sys.argv[1], Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
    records, judges = READERS[kind](folder)
    packages = boundaries(records, count)
    by_package = {}
    for record in records:
        for place, affected in enumerate(record["affected"]):
            if affected["package"]["ecosystem"] in TYPES and not record.get("withdrawn"):
                by_package.setdefault(key(affected["package"]), []).append((record["id"], judges.get(record["id"]), affected))
    ours = ask_bonafide(records, packages)
    wrong, hits, undecided = 0, 0, 0
    for (ecosystem, name, version), found in zip(packages, ours):
        certain = {one for one in found if not one.startswith("?")}
        open_ = {one[1:] for one in found if one.startswith("?")}
        expected = set()
        for id, judge, affected in by_package.get(key({"ecosystem": ecosystem, "name": name}), []):
            answer = (judge or is_affected)(affected, ecosystem, version)
            if answer is None and id not in certain:
                # A bound that is no version: what neither can judge must be left open.
                expected |= {id} & open_ or {f"{id} must be left open"}
            elif answer:
                expected.add(id)
        hits += len(expected)
        undecided += len(open_ - certain)
        if certain != expected and (certain | open_) != expected:
            wrong += 1
            if wrong <= 40:
                print(f"    {ecosystem} {name} {version}: only Bonafide {sorted(certain - expected)}, only here {sorted(expected - certain - open_)}"
                      f", left open {sorted(open_)}")
    print(f"{kind}: {len(records)} records, {len(packages)} packages at their boundaries, {hits} findings, {undecided} left open, {wrong} different")
    return 1 if wrong else 0


def key(package):
    name = package["name"]
    return package["ecosystem"], canonicalize_name(name) if package["ecosystem"] == "PyPI" else name.lower()


def boundaries(records, count):
    """Versions that events and lists name, and those before and after them."""
    rng = random.Random(14)
    packages = set()
    for record in records:
        for affected in record["affected"]:
            ecosystem = affected["package"]["ecosystem"]
            versions = [v for r in affected.get("ranges", []) if r["type"] != "GIT" for e in r["events"] for v in e.values()]
            listed = affected.get("versions", [])
            versions += rng.sample(listed, min(3, len(listed))) + ["0.0.1", "999.0.0"]
            if ecosystem in TYPES:
                for version in versions:
                    packages |= {(ecosystem, affected["package"]["name"], near) for near in neighbours(version, ecosystem)}
    packages = sorted(packages)
    return rng.sample(packages, min(count, len(packages)))


def neighbours(version, ecosystem):
    if ecosystem == "PyPI":
        more = [version + end for end in ("", ".0", "rc1", ".dev1", ".post1", "+local", ".1")]
        match = re.fullmatch(r"(.*?)(\d+)", version)
        more += [f"{match[1]}{number}" for number in (int(match[2]) - 1, int(match[2]) + 1) if number >= 0] if match else []
        return [one for one in more if pep440(one)]
    core = re.match(r"\d+(\.\d+)*", version)
    if not core:
        return []
    numbers = ([int(number) for number in core[0].split(".")] + [0, 0])[:3]
    more = [version, ".".join(map(str, numbers)) + "-0", ".".join(map(str, numbers)) + "-rc.1", ".".join(map(str, numbers)) + "+build"]
    for step in (-1, 1):
        if numbers[2] + step >= 0:
            more.append(f"{numbers[0]}.{numbers[1]}.{numbers[2] + step}")
    more.append(f"{numbers[0]}.{numbers[1] + 1}.0")
    return [one for one in more if semver.Version.is_valid(one)]


def pep440(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None


def compare(one, other, ecosystem):
    if ecosystem == "PyPI":
        one, other = pep440(one), pep440(other)
        return (one > other) - (one < other)
    return semver.compare(full(one), full(other))


def full(version):
    """Advisories have versions with fewer than three numbers; build metadata has no order."""
    core, behind = re.fullmatch(r"(\d+(?:\.\d+)*)(.*)", version).groups()
    return ".".join((core.split(".") + ["0", "0"])[:3]) + behind


def is_affected(affected, ecosystem, version):
    """OSV schema, "Evaluation": sorted events, of which each changes the state."""
    # PEP 440: a local label counts only against a version that has one.
    if version in affected.get("versions", []):
        return True
    if ecosystem == "PyPI":
        public = str(pep440(version).public)
        if any(pep440(one) in (pep440(version), pep440(public)) for one in affected.get("versions", []) if pep440(one)):
            return True
        version = public
    ranges = [one["events"] for one in affected.get("ranges", []) if one["type"] != "GIT"]
    ordered = [events for events in ranges if all(is_version(bound, ecosystem) for event in events for bound in event.values())]
    is_in_one = any(in_range(events, ecosystem, version) for events in ordered)
    return None if not is_in_one and len(ordered) < len(ranges) else is_in_one


def is_version(text, ecosystem):
    return text == "0" or (pep440(text) is not None if ecosystem == "PyPI" else re.match(r"\d+(\.\d+)*", text) is not None)


def in_range(events, ecosystem, version):
    def order(one, other):
        (one_kind, one), (other_kind, other) = one, other
        if one == "0" or other == "0":
            return (one != "0") - (other != "0")
        # At one version: a fix, then what is introduced again, then what is last affected.
        places = ["fixed", "introduced", "last_affected"]
        return compare(one, other, ecosystem) or places.index(one_kind) - places.index(other_kind)

    vulnerable = False
    for kind, bound in sorted((next(iter(event.items())) for event in events), key=cmp_to_key(order)):
        reached = 1 if bound == "0" else compare(version, bound, ecosystem)
        if kind == "introduced" and reached >= 0:
            vulnerable = True
        elif (kind == "fixed" and reached >= 0) or (kind == "last_affected" and reached > 0):
            vulnerable = False
    return vulnerable


def ask_bonafide(records, packages):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(records, file)
        file.flush()
        purls = []
        for ecosystem, name, version in packages:
            version = "v" + version if ecosystem == "Go" and name not in ("stdlib", "toolchain") else version
            purls.append(f"pkg:{TYPES[ecosystem]}/{quote(name, safe='/')}@{quote(version, safe='')}\n")
        answers = subprocess.run([OURS, "advisories", file.name], input="".join(purls), capture_output=True, text=True, check=True).stdout
    return [line.split() for line in answers.splitlines()]


def go(folder):
    return [plain(json.loads(path.read_text())) for path in sorted(folder.glob("data/osv/*.json"))], {}


def python(folder):
    return [plain(yaml.load(path.read_text(), yaml.CBaseLoader)) for path in sorted(folder.glob("vulns/**/*.yaml"))], {}


def osv(folder):
    return [plain(json.loads(path.read_text())) for path in sorted(folder.glob("**/*.json"))], {}


def plain(record):
    """A record under its own id alone, so that each is judged apart from its aliases."""
    kept = {key: record[key] for key in ("id", "modified", "withdrawn") if key in record}
    return {**kept, "affected": record.get("affected", [])}


def rust(folder):
    """RustSec's own rule, beside ranges in OSV's form: a version is affected unless it is patched or unaffected."""
    records, judges = [], {}
    for path in sorted(folder.glob("crates/**/*.md")):
        data = tomllib.loads(re.match(r"```toml\n(.*?)\n```", path.read_text(), re.S)[1])
        advisory, versions = data["advisory"], data["versions"]
        fine = versions.get("patched", []) + versions.get("unaffected", [])
        events = rust_events(fine)
        if advisory.get("withdrawn") or events is None:
            continue
        judges[advisory["id"]] = lambda affected, ecosystem, version, fine=fine: not any(matches(one, version) for one in fine)
        package = {"ecosystem": "crates.io", "name": advisory["package"]}
        ranges = [{"type": "SEMVER", "events": events}]
        records.append({"id": advisory["id"], "modified": "2026-01-01T00:00:00Z", "affected": [{"package": package, "ranges": ranges}]})
    return records, judges


def bounds(requirement):
    """The bounds of a requirement: `>= 1.2`, `^1.2`, `< 2`; a version alone is one that is compatible."""
    for part in requirement.split(","):
        sign, version = re.fullmatch(r"\s*(>=|<=|>|<|=|\^|~)?\s*(\S+)\s*", part).groups()
        if version == "*":
            yield ">=", "0.0.0-0"
        elif sign in (None, "^"):
            yield ">=", full(version)
            numbers = [int(number) for number in re.match(r"\d+(\.\d+)*", version)[0].split(".")]
            place = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
            above = numbers[:place] + [numbers[place] + 1]
            yield "<", full(".".join(map(str, above))) + "-0"
        else:
            yield sign, full(version)


def matches(requirement, version):
    signs = {">=": lambda o: o >= 0, "<=": lambda o: o <= 0, ">": lambda o: o > 0, "<": lambda o: o < 0, "=": lambda o: o == 0}
    return all(signs[sign](semver.compare(version, bound)) for sign, bound in bounds(requirement))


def rust_events(fine):
    """The gaps between what is fine, in OSV's events; `None` where OSV has no event for it."""
    spans = []
    for requirement in fine:
        low, high = "0.0.0-0", None
        for sign, bound in bounds(requirement):
            if sign == ">=":
                low = bound
            elif sign == "<":
                high = bound
            else:
                return None
        spans.append((low, high))
    spans.sort(key=lambda span: semver.Version.parse(span[0]))
    events, start = [], "0.0.0-0"
    for low, high in spans:
        if semver.compare(low, start) > 0:
            events += [{"introduced": "0" if start == "0.0.0-0" else start}, {"fixed": low}]
        if high is None:
            return events
        start = max(start, high, key=semver.Version.parse)
    return events + [{"introduced": "0" if start == "0.0.0-0" else start}]


READERS = {"go": go, "rust": rust, "python": python, "osv": osv}

if __name__ == "__main__":
    sys.exit(main())
