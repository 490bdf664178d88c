model "a title"
model my model
model m = 3
model 3d
param x
loss x^2
