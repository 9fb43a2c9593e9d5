// Whether we hold the writer's lock, inside the writing transaction.
// in:  $token STRING
// out: held BOOLEAN
MATCH (l:Lock {name: 'writer', token: $token})
RETURN true AS held
