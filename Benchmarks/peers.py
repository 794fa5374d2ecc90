"""`jointloss bench`, with the same steps in TorchJD and JAX in its table.

  make bench PYTHON=/path/to/python     (a Python with torch, torchjd and jax)

Float32, one thread. Per workload, the strategies that the peers have too take turns with them; the others follow. Beside
a peer's median stands ours over it. A step is forward pass, losses, gradients, weights and Adam on the batch whose turn
it is of eight. Peers read our data and start from our parameters: where their losses in the first steps under equal
weights are not ours, but for rounding, the script ends with status 1.
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
import tempfile
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
# How far, relatively, a peer's losses may be from ours.
TOLERANCE = 1e-3


def numbers(program, workload):
    """Ours: inputs (batches × samples × inputs), targets (batches × tasks × samples × outputs), the weights of the trunk
    (outputs × inputs) and of the heads (tasks × outputs × inputs)."""
    import numpy as np
    inputs, width, layers, tasks, outputs, samples = WORKLOADS[workload]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, workload)
        subprocess.run([program, "bench", "numbers", workload, path], check=True)
        values = np.fromfile(path, "<f4")

    def take(*shape):
        nonlocal values
        count = int(np.prod(shape))
        taken, values = values[:count].reshape(shape), values[count:]
        return taken

    x, y = take(BATCHES, samples, inputs), take(tasks, BATCHES, samples, outputs).swapaxes(0, 1).copy()
    trunk = [take(width, width if layer else inputs) for layer in range(layers)]
    return x, y, trunk, take(tasks, outputs, width)


def torch_step(workload, strategy, numbers, autogram):
    """A step of TorchJD and the mean of the losses before it, or None where it has no such way."""
    import torch
    from torchjd import aggregation
    from torchjd.autogram import Engine
    from torchjd.autojac import jac_to_grad, mtl_backward
    torch.set_num_threads(1)
    inputs, width, layers, tasks, outputs, _ = WORKLOADS[workload]
    sizes = [inputs] + [width] * layers
    trunk = torch.nn.Sequential(*(module for above, below in zip(sizes[1:], sizes)
                                  for module in (torch.nn.Linear(below, above), torch.nn.ReLU())))
    heads = torch.nn.ModuleList(torch.nn.Linear(width, outputs) for _ in range(tasks))
    x, y = (torch.from_numpy(array) for array in numbers[:2])
    with torch.no_grad():
        for layer, weight in zip([*trunk[::2], *heads], [*numbers[2], *numbers[3]]):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.zero_()
    shared, own = list(trunk.parameters()), [list(head.parameters()) for head in heads]
    log_variances = torch.zeros(tasks, requires_grad=True)
    parameters = shared + [p for head in own for p in head] + ([log_variances] if strategy == "uncertainty" else [])
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
    classes = {"pcgrad": (aggregation.PCGrad, aggregation.PCGradWeighting),
               "mgda": (aggregation.MGDA, aggregation.MGDAWeighting)}
    if autogram and strategy not in classes:
        return None
    if strategy in classes:
        aggregator, weighting = (make() for make in classes[strategy])
    engine = Engine(trunk, batch_dim=None) if autogram else None

    def forward(index):
        features = trunk(x[index % BATCHES])
        return features, [torch.nn.functional.mse_loss(head(features), target)
                          for head, target in zip(heads, y[index % BATCHES])]

    def step(index):
        features, losses = forward(index)
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

    return step, lambda index: torch.stack(forward(index)[1]).mean().item()


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


def jax_step(workload, strategy, numbers):
    """A jitted step of JAX and the mean of the losses before it."""
    import jax
    jnp, tree = jax.numpy, jax.tree
    _, width, _, tasks, outputs, samples = WORKLOADS[workload]
    trunk, heads = numbers[2:]
    parameters = {
        "trunk": [(jnp.asarray(weight.T), jnp.zeros(width)) for weight in trunk],
        "heads": (jnp.asarray(heads.transpose(0, 2, 1)), jnp.zeros((tasks, 1, outputs))),
        "log_variances": jnp.zeros(tasks)}
    x, y = (jnp.asarray(array) for array in numbers[:2])

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

    def loss_before(index):
        z = features(state[0][0]["trunk"], x[index % BATCHES])
        return float(losses(state[0][0]["heads"], z, y[index % BATCHES]).mean())

    return step, loss_before


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


PEERS = {"torchjd": lambda *of: torch_step(*of, autogram=False),
         "autogram": lambda *of: torch_step(*of, autogram=True), "jax": jax_step}


def our_rows(program, workload, seconds, strategy=None):
    """The rows of `jointloss bench` as they come, in a process of its own; last, its exit status."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    command = [program, "bench", "--json", "--workload", workload, "--seconds", str(2 * seconds)]
    with subprocess.Popen(command + (["--strategy", strategy] if strategy else []), env=environment,
                          stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)
    yield process.returncode


def first_losses(step, loss_before, count):
    """The mean losses before each of the first steps."""
    result = []
    for index in range(count):
        result.append(loss_before(index))
        step(index)
    return result


def line(workload, strategy, engine, microseconds, *cells):
    widths = [12, 7, 9, 11, 10, 13]
    print(f"{workload:16}{strategy:22}{engine:10}{microseconds:12.1f}"
          + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths)), flush=True)


def our_line(row):
    check = row["check"]
    line(row["workload"], row["strategy"], "jointloss", row["microseconds"], f"{row['floorMicroseconds']:.1f}",
         f"{row['ratio']:.2f}", f"{row['peakMemoryBytes'] / 1e6:.0f}" if "peakMemoryBytes" in row else "",
         f"{check['deviation']:.1e}", f"{check['sensitivity']:.1e}" if "sensitivity" in check else "")


def beside_peers(program, workload, strategy, numbers, seconds):
    """Prints ours and the peers; returns what went wrong."""
    row, status = our_rows(program, workload, seconds, strategy)
    our_line(row)
    faults = [f"{strategy} on {workload}: ours"] if status else []
    for name, make in PEERS.items():
        peer = make(workload, strategy, numbers)
        if not peer:
            continue
        if strategy == "equal":
            ours = row["check"]["meanLosses"]
            theirs = first_losses(*peer, len(ours))
            if not all(abs(a - b) <= TOLERANCE * b for a, b in zip(theirs, ours)):
                faults.append(f"equal on {workload}: {name} {theirs}, ours {ours}")
        microseconds = median_microseconds(peer[0], seconds)
        line(workload, strategy, name, microseconds, "", "", "", "", "", f"{row['microseconds'] / microseconds:.3f}")
    return faults


def main():
    parser = argparse.ArgumentParser(description="Times our steps and the peers'.")
    parser.add_argument("program", help="the jointloss program, a release build")
    parser.add_argument("--workload", action="append", choices=WORKLOADS)
    parser.add_argument("--strategy", action="append", choices=STRATEGIES, help="only these, beside the peers")
    parser.add_argument("--seconds", type=float, default=2, help="the time of a measurement")
    arguments = parser.parse_args()
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"{sys.executable} has no {', '.join(missing)}; install what the peers need with\n"
                 f"  {sys.executable} -m pip install {' '.join(PACKAGES)}")
    os.environ.update(ENVIRONMENT)
    row, _ = our_rows(arguments.program, "small", 0.01, "equal")
    print(f"{row['blasKernel']}, {row['threads']} threads, Float")
    print(f"{'workload':16}{'strategy':22}{'engine':10}{'µs':>12}{'floor µs':>12}{'ratio':>7}{'peak MB':>9}"
          f"{'deviation':>11}{'rounding':>10}{'ours/theirs':>13}", flush=True)
    faults = []
    for workload in arguments.workload or WORKLOADS:
        read = numbers(arguments.program, workload)
        for strategy in arguments.strategy or STRATEGIES:
            faults += beside_peers(arguments.program, workload, strategy, read, arguments.seconds)
        if arguments.strategy:
            continue
        for row in our_rows(arguments.program, workload, arguments.seconds):
            if isinstance(row, int):
                faults += [f"{workload}: ours"] if row else []
            elif row["strategy"] not in STRATEGIES:
                our_line(row)
    if faults:
        sys.exit("wrong losses:\n" + "\n".join(faults))


if __name__ == "__main__":
    main()
