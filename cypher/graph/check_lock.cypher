// Whether the writer's lock is still ours, inside the transaction that writes.
// in:  $token STRING
// out: held BOOLEAN
MATCH (l:Lock {name: 'writer', token: $token})
RETURN true AS held
