// The placement in the graph; `stale` after the graph has changed.
// in:
// out: placement MAP, stale BOOLEAN
MATCH (p:Placement {name: 'sphere'})
MATCH (g:State {name: 'graph'})
RETURN p {.epoch, .digest, .placed, .relations, .dimensions, .eigenvalues,
          created: toString(p.created)} AS placement,
       NOT g.settled OR g.epoch <> p.epoch AS stale
