data X[n, d], y[n]
param w[d], beta
loss \frac{1}{n} \sum_i (y_i - x_i^T w)^2
penalty \lambda ||w||_2^2
penalty |beta|
