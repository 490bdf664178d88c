param x
loss x^2
method
method lbfgs(
method lbfgs tol=1
method lbfgs(tol)
method "lbfgs"
method adam()
