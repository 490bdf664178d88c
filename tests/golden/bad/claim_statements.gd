param w[d], b
dim d = 2
loss sum(w^2) + b^2
claim
claim grad(w)
claim grad(w) =
claim grad(w[d]) = 2*w
claim grad() = 2*w
claim grad(w) == 2*w
claim grad(w) : 2*w
claim grad w = 2*w
claim d/dw = 2*w
claim grad(w) = 2*w, grad(b) = 2*b
