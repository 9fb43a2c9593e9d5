// The names that contain the word of one of some compositions, or are one of these.
// in:  $ids LIST<INTEGER>
// out: id INTEGER
CALL () {
  UNWIND $ids AS id
  MATCH (t:Token) WHERE id(t) = id
  RETURN collect(DISTINCT t.folded) AS words
}
MATCH (p:Phrase)
WHERE id(p) IN $ids OR any(word IN p.words WHERE word IN words)
RETURN id(p) AS id
