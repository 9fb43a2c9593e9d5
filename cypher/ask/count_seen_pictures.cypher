// How many pictures each of two sources saw, and how many both.
// in:  $first STRING, $second STRING
// out: by_first INTEGER, by_second INTEGER, by_both INTEGER
CALL () {
  MATCH (:Source {name: $first, state: 'live'})-[:HOLDS]->(p:Image)
  RETURN p, 1 AS first, 0 AS second
  UNION
  MATCH (:Source {name: $second, state: 'live'})-[:HOLDS]->(p:Image)
  RETURN p, 0 AS first, 1 AS second
}
WITH p, sum(first) AS first, sum(second) AS second
RETURN sum(first) AS by_first, sum(second) AS by_second, sum(first * second) AS by_both
