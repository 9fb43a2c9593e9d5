// The captions of those of some texts that are digests.
// in:  $texts LIST<STRING>
// out: text STRING, caption STRING
UNWIND $texts AS text
MATCH (c:Composition {folded: normalize(toLower(text))})
WHERE c:DIGESTED_KINDS AND c.text = text AND c.caption IS NOT NULL
RETURN text, min(c.caption) AS caption
