// The number of erasures in some states.
// in:  $states LIST<STRING>
// out: count INTEGER
MATCH (d:Deletion {verb: 'erase'})
WHERE d.state IN $states
RETURN count(d) AS count
