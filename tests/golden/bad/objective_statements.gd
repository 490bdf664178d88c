loss
maximise x
loss = x^2
loss: x^2
nll -
penalty
minimize x^2
param x
loss x^2 where x > 0
loss x^2, x^3
loss x^2; penalty x
