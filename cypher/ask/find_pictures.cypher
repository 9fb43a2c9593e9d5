// The pictures that a key or a file's name stands for, a few of them.
// in:  $picture STRING
// out: picture STRING, caption STRING
CALL () {
  FIND_PICTURES($picture)
}
RETURN p.text AS picture, p.name AS caption
ORDER BY p.key
LIMIT 6
