"""The steps of `jointloss bench` in TorchJD and JAX, beside ours.

  make bench PYTHON=/path/to/python     (a Python with torch, torchjd and jax)

Float32, one thread. Per workload and strategy, ours and the peers take turns, and medians are printed with their ratio to
ours. A step is forward pass, losses, gradients, weights and Adam on the batch whose turn it is of eight.
  torchjd   mtl_backward and an aggregator; plain sums of losses for the two loss strategies; torch's fused Adam
  autogram  TorchJD's Gramian engine and a weighting, whose weights then also hold for the heads
  jax       one jitted step; vmapped cotangents, PCGrad and MGDA (Frank-Wolfe, at most 100 iterations) on their Gramian
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NPROC": "1", "JAX_PLATFORMS": "cpu",
               "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
PACKAGES = ["numpy", "torch", "torchjd", "jax"]
# Inputs, width, layers, tasks, outputs a task, batch: as in Workload.swift.
WORKLOADS = {"small": (32, 64, 2, 2, 1, 64), "gradnorm-toy": (250, 100, 4, 10, 100, 100),
             "gradnorm-toy-t2": (250, 100, 4, 2, 100, 100), "medium": (128, 512, 3, 10, 16, 256),
             "wide": (256, 1024, 3, 40, 1, 256)}
STRATEGIES = ["equal", "uncertainty", "pcgrad", "mgda"]
BATCHES = 8


def batches(workload):
    """Eight batches of inputs (samples × inputs) and targets (tasks × samples × outputs)."""
    import numpy as np
    inputs, _, _, tasks, outputs, samples = WORKLOADS[workload]
    rng = np.random.default_rng(0)
    common = rng.standard_normal((inputs, outputs))
    maps = common + 0.35 * rng.standard_normal((tasks, inputs, outputs))
    x = rng.standard_normal((BATCHES, samples, inputs))
    scale = 1 + np.arange(tasks)[:, None, None] / 5
    y = np.stack([scale * np.tanh(batch @ maps / inputs ** 0.5) for batch in x])
    return x.astype(np.float32), y.astype(np.float32)


def torch_step(workload, strategy, autogram):
    """A step of TorchJD, or None where it has no such way."""
    import torch
    from torchjd import aggregation
    from torchjd.autogram import Engine
    from torchjd.autojac import jac_to_grad, mtl_backward
    torch.set_num_threads(1)
    torch.manual_seed(0)
    inputs, width, layers, tasks, outputs, _ = WORKLOADS[workload]
    sizes = [inputs] + [width] * layers
    trunk = torch.nn.Sequential(*(module for above, below in zip(sizes[1:], sizes)
                                  for module in (torch.nn.Linear(below, above), torch.nn.ReLU())))
    heads = torch.nn.ModuleList(torch.nn.Linear(width, outputs) for _ in range(tasks))
    shared, own = list(trunk.parameters()), [list(head.parameters()) for head in heads]
    log_variances = torch.zeros(tasks, requires_grad=True)
    parameters = shared + [p for head in own for p in head] + ([log_variances] if strategy == "uncertainty" else [])
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
    x, y = (torch.from_numpy(array) for array in batches(workload))
    classes = {"pcgrad": (aggregation.PCGrad, aggregation.PCGradWeighting),
               "mgda": (aggregation.MGDA, aggregation.MGDAWeighting)}
    if autogram and strategy not in classes:
        return None
    if strategy in classes:
        aggregator, weighting = (make() for make in classes[strategy])
    engine = Engine(trunk, batch_dim=None) if autogram else None

    def step(index):
        features = trunk(x[index % BATCHES])
        losses = [torch.nn.functional.mse_loss(head(features), target)
                  for head, target in zip(heads, y[index % BATCHES])]
        optimizer.zero_grad()
        if strategy == "equal":
            torch.stack(losses).sum().backward()
        elif strategy == "uncertainty":
            (0.5 * torch.stack(losses) * torch.exp(-log_variances) + 0.5 * log_variances).sum().backward()
        elif autogram:
            stacked = torch.stack(losses)
            stacked.backward(weighting(engine.compute_gramian(stacked)))
        else:
            mtl_backward(losses, features=features, shared_params=shared, tasks_params=own)
            jac_to_grad(shared, aggregator)
        optimizer.step()

    return step


def jax_pcgrad(jax, gramian, key):
    """The weights of PCGrad: each row is projected on the others in an order of its own."""
    jnp, count = jax.numpy, len(gramian)
    orders = jax.vmap(lambda k: jax.random.permutation(k, count))(jax.random.split(key, count))

    def project(place, coefficients):
        others = orders[:, place]
        products = jnp.einsum("ij,ij->i", coefficients, gramian[others])
        conflicts = (products < 0) & (others != jnp.arange(count))
        change = jnp.where(conflicts, products / gramian[others, others], 0)
        return coefficients.at[jnp.arange(count), others].add(-change)

    return jax.lax.fori_loop(0, count, project, jnp.eye(count)).sum(0)


def jax_mgda(jax, gramian):
    """The weights of the point of least norm, by Frank-Wolfe with exact line search."""
    jnp, count = jax.numpy, len(gramian)

    def move(state):
        iteration, weights, _ = state
        slopes = gramian @ weights
        best = jnp.argmin(slopes)
        direction = -weights.at[best].add(-1)
        curvature = direction @ gramian @ direction
        length = jnp.clip(-(direction @ slopes) / jnp.maximum(curvature, 1e-30), 0, 1)
        return iteration + 1, weights + length * direction, length

    unfinished = lambda state: (state[0] < 100) & (state[2] > 1e-3)
    return jax.lax.while_loop(unfinished, move, (0, jnp.full(count, 1 / count), jnp.float32(1)))[1]


def jax_step(workload, strategy):
    """A jitted step of JAX."""
    import jax
    import numpy as np
    jnp, tree = jax.numpy, jax.tree
    inputs, width, layers, tasks, outputs, samples = WORKLOADS[workload]
    rng = np.random.default_rng(1)
    normal = lambda *shape, scale: jnp.asarray(scale * rng.standard_normal(shape), jnp.float32)
    sizes = [inputs] + [width] * layers
    parameters = {
        "trunk": [(normal(below, above, scale=(2 / below) ** 0.5), jnp.zeros(above))
                  for above, below in zip(sizes[1:], sizes)],
        "heads": (normal(tasks, width, outputs, scale=width ** -0.5), jnp.zeros((tasks, 1, outputs))),
        "log_variances": jnp.zeros(tasks)}
    x, y = (jnp.asarray(array) for array in batches(workload))

    def features(trunk, x):
        for weight, bias in trunk:
            x = jax.nn.relu(x @ weight + bias)
        return x

    def losses(heads, z, y):
        return ((jnp.einsum("bw,two->tbo", z, heads[0]) + heads[1] - y) ** 2).mean((1, 2))

    def loss(parameters, x, y):
        each = losses(parameters["heads"], features(parameters["trunk"], x), y)
        if strategy == "equal":
            return each.sum()
        logs = parameters["log_variances"]
        return (0.5 * each * jnp.exp(-logs) + 0.5 * logs).sum()

    def gramian_gradient(parameters, x, y, key):
        z, pull = jax.vjp(lambda trunk: features(trunk, x), parameters["trunk"])
        heads, bias = parameters["heads"]
        error = 2 / (samples * outputs) * (jnp.einsum("bw,two->tbo", z, heads) + bias - y)
        (rows,) = jax.vmap(pull)(jnp.einsum("tbo,two->tbw", error, heads))
        gramian = sum(jnp.einsum("tn,sn->ts", row, row)
                      for row in (leaf.reshape(tasks, -1) for leaf in tree.leaves(rows)))
        weights = jax_pcgrad(jax, gramian, key) if strategy == "pcgrad" else jax_mgda(jax, gramian)
        return {"trunk": tree.map(lambda row: jnp.tensordot(weights, row, 1), rows),
                "heads": (jnp.einsum("bw,tbo->two", z, error), error.sum(1, keepdims=True)),
                "log_variances": jnp.zeros(tasks)}

    def update(state, x, y):
        parameters, first, second, count, key = state
        key, drawn = jax.random.split(key)
        gradient = jax.grad(loss)(parameters, x, y) if strategy in ("equal", "uncertainty") else \
            gramian_gradient(parameters, x, y, drawn)
        count += 1
        first = tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        parameters = tree.map(
            lambda p, m, v: p - 1e-3 * m / (1 - 0.9 ** count) / (jnp.sqrt(v / (1 - 0.999 ** count)) + 1e-8),
            parameters, first, second)
        return parameters, first, second, count, key

    zeros = lambda: tree.map(jnp.zeros_like, parameters)
    state = [(parameters, zeros(), zeros(), jnp.float32(0), jax.random.key(0))]
    compiled = jax.jit(update, donate_argnums=0)

    def step(index):
        state[0] = jax.block_until_ready(compiled(state[0], x[index % BATCHES], y[index % BATCHES]))

    return step


def median_microseconds(step, seconds):
    """The median of a step, after two that warm up; at least five are timed."""
    for index in range(2):
        step(index)
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        step(len(times))
        times.append(1e6 * (time.perf_counter() - begin))
    return statistics.median(times)


def our_microseconds(program, workload, strategy, seconds):
    """The median of our step in a process of its own."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    command = [program, "bench", "--json", "--workload", workload, "--strategy", strategy, "--seconds", str(2 * seconds)]
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return json.loads(output)["microseconds"]


def main():
    parser = argparse.ArgumentParser(description="Times the peers' steps beside ours.")
    parser.add_argument("program", help="the jointloss program, a release build")
    parser.add_argument("--workload", action="append", choices=WORKLOADS)
    parser.add_argument("--strategy", action="append", choices=STRATEGIES)
    parser.add_argument("--seconds", type=float, default=2, help="the time of a measurement")
    arguments = parser.parse_args()
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"{sys.executable} has no {', '.join(missing)}; install what the peers need with\n"
                 f"  {sys.executable} -m pip install {' '.join(PACKAGES)}")
    os.environ.update(ENVIRONMENT)
    peers = {"torchjd": lambda w, s: torch_step(w, s, False), "autogram": lambda w, s: torch_step(w, s, True),
             "jax": jax_step}
    print(f"{'workload':16}{'strategy':13}{'ours µs':>10}" + "".join(f"{name + ' µs (ratio)':>24}" for name in peers))
    for workload in arguments.workload or WORKLOADS:
        for strategy in arguments.strategy or STRATEGIES:
            ours = our_microseconds(arguments.program, workload, strategy, arguments.seconds)
            cells = ""
            for make in peers.values():
                step = make(workload, strategy)
                theirs = median_microseconds(step, arguments.seconds) if step else None
                cells += f"{f'{theirs:.0f} ({theirs / ours:.1f})' if theirs else '':>24}"
            print(f"{workload:16}{strategy:13}{ours:10.1f}{cells}", flush=True)


if __name__ == "__main__":
    main()
