"""Pairs of versions near the boundaries of each ecosystem's rules, the same ones for the same seed."""

import random

# Versions of real packages, with what their ecosystem has beside plain numbers.
REAL = {
    "pypi": """1.11.1 2.0 2.0.0 2.0.dev1 1.0a1 1.0.0-alpha.1 1.0b2 1.0rc1 1.0.post1 1.0-1 1.0.post1.dev2 2012.4 2.0.1+cu118 2.0.1+cpu
        1.0rc1.dev456 0.9.8.1 1.0.0rc1 v1.2.3 1!1.0 19.3b0 4.0.0.dev20230101 1.26.18 0.10.0 3.0a0 1.0.0.0 2021.10.08 0.0.post3""",
    "npm": """1.2.3 1.2.3-beta.2 1.0.0-rc.1 1.0.0-alpha 1.0.0-alpha.1 4.17.21 18.0.0-next.1 0.0.0-20230101 5.0.0-dev.20220101 1.0.0+build.5
        7.0.0-beta.55 16.8.0-alpha.0 0.0.0-experimental-94c0244ba-20220101 2.0.0-rc.10 2.0.0-rc.9 15.0.0-canary.100 3.3.6 1.0.0-0""",
    "maven": """2.14.1 2.17.0 1.0-SNAPSHOT 31.1-jre 31.1-android 5.3.18.RELEASE 2.2.0.Final 1.0.0.Beta1 1.0.0.RC2 1.0.0.CR1 9.4.48.v20220622
        2.0-M1 3.0.0-M5 1.0-alpha-1 1.0-beta-2 1.1.1-b01 2.0.0.GA 1.4.200 4.1.77.Final 20230227 1.0.0-rc-1 2.12.0-1.3.0 1.2.17.redhat-00001
        3.0.0-beta-3 1.0.2-sp1 8.5.0-M1 7.0.0-M1 10.1.0-M10 6.1.26RC0 2.4-jdk15 1.9.22 2.1b1 1-a1 1.x""",
    "deb": """3.0.11-1~deb12u2 1:1.2.13.dfsg-1 2.36-9+deb12u4 1.0.0~rc1-1 7.88.1-10+deb12u5 5.10.209-2 1:4.9.6+dfsg-1 0.17029-2 20230311
        252.22-1~deb12u1 1.34+dfsg-1.2 2:8.2.1-1 6.4-4 1.21+b1 0~20200101 1.0 4.4.10.really4.4.9-1 1.0-1ubuntu2.1 2.0.0+git20200101-1""",
    "rpm": """5.32.1-480.el9 4:5.32.1-480.el9 1:3.0.7-24.el9 2.34-83.el9.12 1.0~rc1-1 1.0^git1-1 1.1.1k-9.el8_6 3.6.8-51.el8 4.18.0-372.el8.x86_64
        2.9.4-150400.5.22.1 0.9.8-1.fc38 1.8.3-1.module_el8+1 20230214-1 1.0.a1-1 1.0-2.P1.el7 252-14.el9_2.3 2.02-0.81.el7 0:1.0-1""",
    "apk": """1.36.1-r2 3.1.4-r5 1.2.4_git20230717-r4 8.5.0-r0 9.3_p2-r1 1.2.3_alpha1 1.2.3_beta 1.2.3_pre2 1.2.3_rc1 2.10.4-r0 3.3.3p1-r3
        1.0.1a-r0 0.13.1b 20230506-r0 1.2.3_rc1_p2 1.1.1w-r1 9.0.0_alpha20230101-r0 1.2.3~abc123-r0 2023c-r0 1.01""",
    "gem": """1.15.4 7.0.4.3 5.0.0.beta1 5.0.0.rc2 1.0.0.pre1 2.0.0.pre.alpha 0.9.9.a 1.0 1.0.0 2.2.6.4 3.0.0.rc.1 1.0.a.2 1.0.b1 1.0.0-1
        1.2.0.1 4.2.11.1 6.1.7.6 2.0.0.dev 0.0.1.alpha.3 1.8.7.a10 2.3.26 1.2.b3""",
    "composer": """v5.4.20 5.4.20 1.0.0-beta2 1.0.0-RC1 v1.0.0-alpha1 1.0.0-p1 2.0.0-dev 1.0 1.0.0.0 3.0-rc2 8.0.0-beta10 20.1.0 1.0.0-patch2
        4.4.0-BETA1 v6.4.0-RC1 2023.1 1.0.0-stable 10.2.0-alpha1 1.12.0-RC.1 2.0.0-alpha.2 0.9.9-beta 1.0.0+build""",
    "golang": """v1.2.3 v2.0.0+incompatible v0.0.0-20190101000000-aaaaaaaaaaaa v1.2.4-0.20200101000000-0123456789ab v1.2.3-pre
        v1.2.3-pre.0.20200101000000-0123456789ab v0.0.0-20220314234659-1baeb1ce4c0b v1.0.0-rc.1 v1.21.0 v0.17.0 v3.0.0-beta.2 v1 v1.2""",
    "nuget": """13.0.1 1.0.0.0 4.5.0-preview.1 6.0.0-rc.2.21480.10 2.0.0-BETA 1.0.0-alpha1 1.2.3.4 5.0.0-preview.8.20407.11 1.0 3.1
        1.0.0-beta-20200101 1.0.0+build 4.0.0-RC1 1.0.0-b 0.9.0.1 2.0.0-beta.10 2.0.0-beta.9""",
}

NUMBERS = ["0", "0", "1", "1", "2", "3", "9", "10", "11", "01", "00", "20230101", "99999999999999999999"]
# What versions of an ecosystem are made of beside numbers, and what may stand between.
WORDS = {
    "pypi": (["a", "b", "rc", "c", "alpha", "beta", "pre", "preview", "post", "rev", "r", "dev", "+local", "+1", "+cu118", "1!", "v", "RC"],
             [".", "-", "_", ""]),
    "npm": (["alpha", "beta", "rc", "-", "next", "x", "A", "a1", "1a", "0", "+build", "0-0", "v", "rc-1"], [".", "-", ".", "+", ""]),
    "maven": (["alpha", "beta", "milestone", "rc", "cr", "snapshot", "ga", "final", "release", "sp", "a", "b", "m", "SNAPSHOT", "Final",
               "jre", "x", "v", "RC", "M", "pfd"], [".", "-", "", "_"]),
    "deb": (["~", "+", "~rc", "+deb12u", "a", "b", "dfsg", "1:", "-", "~~", "A", ".", "ubuntu", "+b"], [".", "-", "", "~", "+"]),
    "rpm": (["~", "^", "~rc", "el", "el8_6", "a", "b", "fc", "1:", "P", "git", "_", "+", "A"], [".", "-", "", "~", "^", "."]),
    "apk": (["_alpha", "_beta", "_pre", "_rc", "_p", "_git", "_cvs", "_svn", "_hg", "a", "b", "z", "-r", "~ab", "~1"], [".", "", "-r"]),
    "gem": (["a", "b", "rc", "pre", "beta", "alpha", "A", "dev", "a1", "b2", "x"], [".", ".", "-", ""]),
    "composer": (["alpha", "beta", "RC", "rc", "a", "b", "p", "pl", "patch", "dev", "stable", "v", "-dev", "+x"], [".", "-", "", "_"]),
    "golang": (["alpha", "beta", "rc", "-", "0", "pre", "+incompatible", "20200101000000-0123456789ab", "A", "x1"], [".", "-", ".", ""]),
    "nuget": (["alpha", "BETA", "beta", "rc", "preview", "-", "+build", "0", "A", "a", "1a"], [".", "-", ".", ""]),
}


def generate(kind, count, seed=14):
    """Pairs without a repetition: most are a version and a mutant of it, the others two versions that were made apart."""
    rng = random.Random(f"{seed} {kind}")
    real = REAL[kind].split()
    pairs = set()
    while len(pairs) < count:
        one = rng.choice(real) if rng.random() < 0.4 else made(kind, rng)
        other = rng.choice(real) if rng.random() < 0.15 else made(kind, rng) if rng.random() < 0.3 else one
        for _ in range(rng.choice([0, 1, 1, 2]) if other != one else rng.choice([1, 1, 1, 2, 3])):
            other = mutant(other, kind, rng)
        if one != other and one and other and "\t" not in one + other:
            pairs.add((one, other) if rng.random() < 0.5 else (other, one))
    return sorted(pairs)


def made(kind, rng):
    """A version out of the parts that the ecosystem's versions have."""
    words, separators = WORDS[kind]
    if kind == "apk":
        return made_for_apk(rng)
    text = ".".join(rng.choice(NUMBERS[:7]) for _ in range(rng.choice([1, 2, 3, 3, 3, 4])))
    if kind == "golang":
        text = "v" + text
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        text += rng.choice(separators) + rng.choice(words)
        if rng.random() < 0.6:
            text += rng.choice(separators) + rng.choice(NUMBERS)
    return text


def made_for_apk(rng):
    """apk reads its grammar strictly, so that parts in any order would be refused."""
    text = ".".join(rng.choice(NUMBERS[:11]) for _ in range(rng.choice([1, 2, 3, 3, 4])))
    text += rng.choice(["", "", "a", "b", "z"])
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        text += rng.choice(WORDS["apk"][0][:9]) + rng.choice(["", "", *NUMBERS])
    text += rng.choice(["", "", "", "~ab", "~1f"])
    return text + rng.choice(["", "-r"]) + rng.choice(NUMBERS[:11]) if rng.random() < 0.6 else text


def mutant(text, kind, rng):
    words, separators = WORDS[kind]
    place = rng.randrange(len(text) + 1)
    what = rng.randrange(9)
    if what == 0:
        return text + rng.choice([".0", "-0", ".1", "-1", "0", ".00", ".0.0"])
    if what == 1:
        return text[:place] + rng.choice(words) + text[place:]
    if what == 2:
        return text[:place] + rng.choice(NUMBERS) + text[place:]
    if what == 3:
        return text[:place] + rng.choice(separators) + text[place:]
    if what == 4 and len(text) > 1:
        return text[:place] + text[place + 1:]
    if what == 5:
        return text.swapcase()
    if what == 6:
        return rng.choice(["v", "0", "1:", "0:", "0!", "V"]) + text if rng.random() < 0.3 else text.replace("0", "00", 1)
    if what == 7:
        return text + rng.choice(separators) + rng.choice(words) + rng.choice(["", "1", ".1", "-1"])
    cut = max(text.rfind(c) for c in ".-+~_")
    return text[:cut] if cut > 0 else text


# Names of one package in two spellings, and of two packages that look alike.
NAMES = {
    "pypi": (["Django", "zope.interface", "ruamel_yaml", "a-b", "A.B", "a__b", "a-_-b", "Flask-SQLAlchemy"], ["-", "_", ".", "--", "a", "B"]),
    "docker": (["node", "library/node", "docker.io/node", "docker.io/library/node", "index.docker.io/node", "acme/app", "gcr.io/acme/app",
                "localhost/app", "quay.io/a/b/c"], ["docker.io/", "library/", "a", "index.docker.io/", "localhost/", "a/", "x.y/"]),
    "golang": (["github.com/!azure/sdk", "github.com/Azure/sdk", "gopkg.in/yaml.v3", "github.com/!burnt!sushi/toml", "golang.org/x/net"],
               ["!a", "A", "a", "!b", "/v2", "x"]),
}


def names(kind, count, seed=14):
    rng = random.Random(f"{seed} name {kind}")
    real, parts = NAMES[kind]
    pairs = set()
    tries = 0
    while len(pairs) < count and tries < 100 * count:
        tries += 1
        one, other = rng.choice(real), rng.choice(real)
        if rng.random() < 0.6:
            other = one
        for _ in range(rng.choice([1, 1, 2, 3])):
            place = rng.randrange(len(other) + 1) if rng.random() < 0.7 else 0
            other = other[:place] + rng.choice(parts) + other[place + rng.randrange(2):]
        if one and other and one != other:
            pairs.add((one, other))
    return sorted(pairs)
