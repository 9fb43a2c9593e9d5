// Note, before the first place is written, that there are places; unstamped, they count as stale.
// in:
// out: name STRING
MERGE (p:Placement {name: 'sphere'})
SET p.epoch = -1
RETURN p.name AS name
