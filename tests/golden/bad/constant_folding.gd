param a
let b = 1/0 + log(-1) + sqrt(-2) + log(0) + asin(2) + (-8)^(1/3) + 0^-1
let c = exp(1000) + 10^400 + lgamma(0) + acos(-2) + atan2(0, 0) + log1p(-1) + 1/(2 - 2)
loss a^2
