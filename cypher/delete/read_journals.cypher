// Removals, in order, with the state of each.
// in:
// out: id STRING, number INTEGER, verb STRING, state STRING, plan STRING, created STRING, evidence INTEGER
MATCH (d:Deletion)
RETURN d.id AS id, d.number AS number, d.verb AS verb, d.state AS state, d.plan AS plan,
       toString(d.created) AS created, d.evidence AS evidence
ORDER BY number
