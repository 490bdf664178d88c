"""What the page says of the figures: of all of them, and of each family."""

from __future__ import annotations

INTRODUCTION = """# Benchmarks

gdsym beside its peers: the same function of the same data, on one machine. Every contender is
checked against ours before it is timed; one that is not installed, or gives another answer, is
left out and named.

The contenders of a case take turns in one process, in an order that is drawn anew for each round,
with a pause, until no thread spins any more, and an untimed call before each turn. A figure is the
median over the rounds of *their time over ours in the same round*: above 1 gdsym is faster. Ours
is the best backend of the case; `numpy` needs no further library, `numba` is what `gdsym[numba]`
brings. The time to compile (JAX, numba, gdsym) is not in it.

Two figures in a cell are for two settings of malloc: the default one, and a heap that is kept
(`MALLOC_MMAP_MAX_=0`), where large temporaries cost no page faults. The second is measured where
some contender makes temporaries of a megabyte or more that are no small part of the data; among
the linear losses mostly for the logistic one, and not for whole fits, mini-batches and fresh
processes. All contenders have the same environment. "NumPy" is NumPy by hand with one BLAS thread,
"BLAS threads" the same with all of them; scikit-learn, JAX, PyTorch and gdsym have the threads
that they take by themselves. All is in doubles.
"""
# What the cases of each family measure.
ABOUT = {
    "Value and gradient of linear models": """
One call from parameters to mean loss and gradient of a score `X @ w + b`, for n rows of d features
that are normally distributed (n x d). Ours is `value_and_grad` of a model that is bound to the
data; the peers hold the data in their own arrays. scikit-learn's is the private loss of its
estimators.
""",
    "Value and gradient of a softmax with ten classes": """
The same for multinomial logistic regression: n rows, d features, 10 classes.
""",
    "Value and gradient of element-wise models": """
The same for curves of two or three parameters and a mixture density of nine, over 1e6 or 1e7
scalars x and y: all the work is done entry by entry.
""",
    "Hessians": """
One call from parameters to the dense Hessian of the mean loss, (d + 1) x (d + 1), or to its
product with a vector. Ours is `hess` or `hvp` of the bound model; scikit-learn's makes the
gradient too.
""",
    "Newton fits": """
A whole logistic regression without a penalty from arrays in memory, n x d. Everybody stops at the
loosest tolerance that leads to a gradient below 1e-6 everywhere. Ours is `fit` of a compiled
model: it checks and binds the data, and ends with exact last steps and the certificate of the
minimum.
""",
    "L-BFGS fits": """
The same fits, by first derivatives. "Our gradient" is a solver of others that is handed the
function that gdsym generates, of the NumPy backend.
""",
    "Epochs of mini-batches": """
One epoch of shuffled mini-batches of a logistic regression with d features: 4,096 rows at batch
size 1, else 16,384. All take the rows in the same order, but scikit-learn, which draws its own.
Ours is what the fit's own history says, the mean of its second to fourth epoch: the others are
timed after a call that warms the caches.
"Scan" is the epoch as one compiled loop; the others of JAX and PyTorch make one call a batch.
""",
    "Matrix factorisation": """
Value and gradient of the squared error of ratings by products of factors of users and items.
""",
    "Network with a hidden layer": """
Value and gradient of a network over all rows: n x d, 64 hidden units with tanh, 10 classes.
""",
    "Command lines": """
From a model as text and a CSV file of n rows and d features to fitted parameters, in a fresh
process. Ours is `gdsym fit`, which reads, checks, fits and certifies, with the compiled model in
its cache or without; the others are the shortest scripts that give the same numbers.
""",
    "Memory of command lines": """
The peak memory of such a process over that of a fit of a hundred rows, divided by the size of the
arrays that the fit needs.
""",
    "Start-up and compilation": """
Fresh processes, with whatever they import. Compilation is `gdsym compile` with an empty cache,
from a model as text to a module that is written, with its gradient and Hessian.
""",
    "Memory": """
Peak memory of a process beyond what it holds once the data are made and the libraries loaded and
warm, each contender alone: copies of the data, results and temporaries of one call or fit.
""",
}
