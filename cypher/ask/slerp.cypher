// Words along the shortest arc on the sphere from one word to another: Slerp, with the nearest word at each step.
// in:  $start STRING, $end STRING, $steps INTEGER, $pieces BOOLEAN
// out: share FLOAT, word STRING, aside FLOAT, point LIST<FLOAT>, stale BOOLEAN
// drawn: word_node NODE
// procedure: slerp(start::STRING, end::STRING, steps = 10::INTEGER, pieces = false::BOOLEAN)
// example: slerp('king', 'bread', 4)
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (p:Placement {name: 'sphere'})
MATCH (g:State {name: 'graph'})
WITH c, d, NOT g.settled OR g.epoch <> p.epoch AS stale, c.quaternion AS a, d.quaternion AS b
WITH c, d, stale, a, b, a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] AS dot
// Between equal points there is no way, between opposite ones no shortest way.
WHERE dot < 1 - 1e-12 AND dot > -1 + 1e-12
WITH c, d, stale, a, b, dot, acos(dot) AS angle, sqrt(1 - dot * dot) AS sine
MATCH (m:Composition)
WHERE m.quaternion IS NOT NULL AND m <> c AND m <> d AND ($pieces OR NOT m:FRAGMENT_KINDS)
WITH c, d, stale, a, b, dot, angle, sine, m, m.quaternion AS q
WITH c, d, stale, a, b, angle, sine, m, dot,
     q[0] * a[0] + q[1] * a[1] + q[2] * a[2] + q[3] * a[3] AS x,
     q[0] * b[0] + q[1] * b[1] + q[2] * b[2] + q[3] * b[3] AS to_b
WITH stale, a, b, angle, sine, m, x, (to_b - x * dot) / sine AS y
WITH stale, a, b, angle, sine, m, x, y, toInteger(round($steps * atan2(y, x) / angle)) AS step
WHERE 0 < step AND step < $steps
WITH stale, a, b, angle, sine, m, step, angle * step / $steps AS turned, x, y
WITH stale, a, b, angle, sine, m, step, turned, cos(turned) * x + sin(turned) * y AS near
ORDER BY step, near DESC, m.key
WITH stale, a, b, angle, sine, step, turned, collect({word: m, near: near})[0] AS best
WITH stale, a, b, angle, sine, step, turned, best.word AS m, best.near AS near
RETURN ROUNDED(1.0 * step / $steps, 4) AS share, m.text AS word,
       ROUNDED(acos(CASE WHEN near > 1 THEN 1.0 ELSE near END), 4) AS aside,
       [i IN range(0, 3) | ROUNDED((sin(angle - turned) * a[i] + sin(turned) * b[i]) / sine, 4)] AS point,
       stale, DRAWN(m AS word_node)
ORDER BY step
