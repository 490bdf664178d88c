model wood "14: Wood; two valleys that lean on each other"

param x1 = -3, x2 = -1, x3 = -3, x4 = -1

loss  100*(x2 - x1^2)^2 + (1 - x1)^2 + 90*(x4 - x3^2)^2 + (1 - x3)^2
          + 10*(x2 + x4 - 2)^2 + (x2 - x4)^2/10
