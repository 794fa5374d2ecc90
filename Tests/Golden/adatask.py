"""Prints the numbers of AdaTaskTests: the updates of five steps of two tasks on three parameters. Needs numpy."""
import numpy as np


def gradient(task, step):
    j = np.arange(3)
    return np.array([2.0, 0.01][task] * ((7 * step + 5 * j + 3 * task) % 11 - 5.5))


def run(rule, present=lambda task, step: True):
    state = [{"k": 0, "m": np.zeros(3), "v": np.zeros(3)} for _ in range(2)]
    for step in range(5):
        update = np.zeros(3)
        for task in range(2):
            if present(task, step):
                update += rule(gradient(task, step), state[task])
        print("   ", update.tolist())


def adam(g, s, b1=0.9, b2=0.999, eps=1e-8):
    s["k"] += 1
    s["m"] = b1 * s["m"] + (1 - b1) * g
    s["v"] = b2 * s["v"] + (1 - b2) * g**2
    return s["m"] / (1 - b1 ** s["k"]) / (np.sqrt(s["v"] / (1 - b2 ** s["k"])) + eps)


def rmsprop(g, s, b2=0.999, eps=1e-8):
    s["v"] = b2 * s["v"] + (1 - b2) * g**2
    return g / (np.sqrt(s["v"]) + eps)


def adagrad(g, s, eps=1e-8):
    s["v"] = s["v"] + g**2
    return g / (np.sqrt(s["v"]) + eps)


for rule in (adam, rmsprop, adagrad):
    print(rule.__name__)
    run(rule)
print("adam, beta1 0.5, beta2 0.8, epsilon 0.1")
run(lambda g, s: adam(g, s, 0.5, 0.8, 0.1))
print("adam, the second task absent from steps 1 and 2")
run(adam, lambda task, step: task == 0 or step not in (1, 2))
