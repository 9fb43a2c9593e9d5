// Add to the digest of a source's places.
// in:  $source STRING, $more LIST<INTEGER>
// out: source STRING
MATCH (s:Source {name: $source})
SET s.held = [i IN range(0, size($more) - 1) |
              (coalesce(s.held[i], 0) + $more[i]) % 4611686018427387904]
RETURN s.name AS source
