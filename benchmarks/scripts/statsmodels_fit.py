import json
import sys

import pandas as pd
import statsmodels.api as sm

table = pd.read_csv(sys.argv[1])
X, y = table.drop(columns="y"), table["y"]
fit = sm.Logit(y, sm.add_constant(X, prepend=False)).fit(disp=False)
print(json.dumps(list(fit.params)))
