"""Asks each ecosystem's own tool and Bonafide about the same pairs of versions and of names, and compares the answers."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import packaging.utils
import packaging.version

from pairs import NAMES, REAL, generate, names

HERE = Path(__file__).parent
OURS = sys.argv[1]
COUNT = int(os.environ.get("PAIRS", "10000"))


def main():
    unexplained, missing = 0, []
    for kind in REAL:
        tool = TOOLS[kind]()
        if tool is None:
            missing.append(kind)
            print(f"{kind:<9} MISSING: its tool is not on this machine, and NOTHING was compared")
            continue
        pairs, theirs = judged(kind, tool)
        unexplained += report(kind, pairs, ask_bonafide(kind, pairs), theirs)
    for kind in NAMES:
        tool = NAME_TOOLS[kind]()
        if tool is None:
            missing.append(f"names of {kind}")
            print(f"names of {kind} MISSING: its tool is not on this machine, and NOTHING was compared")
            continue
        pairs = names(kind, COUNT)
        unexplained += report_names(kind, pairs, ask_bonafide(f"name\t{kind}", pairs), tool(pairs))
    if missing:
        print(f"NOT COMPARED, for want of the tool: {', '.join(missing)}")
    print(f"{unexplained} differences without an explanation")
    return 1 if unexplained else 2 if missing else 0


def judged(kind, tool):
    """Pairs until the tool has read both versions of COUNT pairs, and its answers."""
    pairs, theirs = [], []
    for seed in range(20):
        more = generate(kind, COUNT, seed)
        pairs += more
        theirs += tool(more)
        if sum("n" not in their for their in theirs) >= COUNT:
            break
    return pairs, theirs


def report(kind, pairs, ours, theirs):
    same, refused, wider, explained, open_ = 0, 0, 0, {}, []
    read = sum("n" not in their for their in theirs)
    for (one, other), ours, theirs in zip(pairs, ours, theirs):
        ours, equal = ours.split()
        if "n" in theirs and "n" in ours:
            refused += 1
        elif "n" in theirs:
            # What the tool has no order for, public documents have nevertheless; no answer of it can be contradicted.
            wider += 1
        elif ours == theirs and (equal == "yes") == (theirs[2] == "="):
            same += 1
        else:
            why = explanation(kind, one, other, ours, equal, theirs)
            if why:
                explained[why] = explained.get(why, 0) + 1
            else:
                open_.append(f"    {one}  {ours[2] if 'n' not in ours else ours}  {other}   its tool: {theirs[2]}; equal for a rule: {equal}")
    print(f"{kind:<9} {read} pairs: {same} the same, "
          f"{sum(explained.values())} explained, {len(open_)} NOT EXPLAINED; beside them {refused} refused by both, {wider} that only Bonafide reads")
    for why, count in sorted(explained.items()):
        print(f"    {count} explained: {why}")
    print("\n".join(open_[: int(os.environ.get("SHOW", "20"))]), end="\n" if open_ else "")
    return len(open_)


def report_names(kind, pairs, ours, theirs):
    wrong = [(pair, our, their) for pair, our, their in zip(pairs, ours, theirs) if their != "invalid" and our != their]
    judged = sum(their != "invalid" for their in theirs)
    equal = sum(their == "yes" for their in theirs)
    print(f"names of {kind}: {len(pairs)} pairs, {judged} of valid names, {equal} of one package, {len(wrong)} NOT EXPLAINED")
    for (one, other), our, their in wrong[:20]:
        print(f"    {one}  {other}   the same: {our}; its tool: {their}")
    return len(wrong)


@cache
def differences():
    lines = (HERE / "differences.txt").read_text().splitlines()
    return [line.split(" | ", 3) for line in lines if line and not line.startswith("#")]


def explanation(kind, one, other, ours, equal, theirs):
    """The first line of differences.txt for the ecosystem and the kind of difference whose pattern is found in one of the two."""
    what = "refused" if "n" in ours else "order" if ours != theirs else "equal"
    for of, about, pattern, why in differences():
        texts = [text for text, valid in zip((one, other), ours) if what != "refused" or valid == "n"]
        found = [re.search(pattern, text) for text in texts]
        if of == kind and about == what and (all(found) if what == "refused" else any(found)):
            return why
    return None


def ask_bonafide(kind, pairs):
    return run([OURS], "".join(f"{kind}\t{one}\t{other}\n" for one, other in pairs))


def run(command, text):
    answers = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == text.count("\n"), f"{command}: {len(answers)} answers"
    return answers


def filter_of(variable, *arguments):
    """A tool that reads pairs and writes answers; run.sh names its command if it could be had."""
    command = os.environ.get(variable)
    return command and (lambda pairs: run([*command.split(), *arguments], "".join(f"{a}\t{b}\n" for a, b in pairs)))


def python():
    def read(text):
        try:
            return packaging.version.Version(text)
        except packaging.version.InvalidVersion:
            return None

    return lambda pairs: [answer(read(one), read(other)) for one, other in pairs]


def answer(one, other):
    order = "-" if one is None or other is None else "<" if one < other else "=" if one == other else ">"
    return "ny"[one is not None] + "ny"[other is not None] + order


def each(valid, order):
    """A tool that is started for each question."""
    valid = cache(valid)

    def ask(pair):
        known = [valid(text) for text in pair]
        return "".join("ny"[one] for one in known) + (order(*pair) if all(known) else "-")

    def ask_all(pairs):
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(ask, pairs, chunksize=64))

    return ask_all


def quiet(*command):
    return subprocess.run(command, capture_output=True, text=True)


def dpkg():
    def order(one, other):
        for name, sign in (("lt", "<"), ("eq", "=")):
            if quiet("dpkg", "--compare-versions", one, name, other).returncode == 0:
                return sign
        return ">"

    return each(lambda text: quiet("dpkg", "--validate-version", text).returncode == 0, order) if there_is("dpkg") else None


def apk():
    program = os.environ.get("APK", "apk")
    valid = lambda text: quiet(program, "version", "--check", text).returncode == 0
    return each(valid, lambda *pair: quiet(program, "version", "--test", *pair).stdout.strip()) if there_is(program) else None


def rpm():
    def ask(pairs):
        quoted = lambda text: text.replace("\\", "\\\\").replace('"', '\\"')
        answers = []
        # One macro holds a few hundred pairs.
        for start in range(0, len(pairs), 250):
            part = pairs[start:start + 250]
            calls = " ".join(f'print(rpm.vercmp("{quoted(a)}", "{quoted(b)}") .. "|")' for a, b in part)
            printed = subprocess.run(["rpm", "--eval", "%{lua: " + calls + "}"], capture_output=True, text=True, check=True).stdout
            answers += ["yy" + "<=>"[int(number) + 1] for number in printed.strip().split("|")[:-1]]
        assert len(answers) == len(pairs), f"rpm: {len(answers)} answers"
        return answers

    return ask if there_is("rpm") else None


def there_is(program):
    return quiet("sh", "-c", f"command -v {program}").returncode == 0


TOOLS = {
    "pypi": python,
    "npm": lambda: filter_of("ASK_NPM"),
    "maven": lambda: filter_of("ASK_MAVEN"),
    "deb": dpkg,
    "rpm": rpm,
    "apk": apk,
    "gem": lambda: filter_of("ASK_GEM"),
    "composer": lambda: filter_of("ASK_COMPOSER"),
    "golang": lambda: filter_of("ASK_GO", "version"),
    "nuget": lambda: filter_of("ASK_NUGET"),
}

NAME_TOOLS = {
    "pypi": lambda: lambda pairs: [
        "yes" if len({packaging.utils.canonicalize_name(name) for name in pair}) == 1 else "no" for pair in pairs
    ],
    "docker": lambda: filter_of("ASK_GO", "docker"),
    "golang": lambda: filter_of("ASK_GO", "golang"),
}

if __name__ == "__main__":
    sys.exit(main())
