# Two wells joined by a wave: see `wells` in make.py.
param a, b
loss  (a^2 - 1)^2/4 + cos(a + 2*b)/2 + b^2/5
