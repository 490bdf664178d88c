data  x[n]
param a
# a comment with a hidden ‮ mark
loss  mean(a​*x)
