param x > 0
loss  erfcx(x) + mills(x) + root(x) + lt(x, 1)
