// Record the epoch and digest of the placement, unless the graph has changed meanwhile.
// in:  $epoch INTEGER, $digest STRING, $placed INTEGER, $relations INTEGER, $dimensions INTEGER, $eigenvalues LIST<FLOAT>, $places STRING
// out: epoch INTEGER
MATCH (g:State {name: 'graph', settled: true, epoch: $epoch})
MERGE (p:Placement {name: 'sphere'})
SET p.epoch = $epoch, p.digest = $digest, p.placed = $placed, p.relations = $relations,
    p.dimensions = $dimensions, p.eigenvalues = $eigenvalues, p.places = $places,
    p.created = datetime()
RETURN p.epoch AS epoch
