"""The network that reads floors' sides off strips, and its training (needs PyTorch: ``pip install csds[fit]``)."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as torch_functions

from benchmarks.side_examples import Examples
from csds.arena.strips import CHANNELS, OUT, PLACE, PLACES, ROWS, VIEW_TERMS

#: Channels of the layers that look at ever longer pieces of a side, and of those that look at all of it.
_LAYERS, _WHOLE = (12, 16, 24, 24), 48
#: Strips that are learned from at once, and how fast at most, at first and going on.
_BATCH, _FASTEST, _FASTEST_AGAIN = 128, 4e-3, 2e-3
#: How exactly an edge's place is to be read, in units, and what the enclosure, its size and its place are worth.
_EXACT, _ENCLOSURE_WORTH, _SIZE_WORTH, _ALONG_WORTH = 0.18, 0.5, 3.0, 0.5
#: What lies further out than about this, in units, is the surroundings.
_SURROUNDINGS = 4.0
#: Signs of the view's terms if left and right are swapped.
_MIRRORED = (-1, 1, 1, 1, -1, 1, 1, 1)


class SideNetwork(nn.Module):
    """Convolutions along and across a strip, then across it alone."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = _LAYERS
        self.first = nn.Conv2d(CHANNELS, a, (5, 5), stride=(2, 1), padding=(2, 2))
        self.second = nn.Conv2d(a, b, (3, 5), stride=(2, 1), padding=(1, 2))
        self.third = nn.Conv2d(b, c, (3, 5), stride=(2, 1), padding=(1, 2))
        self.fourth = nn.Conv2d(c, d, (3, 5), stride=(2, 1), padding=(1, 4), dilation=(1, 2))
        self.whole = nn.Conv2d(d, _WHOLE, (ROWS // 16, 1))
        self.view_early, self.view_late = nn.Linear(VIEW_TERMS, b), nn.Linear(VIEW_TERMS, _WHOLE)
        self.near = nn.Conv1d(_WHOLE, _WHOLE, 5, padding=4, dilation=2)
        self.far = nn.Conv1d(_WHOLE, _WHOLE, 5, padding=8, dilation=4)
        self.place, self.nowhere = nn.Conv1d(_WHOLE, 2, 3, padding=1), nn.Linear(_WHOLE, 2)
        self.enclosure = nn.Sequential(nn.Linear(2 * _WHOLE, 32), nn.ReLU(), nn.Linear(32, 3))
        self.along = nn.Sequential(nn.Linear(2 * _WHOLE, 32), nn.ReLU(), nn.Linear(32, 1))
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d | nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.place.weight, std=0.02)

    def forward(self, seen: Tensor, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores of the places for both ends, and of there being none, (n, 2, places + 1); the enclosure's."""
        relu = torch_functions.relu
        x = relu(self.second(relu(self.first(seen))) + self.view_early(views)[:, :, None, None])
        x = relu(self.fourth(relu(self.third(x))))
        x = relu(self.whole(x)[:, :, 0] + self.view_late(views)[:, :, None])
        x = x + relu(self.near(x))
        x = x + relu(self.far(x))
        mean = x.mean(2)
        places = torch.cat([self.place(x), self.nowhere(mean)[:, :, None]], 2)
        whole = torch.cat([mean, x.amax(2)], 1)
        return places, torch.cat([self.enclosure(whole), self.along(whole)], 1)


def train(examples: Examples, rounds: int, checkpoint: Path | None = None) -> SideNetwork:
    """Return a network that was shown all examples so often; goes on from a checkpoint, and leaves one."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network: SideNetwork = SideNetwork().to(memory_format=torch.channels_last)
    fastest = _FASTEST
    if checkpoint is not None and checkpoint.is_file():
        network.load_state_dict(torch.load(checkpoint, weights_only=True))
        fastest = _FASTEST_AGAIN
    batches = len(examples.seen) // _BATCH
    optimizer = torch.optim.AdamW(network.parameters(), lr=fastest, weight_decay=1e-3)
    speed = torch.optim.lr_scheduler.OneCycleLR(optimizer, fastest, total_steps=batches * rounds)
    for number in range(rounds):
        total = 0.0
        for which in np.array_split(rng.permutation(batches * _BATCH), batches):
            seen, views, ends, enclosure = (
                torch.from_numpy(getattr(examples, field.name)[which]).float() for field in fields(Examples)
            )
            seen, views, ends, enclosure = _varied(seen, views, ends, enclosure, rng)
            places, read = network(seen.contiguous(memory_format=torch.channels_last), views)
            lost = _loss(places, read, ends, enclosure)
            optimizer.zero_grad()
            lost.backward()
            optimizer.step()
            speed.step()
            total += float(lost.detach())
        if checkpoint is not None:
            torch.save(network.state_dict(), checkpoint)
        print(f"round {number + 1} of {rounds}: loss {total / batches:.4f}", flush=True)
    network.eval()
    return network


def _varied(
    seen: Tensor, views: Tensor, ends: Tensor, enclosure: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return strips as other rooms might show them, at random.

    Left and right swapped, other surroundings, other contrast, light that falls off, in negative, less sharp, noisier.
    """
    count = len(seen)
    if rng.random() < 0.5:
        seen, views, ends = seen.flip(2), views * torch.tensor(_MIRRORED), ends.flip(1)
        enclosure = enclosure * torch.tensor((1, 1, 1, -1))
    if rng.random() < 0.3:
        places = -OUT + (torch.arange(PLACES) + 0.5) * PLACE
        far = ends.min(1).values - _SURROUNDINGS * (0.4 + torch.rand(count))
        known = ends.max(1).values < -OUT + PLACES * PLACE
        swapped = known[:, None] & (places < far[:, None])
        seen = torch.where(swapped[:, None, None], seen[torch.randperm(count)], seen)
    grey = seen[:, :2] * torch.exp(0.35 * torch.randn(count, 1, 1, 1))
    slope = torch.randn(count, 1, 1, 1) * torch.linspace(-1, 1, ROWS)[:, None]
    slope = slope + torch.randn(count, 1, 1, 1) * torch.linspace(-1, 1, PLACES)
    grey = grey + 0.08 * torch.rand(count, 1, 1, 1) * slope
    if rng.random() < 0.3:
        wide = float(rng.uniform(0.1, 0.4))
        kernel = torch.tensor([wide, 1.0, wide]) / (1 + 2 * wide)
        grey = torch_functions.conv2d(grey.flatten(0, 1)[:, None], kernel.reshape(1, 1, 1, 3), padding=(0, 1))
        grey = grey.reshape(count, 2, ROWS, PLACES)
    if rng.random() < 0.15:
        grey = -grey
    noise = 0.08 * torch.randn(count, 1, ROWS, PLACES) * torch.rand(count, 1, 1, 1)
    return torch.cat([grey[:, :1], grey[:, 1:] + noise, seen[:, 2:]], 1), views, ends, enclosure


def _loss(places: Tensor, read: Tensor, ends: Tensor, enclosure: Tensor) -> Tensor:
    lost = -(_wanted(ends) * torch_functions.log_softmax(places, 2)).sum(2).mean()
    known, sized = ~torch.isnan(enclosure[:, 0]), ~torch.isnan(enclosure[:, 1])
    there = torch_functions.binary_cross_entropy_with_logits(read[known, 0], enclosure[known, 0])
    size = torch_functions.smooth_l1_loss(read[sized, 1:3], enclosure[sized, 1:3], beta=0.1)
    placed = ~torch.isnan(enclosure[:, 3])
    along = torch_functions.smooth_l1_loss(read[placed, 3], enclosure[placed, 3], beta=0.2)
    return lost + _ENCLOSURE_WORTH * there + _SIZE_WORTH * size + _ALONG_WORTH * along


def _wanted(ends: Tensor) -> Tensor:
    """Return how likely each place should be found, (n, 2, places + 1)."""
    at = -OUT + (torch.arange(PLACES) + 0.5) * PLACE
    here = torch.exp(-0.5 * ((at - ends[:, :, None]) / _EXACT) ** 2)
    within = (ends > -OUT) & (ends < -OUT + PLACES * PLACE)
    here = here / (here.sum(2, keepdim=True) + 1e-12) * within[:, :, None]
    return torch.cat([here, (~within)[:, :, None].float()], 2)


def write(network: SideNetwork, path: Path) -> None:
    """Write a network for OpenCV to run."""
    strips, views = torch.zeros(4, CHANNELS, ROWS, PLACES), torch.zeros(4, VIEW_TERMS)
    torch.onnx.export(
        network,
        (strips, views),
        path,
        input_names=["seen", "views"],
        output_names=["places", "enclosure"],
        dynamic_axes={name: {0: "n"} for name in ("seen", "views", "places", "enclosure")},
        opset_version=13,
        dynamo=False,
    )
