# gdsym fit examples/league.gd examples/data/matches.csv
model league "Which team is the strongest? Pairwise ranking (Bradley and Terry, 1952)"

data    home[n] in teams, away[n] in teams
data    home_won[n] in {0, 1}
param   strength[teams] in sumzero[teams]
param   at_home  "advantage of the team at home"

observe home_won ~ bernoulli_logit(strength[home] - strength[away] + at_home)

predict p = sigmoid(strength[home] - strength[away] + at_home)
method  lbfgs(tol=1e-12)
