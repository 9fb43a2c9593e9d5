// Words more related to each other than to others (Leiden): the largest communities, that of a word, or those within that of a word, named by what distinguishes them; computed by Graph Data Science.
// in:  $top INTEGER, $members INTEGER, $word STRING, $within STRING, $resolution FLOAT, $all BOOLEAN, $above INTEGER
// out: name STRING, size INTEGER, words LIST<STRING>
// drawn: word_nodes LIST<NODE>
// procedure: communities(top = 20::INTEGER, members = 8::INTEGER, word = null::STRING, within = null::STRING, resolution = null::FLOAT, all = false::BOOLEAN, above = 1500::INTEGER)
// example: communities(5)
CALL () {
  WITH coalesce($word, $within) AS word
  CALL (word) {
    FIND_WORD(c, word)
  }
  RETURN collect(c) AS given
}
CALL apoc.util.validate(
  any(c IN given WHERE c:FRAGMENT_KINDS OR c:UNCONNECTED_KINDS),
  '%s is a %s, and only words are in communities here. hartonomous communities --pieces has pieces too.',
  [given[0].text, toLower(given[0].kind)]
)
CALL () {
  PROJECTION($above)
}
COMMUNITIES(projected, $top, $members, $word, $within, $resolution, $all)
