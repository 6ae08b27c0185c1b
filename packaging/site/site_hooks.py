"""Hooks of mkdocs: the order of the pages, and links from docs/ to files of the tree outside of it.

Documents outside of docs/ (README.md, CHANGELOG.md, the pages of bench/ ...) become pages below project/, other files that are
linked to are copied there, and the links are changed to match, so that the strict build checks them as all others.
"""
import os
import re
import subprocess

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = os.path.normpath(os.path.join(os.path.dirname(__file__), "..", ".."))
# The four kinds of pages for those who use the program, then what is for those who change it.
SECTIONS = [
    ("Tutorial", "tutorial"),
    ("How to", "howto"),
    ("Reference", "reference"),
    ("Explanation", "explanation"),
    ("Development", "development"),
    ("Decisions", "decisions"),
]
# Pages that are to be read before the others of their folder.
FIRST = ["tutorial/first_run.md", "explanation/for_virologists.md", "reference/command_line.md", "development/architecture.md"]
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
FENCE = re.compile(r"^(```.*?^```|~~~.*?^~~~)", re.S | re.M)


def tracked(*patterns):
    """Files of the tree, also those that are not committed yet."""
    command = ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return sorted({name for name in names if name and os.path.isfile(os.path.join(ROOT, name))})


def on_config(config):
    pages = [name[len("docs/"):] for name in tracked("docs/*.md")]
    nav = [{"Home": "index.md"}]
    for title, folder in SECTIONS:
        inside = [page for page in pages if page.startswith(folder + "/")]
        inside.sort(key=lambda page: (FIRST.index(page) if page in FIRST else len(FIRST), page))
        if inside:
            nav.append({title: inside})
    known = {page for section in nav for pages_of in section.values() for page in ([pages_of] if isinstance(pages_of, str) else pages_of)}
    lost = [page for page in pages if page not in known]
    if lost:
        raise PluginError(f"docs/{lost[0]} lies in no folder of the site: {', '.join(folder for _, folder in SECTIONS)}")
    nav.append({"Project": ["project/" + name for name in outside()]})
    config.nav = nav
    return config


def outside():
    return [name for name in tracked("*.md") if not name.startswith(("docs/", "tests/"))]


def on_files(files, config):
    for name in outside():
        with open(os.path.join(ROOT, name), encoding="utf-8") as stream:
            files.append(File.generated(config, "project/" + name, content=stream.read()))
    for name in linked_files():
        with open(os.path.join(ROOT, name), "rb") as stream:
            files.append(File.generated(config, "project/" + name, content=stream.read()))
    return files


def linked_files():
    """Files that are no documents and that a document links to."""
    found = set()
    for name in tracked("*.md"):
        if name.startswith("tests/"):
            continue
        with open(os.path.join(ROOT, name), encoding="utf-8") as stream:
            text = FENCE.sub("", stream.read())
        for link in LINK.finditer(text):
            target = path_of(link[2], os.path.dirname(name))
            if target and os.path.isfile(os.path.join(ROOT, target)) and not target.endswith(".md") and not target.startswith("docs/"):
                found.add(target)
    return sorted(found)


def path_of(target, folder):
    """The path from the root that a link in a document of `folder` names; empty for links elsewhere."""
    if re.match(r"[a-z]+:", target) or target.startswith("#"):
        return ""
    return os.path.normpath(os.path.join(folder, target.split("#")[0]))


def on_page_markdown(markdown, page, config, files):
    name = page.file.src_uri
    own = name[len("project/"):] if name.startswith("project/") else "docs/" + name

    def moved(link):
        target = path_of(link[2], os.path.dirname(own))
        if not target:
            return link[0]
        if os.path.isdir(os.path.join(ROOT, target)):
            target = os.path.join(target, "README.md")
        if not os.path.isfile(os.path.join(ROOT, target)):
            raise PluginError(f"{own}: links to {target}, which is not in the tree")
        place = target[len("docs/"):] if target.startswith("docs/") else "project/" + target
        anchor = "#" + link[2].split("#")[1] if "#" in link[2] else ""
        return link[1] + os.path.relpath(place, os.path.dirname(name) or ".") + anchor + link[3]

    # Not inside of blocks of code.
    parts = FENCE.split(markdown)
    return "".join(part if FENCE.match(part) else LINK.sub(moved, part) for part in parts)
