# Smooth and convex: see `convex` in make.py.
param a, b, c
loss  softplus(a - 2*b) + softplus(b + 3*c) + (a^2 + b^2 + c^2)/4 - a + c/2
