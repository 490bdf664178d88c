model yield_curve "Interest by maturity in four numbers (Nelson and Siegel)"

data     t[n] > 0           "years"
data     rate[n]
param    level = 3, slope = -1, bend = 1
param    tau > 0 = 2

let      u = t/tau
let      fall = (1 - exp(-u))/u
residual rate - level - slope*fall - bend*(fall - exp(-u))
