// Open the journal of a removal before its first write, and mark the graph as not settled.
// in:  $id STRING, $verb STRING, $plan STRING, $facts MAP
// out: number INTEGER, state STRING
OPTIONAL MATCH (other:Deletion)
WITH coalesce(max(other.number), 0) + 1 AS next
MERGE (d:Deletion {id: $id})
  ON CREATE SET d.verb = $verb, d.plan = $plan, d.number = next, d.state = 'removing',
                d.created = datetime(), d += $facts,
                d.name = RECORD_NAME(Deletion, d)
WITH d
MATCH (g:State {name: 'graph'})
SET g.settled = false
RETURN d.number AS number, d.state AS state
