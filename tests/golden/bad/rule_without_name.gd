state  m = 0
update m = g
update x = x - m
