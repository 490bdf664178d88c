data  a[n] in items, b[n] in items
param T[items, items]
loss  sum(T[a, b]) + sum(T[a])
