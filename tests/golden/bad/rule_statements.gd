optimizer
optimizer a(lr)
optimizer a(lr = )
optimizer b(lr = 0.1, lr = 0.2)
state
state m
state s = scalar 0
state 3 = m
update
update x
update x == x
update x += g
let
update y = x
