data x[n],
y[n]
param a,
    b
let z = a*x
+ b
loss mean((y - z)^2
)
  predict p = z
