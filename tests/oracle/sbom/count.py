"""What independent readers find in SBOMs: packages, packages with a licence, files, relationships.

    python3 -m venv VENV && VENV/bin/pip install spdx-tools==0.8.5 cyclonedx-python-lib==11.12.0
    VENV/bin/python tests/oracle/sbom/count.py FILE...
"""

import json
import sys

from cyclonedx.model.bom import Bom
from spdx_tools.spdx.parser.parse_anything import parse_file


def stated(text):
    return text is not None and str(text) not in ("NOASSERTION", "NONE")


def spdx(file, document):
    read = parse_file(file)
    licensed = [p for p in read.packages if stated(p.license_concluded) or stated(p.license_declared)]
    # spdx-tools adds relationships for `hasFiles` and `documentDescribes`: the list itself is counted as it is.
    return len(read.packages), len(licensed), len(read.files), len(document.get("relationships") or [])


def within(components):
    for component in components:
        yield component
        yield from within(component.components)


def cyclonedx(_, document):
    read = Bom.from_json(document)
    root = read.metadata.component
    listed = list(within(read.components))
    files = [one for one in listed if one.type.value == "file"]
    packages = [one for one in listed if one not in files] + (list(within([root])) if root else [])
    licensed = [one for one in packages if one.licenses]
    # What depends on nothing says so with an empty list, which counts once; a component inside of another is contained.
    related = sum(max(1, len(one.dependencies)) for one in read.dependencies)
    related += sum(len(one.components) for one in within(read.components))
    return len(packages), len(licensed), len(files), related


for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as opened:
        content = json.load(opened)
    reader = cyclonedx if "bomFormat" in content else spdx
    try:
        print(name, *reader(name, content), sep=" | ")
    except Exception as refusal:  # noqa: BLE001 - whatever keeps it from reading is what is to be shown
        reason = getattr(refusal, "messages", None) or [refusal]
        print(name, "refused", str(reason[0])[:120], sep=" | ")
