// One source.
// in:  $name STRING
// out: name STRING, digest STRING, state STRING, bundle STRING, replaces STRING, becomes STRING, held LIST<INTEGER>
MATCH (s:Source {name: $name})
RETURN s.name AS name, s.digest AS digest, s.state AS state, s.bundle AS bundle,
       s.replaces AS replaces, s.becomes AS becomes, s.held AS held
