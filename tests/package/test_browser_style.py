"""The style sheet of Neo4j Browser."""

from __future__ import annotations

import re

from docs.browser_style import style
from hartonomous import schema


def test_captions_are_such_as_browser_fills_in() -> None:
    captions = dict(re.findall(r"([\w.]+) \{[^}]*caption: '([^']*)'", style()))
    # `<type>` is filled in only where it is the whole caption.
    assert all("<type>" not in one or one == "<type>" for one in captions.values())
    for rated in schema.rated_types():
        name = "" if rated.name == schema.DEFAULT_RELATION else f"{rated.name} "
        assert captions[f"relationship.{rated.name}"] == f"{name}{{consensus}}"
