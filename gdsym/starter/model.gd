# gdsym fit model.gd data.csv
model seedlings "Will a seedling survive its first winter? Logistic regression with an L2 penalty"

data    height[n], light[n]  "centimetres; hours of sun a day"
data    survived[n] in {0: "no", 1: "yes"}
param   w_height, w_light, b
const   lam = 0.1            "penalty weight: --set lam=1 overrides it"

let     z = w_height*standardize(height) + w_light*standardize(light) + b
loss    sum(log(1 + exp(z)) - survived*z)
penalty lam/2 * (w_height^2 + w_light^2)

predict p = sigmoid(z)       "probability that it survives"
