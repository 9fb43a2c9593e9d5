// Compositions with a caption although their text can be read.
// in:  $top INTEGER
// out: text STRING, caption STRING
MATCH (c:Composition)
WHERE c.caption IS NOT NULL AND NOT c:DIGESTED_KINDS
RETURN c.text AS text, c.caption AS caption
ORDER BY text
LIMIT $top
