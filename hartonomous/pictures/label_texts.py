"""Label texts: how labels, words and captions of pictures are written as compositions."""

from __future__ import annotations

import re

from hartonomous.identity import normalise
from hartonomous.schema import SENTENCE, TOKEN

LONGEST_LABEL = 8
"""Words of a text beyond which it is a sentence, not a label."""

_ENDS = re.compile("[.!?\u2026\u3002\uff01\uff1f\u0964][\"'\u201d\u2019)\\]]*$")


def label_text(text: str) -> str:
    """Return a text as compositions are written: NFC, underscores as blanks, white space made one, lower
    case unless it is a sentence.

    >>> label_text("Dining_Table "), label_text("Push the door.")
    ('dining table', 'Push the door.')
    """
    written = normalise(" ".join(text.replace("_", " ").split()))
    return written if is_sentence(written) else normalise(written.lower())


def text_kind(text: str) -> str:
    """Return the kind of a composition with this text: a sentence, or a label, which is a token."""
    return SENTENCE if is_sentence(text) else TOKEN


def is_sentence(text: str) -> bool:
    """Return whether a text is a sentence: it ends like one, or is longer than a label.

    >>> is_sentence("fire hydrant"), is_sentence("No entry!"), is_sentence("Stop!")
    (False, True, False)
    """
    words = len(text.split())
    return words > LONGEST_LABEL or (words > 1 and _ENDS.search(text) is not None)
