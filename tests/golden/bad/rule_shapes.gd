optimizer d(lr = 0.1)
state s scalar = 0, m = 0
let n = norm(g)
let a = x @ g + sum[p](x) + x[1] + X @ g
let b[p] = x
update s = s + g
update s = x*x
update m = n
update x = norm(x)
update x = x - lr*norm
