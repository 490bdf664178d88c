import numpy as np
def loss(w):
    return np.mean((X @ w - y)**2)
w = np.zeros(3)
for i in range(10):
    w -= 0.1*grad(w)
print(w)
