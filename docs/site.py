#!/usr/bin/env python3
"""Builds the documents as a site with mdBook, and follows every link in it.

Usage: docs/site.py FOLDER [SOURCE]

FOLDER is new or empty. SUMMARY.md names the pages, also those outside docs/. A link to any other file of the repository leads
below SOURCE, such as https://github.com/OWNER/NAME/blob/main; without it, the link becomes its text.
"""

import html.parser
import os
import pathlib
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
problems = []


def page(path, source, pages, into):
    """Writes one page, its links made for the site, with the pictures that it shows."""

    def link(match):
        mark, text, target = match.groups()
        name, anchor = (target.split("#", 1) + [""])[:2]
        if "://" in target or not name:
            return match[0]
        where = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        if not (ROOT / where).exists() or where.startswith(".."):
            problems.append(f"{path}: {target} is not there")
        if mark:
            (into / where).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / where, into / where)
            return match[0]
        if where in pages:
            # mdBook writes a README as the index of its folder.
            renamed = re.sub(r"README\.md$", "index.html", name)
            return f"[{text}]({renamed}{'#' if anchor else ''}{anchor})"
        return f"[{text}]({source}/{where})" if source else text

    parts = FENCE.split((ROOT / path).read_text())
    (into / path).parent.mkdir(parents=True, exist_ok=True)
    (into / path).write_text("".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts))


class Page(html.parser.HTMLParser):
    """What a page of the site links to, and what can be linked to in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name == "id":
                self.ids.add(value)


def follow(site):
    """Follows every link between pages of the site."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    count = 0
    for path, found in pages.items():
        if path.name in ("404.html", "toc.html"):
            continue
        for link in found.links:
            if re.match(r"[a-z]+:|//", link):
                continue
            name, anchor = (link.split("#", 1) + [""])[:2]
            target = path if not name else pathlib.Path(os.path.normpath(path.parent / name))
            if target.is_dir():
                target = target / "index.html"
            count += 1
            if not target.is_file() or site not in target.parents:
                problems.append(f"{path.relative_to(site)}: {link} leads nowhere")
            elif anchor and target in pages and anchor not in pages[target].ids:
                problems.append(f"{path.relative_to(site)}: {link} has no such heading")
    return len(pages), count


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    site, source = pathlib.Path(sys.argv[1]).resolve(), (sys.argv[2:] or [""])[0].rstrip("/")
    if site.exists() and any(site.iterdir()):
        sys.exit(f"{site} is not empty")
    summary = (ROOT / "docs/SUMMARY.md").read_text()
    named = [posixpath.normpath(posixpath.join("docs", target)) for _, _, target in LINK.findall(summary)]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for name in ("book.toml", "site.css"):
            shutil.copy(ROOT / "docs" / name, work)
        for path in named:
            page(path, source, set(named), work / "src")
        paths = iter(named)
        (work / "src/SUMMARY.md").write_text(LINK.sub(lambda match: f"[{match[2]}]({next(paths)})", summary))
        built = subprocess.run(["mdbook", "build", str(work), "--dest-dir", str(site)], capture_output=True, text=True, check=False)
    print(built.stdout + built.stderr, end="", file=sys.stderr)
    # mdBook goes on after a warning, such as one about a page that it cannot read.
    if built.returncode or re.search(r"\b(WARN|ERROR)\b", built.stdout + built.stderr):
        sys.exit("mdBook failed or warned")
    pages, links = follow(site)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(f"{len(problems)} links are broken")
    print(f"{len(named)} documents, {pages} pages, {links} links, none broken")


main()
