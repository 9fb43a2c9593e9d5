// Say how far all erasures are that are in one of some states.
// in:  $states LIST<STRING>, $to STRING
// out: moved INTEGER
MATCH (d:Deletion {verb: 'erase'})
WHERE d.state IN $states
SET d.state = $to
RETURN count(d) AS moved
