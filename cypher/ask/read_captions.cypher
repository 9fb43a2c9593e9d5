// The captions of those of some texts that are digests.
// in:  $texts LIST<STRING>
// out: text STRING, caption STRING
UNWIND $texts AS text
MATCH (c:Composition {folded: normalize(toLower(text))})
WHERE c:DIGESTED_KINDS AND c.text = text
// A graph that no act of this version has changed has them under an earlier name.
RETURN text, min(coalesce(c.name, c.caption, OWN_NAME(c.kind, c.text))) AS caption
