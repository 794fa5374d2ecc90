"""Right values for Gramians of dependent gradients on which solvers broke (github issue 11, line 1c).

    python3 Tests/Golden/nnls/nnls.py FOLDER > Tests/Golden/nnls/dependent-gradients.json

FOLDER holds B*.json with "strategies" and "gramian". The gradients are rebuilt from the cosines' eigenvalues above
rounding (T eps of Double, or 1e-6 for Gramians rounded to Float); scipy's NNLS, an active set on the gradients, then
solves: mgda as min ||[U; 1/n] x - e|| over x >= 0, the projections as min ||U' (u + z)|| over z >= 0. CAGrad's dual is
minimised over the weights by scipy's SLSQP from several starts.

"square" is the squared length of the direction in units of the largest norm, "direction" its products with the unit
gradients. Both are unique where the weights are not.
"""

import glob
import json
import sys

import numpy
from scipy.optimize import minimize, nnls


def units(gramian, tolerance):
    norms = numpy.sqrt(numpy.diag(gramian))
    values, vectors = numpy.linalg.eigh(gramian / numpy.outer(norms, norms))
    kept = values > tolerance * values[-1]
    return norms / norms.max(), vectors[:, kept] * numpy.sqrt(values[kept])


def projection(rows, target):
    z, _ = nnls(rows.T, -rows.T @ target, maxiter=10000)
    return target + z


def solve(name, norms, rows):
    count = len(norms)
    mean = norms / count
    if name == "dualproj":
        return projection(rows, mean)
    if name == "upgrad":
        return sum(projection(rows, mean * (numpy.arange(count) == t)) for t in range(count))
    if name == "mgda":
        matrix = numpy.vstack([rows.T, norms.min() / norms])
        x, _ = nnls(matrix, numpy.append(numpy.zeros(rows.shape[1]), 1), maxiter=10000)
        return x / (x / norms).sum()
    radius = 0.4 * numpy.linalg.norm(rows.T @ mean)

    def dual(w):
        point = rows.T @ (w * norms)
        return point @ (rows.T @ mean) + radius * numpy.linalg.norm(point)

    best = min(
        (minimize(dual, start, method="SLSQP", bounds=[(0, 1)] * count, options={"ftol": 1e-15, "maxiter": 2000},
                  constraints={"type": "eq", "fun": lambda w: w.sum() - 1})
         for start in [numpy.full(count, 1 / count), *numpy.eye(count)]), key=lambda found: found.fun)
    w = best.x * norms
    return mean + radius / numpy.linalg.norm(rows.T @ w) * w


cases = []
for path in sorted(glob.glob(sys.argv[1] + "/B[1-5]*.json")):
    data = json.load(open(path))
    gramian = numpy.array(data["gramian"])
    is_float = "float32" in path
    norms, rows = units(gramian, 1e-6 if is_float else 10 * len(gramian) * 2.2e-16)
    for name in data["strategies"]:
        direction = rows.T @ solve(name, norms, rows)
        cases.append({
            "strategy": name, "file": path.split("/")[-1], "float": is_float, "rank": rows.shape[1],
            "gramian": data["gramian"], "square": float(direction @ direction),
            "products": (rows @ direction).tolist(),
        })
json.dump(cases, sys.stdout, indent=None, separators=(",", ":"))
print()
