"""The style sheet of Neo4j Browser, made from the schema's records."""

from __future__ import annotations

from collections.abc import Mapping

from hartonomous import schema

HEAD = """node {
  diameter: 50px;
  color: #A5ABB6;
  border-color: #9AA1AC;
  border-width: 2px;
  text-color-internal: #FFFFFF;
  font-size: 10px;
}
relationship {
  color: #A5ABB6;
  shaft-width: 1px;
  font-size: 8px;
  padding: 3px;
  text-color-external: #000000;
  text-color-internal: #FFFFFF;
  caption: '<type>';
}
"""

NAME = "'{name}'"

LABELS: Mapping[str, Mapping[str, str]] = {
    "Source": {"color": "#F79767", "diameter": "65px", "caption": NAME},
    "Track": {"color": "#FFC454", "caption": "'{evidence}'"},
    "LogEntry": {"color": "#57C7E3", "diameter": "65px", "caption": NAME},
}
"""Of labels that are no kind of composition."""


def style() -> str:
    """Return the style sheet, one rule a kind, label, rated type and evidence type."""
    text = HEAD + _rule("node.Composition", {"color": "#4C8EDA", "caption": NAME})
    for kind in schema.kinds():
        text += _rule(f"node.{kind.name}", {"color": kind.colour, "caption": NAME})
    for label, said in LABELS.items():
        text += _rule(f"node.{label}", said)
    for rated in schema.rated_types():
        default = rated.name == schema.DEFAULT_RELATION
        # Browser fills in `<type>` only where it is the whole caption.
        shown = "'{consensus}'" if default else f"'{rated.name} {{consensus}}'"
        said = {"color": rated.colour, "shaft-width": "2px", "caption": shown}
        text += _rule(f"relationship.{rated.name}", said)
    for evidence in schema.evidence_types():
        said = {"color": evidence.colour, "caption": "'{source}'"}
        text += _rule(f"relationship.{evidence.name}", said)
    return text


def _rule(selector: str, said: Mapping[str, str]) -> str:
    colour = said["color"]
    lines = {"color": colour, "border-color": _darker(colour)}
    lines["text-color-internal"] = "#2A2C34" if _lightness(colour) > 160 else "#FFFFFF"
    lines |= said
    return f"{selector} {{\n" + "".join(f"  {k}: {v};\n" for k, v in lines.items()) + "}\n"


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _darker(colour: str) -> str:
    return "#" + "".join(f"{part * 4 // 5:02X}" for part in _parts(colour))


def _lightness(colour: str) -> float:
    """Return the luma of a colour, 0 to 255 (ITU-R BT.601)."""
    red, green, blue = _parts(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue
