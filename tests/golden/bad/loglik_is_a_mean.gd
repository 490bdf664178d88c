data  y[n] in {0, 1}
param a
loglik mean(y*log_sigmoid(a) + (1 - y)*log_sigmoid(-a))
