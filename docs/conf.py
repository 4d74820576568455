"""How Sphinx builds the docs: `sphinx-build -W docs docs/_build/html`."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

project = "mpfunnel"
author = "The mpfunnel authors"
project_copyright = "2026, The mpfunnel authors"
version = release = installed_version("mpfunnel")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "samples"]
templates_path = ["_templates"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Attributes are described where their class is, without a second entry each.
napoleon_use_ivar = True

html_theme = "furo"
html_title = "mpfunnel"
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/language.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}


def _offer_other_language(
    app: Sphinx,
    pagename: str,
    templatename: str,  # noqa: ARG001 - Sphinx passes it
    context: dict[str, Any],
    doctree: object,  # noqa: ARG001 - Sphinx passes it
) -> None:
    """Name the same page in the other language: `ja/x` is the Japanese `x`."""
    japanese = pagename.startswith("ja/")
    other = pagename.removeprefix("ja/") if japanese else f"ja/{pagename}"
    if japanese:
        context["language"] = "ja"
    context["other_language"] = "English" if japanese else "日本語"
    known = app.env.found_docs
    context["other_page"] = other if other in known else ("index" if japanese else "ja/index")


def _draw_pictures(app: Sphinx) -> None:  # noqa: ARG001 - Sphinx passes it
    """Draw the charts that pages show, before Sphinx looks for them."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from docs.pictures import draw

    draw()


def setup(app: Sphinx) -> None:
    """Register what this configuration adds to Sphinx."""
    app.connect("builder-inited", _draw_pictures)
    app.connect("html-page-context", _offer_other_language)
