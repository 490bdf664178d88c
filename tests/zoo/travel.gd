model travel "Choice among ways to travel; effects of a person against the first way"

dim     k in {"car", "bus", "train"}
data    C[n, k]             "what each way would cost"
data    X[n, d]             "the person"
data    way[n] in k
param   price, W[d, k] in base[k]
param   b[k] in base[k="train"]

let     Z = price*C + X @ W + b
observe way ~ categorical_logit(Z)

predict p[n, k] = softmax[k](Z)
