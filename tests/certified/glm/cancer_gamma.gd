model cancer_gamma "Survival under three drugs: gamma regression with a logarithmic link"

data  age[n], drug[n] in drugs
data  months[n] > 0 from "studytime"
param slope, effect[drugs] in base[drugs], b = 2

let   mu = exp(slope*age + effect[drug] + b)
nll   sum(months/mu + log(mu))
