// Words more related to each other than to others (Leiden): the largest communities, that of a word, or those within that of a word, named by what distinguishes them; computed by Graph Data Science.
// in:  $top INTEGER, $members INTEGER, $word STRING, $within STRING, $resolution FLOAT, $all BOOLEAN, $above INTEGER
// out: name STRING, size INTEGER, words LIST<STRING>
// drawn: word_nodes LIST<NODE>
// procedure: communities(top = 20::INTEGER, members = 8::INTEGER, word = null::STRING, within = null::STRING, resolution = null::FLOAT, all = false::BOOLEAN, above = 1500::INTEGER)
// example: communities(5)
CALL () {
  PROJECTION($above)
}
COMMUNITIES(projected, $top, $members, $word, $within, $resolution, $all)
