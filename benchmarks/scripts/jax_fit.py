import json
import sys

import jax
import jax.numpy as jnp
import jaxopt
import pandas as pd

jax.config.update("jax_enable_x64", True)
table = pd.read_csv(sys.argv[1])
X, y = jnp.asarray(table.drop(columns="y")), jnp.asarray(table["y"])


def loss(theta):
    z = X @ theta[:-1] + theta[-1]
    return jnp.mean(jnp.logaddexp(0, z) - y * z)


fit = jaxopt.LBFGS(loss, tol=1e-8).run(jnp.zeros(X.shape[1] + 1))
print(json.dumps(fit.params.tolist()))
