"""Pages of the manual that link to files outside of docs/ find them in it: Markdown as pages, code as listings."""

import pathlib
import posixpath
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).parents[2]
LINK = re.compile(r"(?<=\]\()(?!\w+:|#|<)([^)#\s]+)")
CHANGES = "[](../CHANGELOG.md)"  # stands in the navigation, without a link to it
LANGUAGES = {".py": "python", ".sh": "bash", ".cfg": "ini"}


def on_files(files, config):
    """Adds what is linked to, and what is linked to from there."""
    pages = [
        ("docs/index.md", CHANGES),
        *((f"docs/{file.src_uri}", file.content_string) for file in files.documentation_pages() if file.abs_src_path),
    ]
    while pages:
        page, text = pages.pop()
        for path in {outside(page, target) for target in LINK.findall(text)} - {None}:
            if files.get_file_from_path(name_of(path)) is None:
                linked = (ROOT / path).read_text()
                files.append(File.generated(config, name_of(path), content=as_page(path, linked)))
                pages += [(path, linked)] * path.endswith(".md")
    return files


def on_page_markdown(markdown, page, **_):
    here = page.file.src_uri
    source = here.removeprefix("repository/") if here.startswith("repository/") else f"docs/{here}"

    def link(match):
        path = within(source, match[1])
        if path.startswith("docs/"):
            name = path.removeprefix("docs/")
        elif outside(source, match[1]):
            name = name_of(path)
        else:
            return match[1]
        return posixpath.relpath(name, posixpath.dirname(here) or ".")

    return LINK.sub(link, markdown)


def within(source, target):
    """The path in the repository of what a file there links to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def outside(source, target):
    """The same where it is a file outside of docs/, else None."""
    path = within(source, target)
    return path if (ROOT / path).is_file() and not path.startswith("docs/") else None


def name_of(path):
    """The page that such a file becomes."""
    return f"repository/{path}" if path.endswith(".md") else f"repository/{path}.md"


def as_page(path, text):
    if path.endswith(".md"):
        return text
    language = LANGUAGES.get(pathlib.Path(path).suffix, "text")
    return f"# {path}\n\n```{language}\n{text}\n```\n"
