model definitions "Functions of the file's own, one inside another"

def     square(a) = a*a
def     loss_of(z, y) = softplus(z) - y*z
def     clipped(r, c) = where(abs(r) < c, square(r), 2*c*abs(r) - square(c))

data    X[n, d]
data    y[n] in [0, 1]
param   w[d], b
const   c = 0.5

let     z = X @ w + b
loss    mean(loss_of(z, y)) + mean(clipped(sigmoid(z) - y, c))/4
penalty square(norm(w))
