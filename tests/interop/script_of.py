"""Prints the shell script that a file of integrations/ runs: the block below `script: |`, `command: |`, `- |`, or within '''."""

import re
import sys
import textwrap

text = open(sys.argv[1], encoding="utf-8").read()
if "sh '''" in text:
    # Groovy reads a doubled backslash as one.
    print(textwrap.dedent(text.split("sh '''")[1].split("'''")[0]).replace("\\\\", "\\"))
    sys.exit()
lines = text.splitlines()
start = next(number for number, line in enumerate(lines) if re.fullmatch(r" *(script:|command:|-) \|", line))
indent = len(lines[start + 1]) - len(lines[start + 1].lstrip())
block = []
for line in lines[start + 1 :]:
    if line.strip() and len(line) - len(line.lstrip()) < indent:
        break
    block.append(line[indent:])
print("\n".join(block))
