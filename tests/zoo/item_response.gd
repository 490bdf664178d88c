model item_response "How able is a pupil, how hard and how telling a task? Two-parameter logistic"

dim     pupils = 5
dim     tasks = 3
data    pupil[n] in pupils
data    task[n] in tasks
data    solved[n] in {0, 1}
param   ability[pupils] = normal(0, 1), hardness[tasks]
param   power[tasks] > 0

observe solved ~ bernoulli_logit(power[task]*(ability[pupil] - hardness[task]))
prior   ability ~ normal(0, 1)
prior   power ~ lognormal(0, 0.5)
