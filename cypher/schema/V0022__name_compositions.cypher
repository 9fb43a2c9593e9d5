// Name the compositions of an earlier version: a text, cut where it is long, or a picture's caption.
// in:
// out:
MATCH (c:Composition)
WHERE c.name IS NULL
CALL (c) {
  SET c.name = CASE
    WHEN c.kind IN ['Image', 'Region'] THEN coalesce(c.caption, c.kind + ' ' + left(c.text, 8))
    WHEN size(c.text) > 60 THEN left(c.text, 59) + '…'
    ELSE c.text
  END
  REMOVE c.caption
} IN TRANSACTIONS OF 10000 ROWS
