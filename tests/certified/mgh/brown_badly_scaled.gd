model brown_badly_scaled "4: two parameters that differ by a factor of 5e11 at the minimum"

param x1 = 1, x2 = 1

loss  (x1 - 10^6)^2 + (x2 - 2*10^-6)^2 + (x1*x2 - 2)^2
