param a in (0, 1, 2)
param b in (0)
param c in 0
param d in "a"
param e in (0, 1) in (2, 3)
param f in {0, 1
param g in [0; 1]
param h in (0 1)
param i in <0, 1>
param j between 0 and 1
loss a
