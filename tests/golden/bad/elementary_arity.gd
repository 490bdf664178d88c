param a, b
let c = exp(a, b) + log() + sqrt(a, 2) + atan2(a) + xlogy(a) + abs(a, b) + sign() + log(a, 10)
let d = sin[a](b) + tanh(a, b, 1) + log2(a)(b) + exp a + 2 exp(a) + exp(a)b
loss a^2
