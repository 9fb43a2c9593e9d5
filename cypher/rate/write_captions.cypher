// Write captions, the names of compositions whose text is a digest.
// in:  $ids LIST<INTEGER>, $captions LIST<STRING>
// out: written INTEGER
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
SET c.name = $captions[i]
RETURN count(*) AS written
