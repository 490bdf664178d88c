data y[n]
dim k = 3, k = 4, m = 0, l = -2, o = 1e10, p = 2.5
dim q in {"a", "a"}, r in {}, s in {0.5, 1}, t in {"a": "b"}
dim n = 10
dim u = n
param w[k]
loss sum(w)*sum(y)
