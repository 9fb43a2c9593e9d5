// Create the placement node before the first coordinates are written; without a stamp it is stale.
// in:
// out: name STRING
MERGE (p:Placement {name: 'sphere'})
SET p.epoch = -1
RETURN p.name AS name
