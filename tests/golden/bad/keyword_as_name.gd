data  state[n], loss[n], data[n]
param let, model = los
loss  mean((state - let*loss - data)^2) + model
