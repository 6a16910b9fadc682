"""How Sphinx builds the site: MyST for the pages, numpydoc's sections in docstrings, the help texts of the commands."""

import io
from contextlib import redirect_stdout

from docutils import nodes
from docutils.parsers.rst import Directive

import lenet
from lenet.cli import main

project = "lenet"
author = "The lenet authors"
version = release = lenet.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["figures"]
default_role = "py:obj"  # `Network.trace` in a docstring is a link
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_mock_imports = ["onnx", "torch"]  # so that the site can be built without them
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # the docstrings have shapes and ranges, too
numpydoc_show_class_members = False  # autodoc has them

html_theme = "furo"
html_title = f"lenet {lenet.__version__}"
html_show_copyright = False
html_copy_source = False


class CommandHelp(Directive):
    """``{command-help} read``: what ``lenet read --help`` prints."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return it as a literal block."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            try:
                main([*self.arguments[0].split(), "--help"])
            except SystemExit:
                text = printed.getvalue()
        return [nodes.literal_block(text, text, language="text")]


def setup(app):
    """Add the directive."""
    app.add_directive("command-help", CommandHelp)
