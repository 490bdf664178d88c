data X[n, d], y[n]
param w[d]
let z = X*w .+ 1
let r = @. exp(z)
let a = w'*w
let b = sum(x -> x^2, w)
let c = [x^2 for x in w]
loss z |> sum
