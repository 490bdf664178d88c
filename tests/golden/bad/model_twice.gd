model first
model second "again"
param x = y
loss  x^2
