"""Text in Markdown files, whatever it holds."""

from __future__ import annotations

import re

#: What Markdown, or HTML within it, would take for more than text; an underscore within a word is none of it.
_MARKS = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])|^[-+](?=[\s-]|$)")
#: The start of a numbered list.
_NUMBERED = re.compile(r"^(\d+)(?=[.)](\s|$))")


def escaped(text: str) -> str:
    r"""Return a line of text that Markdown shows as it is.

    Examples
    --------
    >>> print(escaped("<b> *si_ratio* | 1"))
    \<b\> \*si_ratio\* \| 1
    """
    return _NUMBERED.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", text))
