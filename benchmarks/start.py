"""What a program that trains costs before it trains, and how much memory: import, first step, peak, in new processes.

    python benchmarks/start.py [--rounds 3]

Each program imports its library, makes a model, and trains it for 200 steps on 10,000 random examples: the VAE
784-256-10 (KerasZoo, a plain loop in PyTorch, pythae), five spline transforms of 8 features (KerasZoo, zuko), the dense
GAN with gradient penalty of benchmarks/gans.py (KerasZoo, a plain loop in PyTorch). What is not installed is left out.
Seconds are of the wall clock; memory is the most that the process held.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys

from interleaved import add_option, append

PREAMBLE = """
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
started = time.perf_counter()
{imports}
imported = time.perf_counter()
import json, resource
import numpy as np
x = np.random.default_rng(0).random((10_000, {features}), "float32")
{model}
train(1)
first = time.perf_counter()
train(200)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([imported - started, first - imported, peak]))
"""

VAE_OF_TORCH = """
nn = torch.nn
encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 20))
decoder = nn.Sequential(nn.Linear(10, 256), nn.ReLU(), nn.Linear(256, 784))
data = torch.from_numpy(x)
"""

#: {(title, library): (package it needs, features, imports, model and train)}
PROGRAMS = {
    ("VAE 784-256-10, batch 128", "KerasZoo"): ("keraszoo", 784, "import keras; from keraszoo.models import VAE", """
model = VAE((784,), latent_dim=10, hidden=(256,))
model.compile("adam")
def train(steps):
    model.fit(x, batch_size=128, epochs=1, steps_per_epoch=min(steps, 78), verbose=0)
"""),
    ("VAE 784-256-10, batch 128", "torch, a plain loop"): ("torch", 784, "import torch", VAE_OF_TORCH + """
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], fused=True)
def train(steps):
    order = torch.randperm(len(data))
    for index in range(min(steps, 78)):
        batch = data[order[128 * index : 128 * (index + 1)]]
        mean, log_var = encoder(batch).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        loss = nn.functional.binary_cross_entropy_with_logits(decoder(z), batch, reduction="sum")
        loss = (loss + 0.5 * torch.sum(log_var.exp() + mean.square() - 1 - log_var)) / 128
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""),
    ("VAE 784-256-10, batch 128", "pythae"): (
        "pythae", 784, "import torch; from pythae.models import VAE, VAEConfig; "
        "from pythae.trainers import BaseTrainer, BaseTrainerConfig; from pythae.data.datasets import BaseDataset; "
        "from pythae.models.base.base_utils import ModelOutput; from pythae.models.nn import BaseDecoder, BaseEncoder; "
        "from pythae.trainers.training_callbacks import CallbackHandler", VAE_OF_TORCH + """
class Encoder(BaseEncoder):
    def __init__(self):
        super().__init__()
        self.network = encoder
    def forward(self, x):
        mean, log_var = self.network(x).chunk(2, dim=1)
        return ModelOutput(embedding=mean, log_covariance=log_var)
class Decoder(BaseDecoder):
    def __init__(self):
        super().__init__()
        self.network = decoder
    def forward(self, z):
        return ModelOutput(reconstruction=torch.sigmoid(self.network(z)))
model = VAE(VAEConfig(input_dim=(784,), latent_dim=10, reconstruction_loss="bce"), Encoder(), Decoder())
config = BaseTrainerConfig(output_dir="/tmp", per_device_train_batch_size=128, no_cuda=True)
trainer = BaseTrainer(model, BaseDataset(data, torch.ones(len(data))), training_config=config)
trainer.set_optimizer()
trainer.callback_handler = CallbackHandler([], model)
def train(steps):
    rows = 128 * min(steps, 78)
    trainer.train_loader = trainer.get_train_dataloader(BaseDataset(data[:rows], torch.ones(rows)))
    trainer.train_step(1)
"""),
    ("spline flow, 8 features, 64 units, batch 512", "KerasZoo"): (
        "keraszoo", 8, "import keras; from keraszoo.models import NSF", """
model = NSF((8,), transforms=5, hidden=(64, 64), bins=8)
model.compile("adam")
def train(steps):
    model.fit(x, batch_size=512, epochs=-(-steps // 20), steps_per_epoch=min(steps, 20), verbose=0)
"""),
    ("spline flow, 8 features, 64 units, batch 512", "zuko"): ("zuko", 8, "import torch, zuko", """
flow = zuko.flows.NSF(8, bins=8, transforms=5, hidden_features=[64, 64])
optimizer, data = torch.optim.Adam(flow.parameters()), torch.from_numpy(x)
def train(steps):
    for _ in range(steps):
        loss = -flow().log_prob(data[torch.randint(len(data), (512,))]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    add_option(parser)
    options = parser.parse_args()
    programs = {key: value for key, value in PROGRAMS.items() if importlib.util.find_spec(value[0])}
    found = {key: [] for key in programs}
    for _ in range(options.rounds):
        for key, (_, features, imports, model) in programs.items():
            code = PREAMBLE.format(imports=imports, features=features, model=model)
            told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            if told.returncode:
                raise SystemExit(f"{' with '.join(key[::-1])} failed:\n{told.stderr[-2000:]}")
            found[key].append(json.loads(told.stdout.splitlines()[-1]))
    for (title, library), rounds in found.items():
        imports, first, peak = (statistics.median(column) for column in zip(*rounds, strict=True))
        append(
            options.records,
            [{"start": title, "library": library, "import_s": imports, "first_step_s": first, "peak_MiB": peak}],
        )
        print(f"{title}, {library}: import {imports:.1f} s, first step {first:.1f} s, peak {peak:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
