// Change the state of all erasures in some states.
// in:  $states LIST<STRING>, $to STRING
// out: moved INTEGER
MATCH (d:Deletion {verb: 'erase'})
WHERE d.state IN $states
SET d.state = $to
RETURN count(d) AS moved
