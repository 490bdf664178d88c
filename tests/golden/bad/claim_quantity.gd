param w, b
loss w^2 + b^2
claim gradient(w) = 2*w
claim Hessian(w, w) = 2
claim nll = w^2 + b^2
claim w = 0
claim jac(w) = 2*w
claim grad = 2*w
claim grad(w, b) = 2*w
claim hess(w) = 2
claim hvp(w) = 2
claim loss(w) = w^2 + b^2
