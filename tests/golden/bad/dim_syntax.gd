dim
dim k 3
dim k: 3
dim k[3]
dim k = 3 rows
dim k in ["a", "b"]
dim k in "a"
dim n row
dim "k" = 3
param x
loss x^2
