"""Prints the numbers of OptimizerTests: five steps of each rule on a linear regression. Needs numpy."""
import numpy as np

x = np.array([[1, 2], [0, -1], [3, 0.5], [-2, 1]], float)
y = np.array([1, -1, 2, 0.5])
X = np.c_[x, np.ones(4)]


def run(rule, clip=None):
    p, state = np.array([0.3, -0.2, 0.1]), {}
    for k in range(1, 6):
        g = 2 * X.T @ (X @ p - y) / 4
        if clip:
            g = g * min(1, clip / np.linalg.norm(g))
        p = rule(p, g, k, state)
    return p.tolist()


def sgd(p, g, k, s, m=0.9, rate=0.05):
    s["v"] = m * s.get("v", 0) + g
    return p - rate * s["v"]


def nesterov(p, g, k, s, m=0.9, rate=0.05):
    s["v"] = m * s.get("v", 0) + g
    return p - rate * (g + m * s["v"])


def adam(p, g, k, s, decay=0, rate=0.05):
    p = p * (1 - rate * decay)
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["u"] = 0.999 * s.get("u", 0) + 0.001 * g * g
    return p - rate * s["m"] / (1 - 0.9**k) / (np.sqrt(s["u"] / (1 - 0.999**k)) + 1e-8)


def damped_newton(p, g, k, s, damping=0.3):
    # One dense layer of one output: A = XᵀX/n, S = 2, and π² = (tr A / 3) / 2.
    a, curvature = X.T @ X / 4, 2.0
    pi = np.sqrt(np.trace(a) / 3 / curvature)
    a = a + pi * np.sqrt(damping) * np.eye(3)
    return p - np.linalg.solve(a, g) / (curvature + np.sqrt(damping) / pi)


print("sgd", run(sgd))
print("nesterov", run(nesterov))
print("adam", run(adam))
print("adamw", run(lambda *a: adam(*a, decay=0.1)))
print("clipped", run(sgd, clip=0.5))
print("damped newton", run(damped_newton))
print("optimum", np.linalg.lstsq(X, y, rcond=None)[0].tolist())
