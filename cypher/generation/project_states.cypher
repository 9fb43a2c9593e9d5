// Project a weighted graph of next-token states, given as columns; cost is minus the weight's logarithm.
// in:  $name STRING, $starts LIST<INTEGER>, $ends LIST<INTEGER>, $weights LIST<FLOAT>
// out: projected MAP
UNWIND range(0, size($starts) - 1) AS i
RETURN gds.graph.project($name, $starts[i], $ends[i], {
  relationshipProperties: {weight: $weights[i], cost: -log($weights[i]) + 1e-9}
}) AS projected
