// Remove the numbers of deleted tracks from classes.
// in:  $ids LIST<INTEGER>, $renamed MAP OF class TO class
// out: changed INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id AND $renamed[c.known] IS NOT NULL
SET c.known = $renamed[c.known]
RETURN count(*) AS changed
