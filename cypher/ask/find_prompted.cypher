// The words of a text that generated pictures were asked for.
// in:  $text STRING
// out: word STRING
CALL () {
  FIND_PROMPTED($text)
}
RETURN w.text AS word
ORDER BY word
