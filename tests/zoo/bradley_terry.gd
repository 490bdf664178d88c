model bradley_terry "Strengths of teams from who beat whom"

dim     teams = 4
data    winner[n] in teams
data    loser[n] in teams
param   strength[teams]
param   home = 0            "advantage of the first named"
const   lam = 0.1

loss    -sum(log(sigmoid(strength[winner] - strength[loser] + home)))
penalty lam/2*sum(strength^2)
