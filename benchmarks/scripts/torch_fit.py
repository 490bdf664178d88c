import json
import sys

import pandas as pd
import torch

table = pd.read_csv(sys.argv[1])
X = torch.tensor(table.drop(columns="y").to_numpy())
y = torch.tensor(table["y"].to_numpy(), dtype=X.dtype)
theta = torch.zeros(X.shape[1] + 1, dtype=X.dtype, requires_grad=True)
options = {"max_iter": 1000, "tolerance_grad": 1e-8, "tolerance_change": 0}
optimizer = torch.optim.LBFGS([theta], line_search_fn="strong_wolfe", **options)


def loss():
    optimizer.zero_grad()
    z = X @ theta[:-1] + theta[-1]
    value = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    value.backward()
    return value


optimizer.step(loss)
print(json.dumps(theta.tolist()))
