data  S[d, d]
param w[d]
loss  sum(w*sum[d](S))
