data y[n] from 'price'
data x[n] from "price
data z[n] from ""price""
data w[n] from "price" "
param a "doc" "another"
let b = "text"
let c = "a" + "b"
loss a^2
