"""How the documentation becomes a site: https://www.sphinx-doc.org/en/master/usage/configuration.html."""

from importlib.metadata import version as installed_version

project = "syncore"
author = "The syncore authors"
release = version = installed_version("syncore")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "syncore"
html_copy_source = False
html_show_copyright = False

myst_heading_anchors = 4
# Links to sources lead to files of the checkout, which the site carries along.
suppress_warnings = ["myst.strikethrough"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
