// Find or create compositions of one kind; return their ids in order, valid while the lock is held.
// in:  $keys LIST<STRING>, $texts LIST<STRING>, $own LIST<MAP>
// out: i INTEGER, id INTEGER
UNWIND range(0, size($keys) - 1) AS i
MERGE (c:Composition {key: $keys[i]})
  ON CREATE SET c:KIND, c.text = $texts[i], c.folded = normalize(toLower($texts[i])), c.kind = 'KIND',
    c.name = OWN_NAME('KIND', $texts[i]), c += coalesce($own[i], {})
// What may be a name of several words is marked; the next rating pass reads and links it.
FOREACH (_ IN CASE
    WHEN c:IDENTIFIER_KINDS OR (c:PHRASE_KINDS AND $texts[i] CONTAINS ' ') THEN [1] ELSE [] END |
  SET c:Phrase)
RETURN i, id(c) AS id
