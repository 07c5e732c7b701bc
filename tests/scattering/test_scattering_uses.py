"""Uses of Kymatio after its documentation, with the import changed."""

import numpy as np
import torch
from torch import nn

from jtfs_repro.scattering import Scattering1D
from jtfs_repro.scattering.numpy import Scattering1D as NumPyScattering1D
from jtfs_repro.scattering.numpy import TimeFrequencyScattering


def test_classification_of_sounds_by_their_log_scattering():
    """Padded clips, log of order 1 and 2, their mean over time, a linear layer and Adam."""
    N, J, Q = 2**10, 6, 8
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    t = torch.arange(N)
    pitch = torch.tensor([0.02, 0.05, 0.11])[labels][:, None]
    x = torch.sin(2 * np.pi * pitch * t + 6 * torch.rand(60, 1, generator=generator))
    x = x * (t < 800) + 0.3 * torch.randn(60, N, generator=generator)
    S = Scattering1D(J, N, Q)
    features = torch.log(torch.abs(S(x)[:, 1:]) + 1e-6).mean(dim=-1)
    training = torch.arange(60) < 42
    mean, deviation = features[training].mean(0), features[training].std(0)
    features = (features - mean) / deviation
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(features.shape[1], 3), nn.LogSoftmax(dim=1))
    optimiser = torch.optim.Adam(model.parameters())
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.nll_loss(model(features[training]), labels[training]).backward()
        optimiser.step()
    right = model(features[~training]).argmax(1) == labels[~training]
    assert right.float().mean() > 0.9


def test_orders_of_a_synthetic_signal():
    """Rows of an order by `meta`; the first order is loudest at the tone's frequency."""
    T, J, Q = 2**13, 6, 16
    x = np.zeros(T)
    x[2000:5000] = np.sin(2 * np.pi * 0.1 * np.arange(3000))
    scattering = NumPyScattering1D(J, T, Q)
    meta, S = scattering.meta(), scattering(x)
    orders = [S[np.where(meta["order"] == order)] for order in (0, 1, 2)]
    assert [len(order) for order in orders] == list(scattering.output_size(True))
    loudest = orders[1].sum(-1).argmax()
    assert abs(np.log2(meta["xi"][1 + loudest, 0] / 0.1)) < 1 / Q
    frames = orders[1][loudest]
    assert frames[: 1500 >> J].max() < 0.01 < frames[(2500 >> J) : (4500 >> J)].min()


def test_orders_of_a_recording_of_any_length():
    """Integers of a sound file to a batch of one, by an array's own peak."""
    recorded = (9000 * np.sin(0.2 * np.arange(1771) ** 1.1)).astype(np.int16)
    x = (recorded / np.max(np.abs(recorded))).reshape(1, -1)
    scattering = NumPyScattering1D(6, x.shape[-1], 16, frontend="numpy")
    Sx, meta = scattering(x), scattering.meta()
    by_order = [Sx[0, np.where(meta["order"] == order)[0]] for order in (0, 1, 2)]
    assert sum(len(rows) for rows in by_order) == Sx.shape[1]
    assert {rows.shape[-1] for rows in by_order} == {27}  # as many as there
    assert np.isfinite(Sx).all()


def test_reconstruction_by_gradient_descent():
    """From noise to the coefficients of a chirp; steps that grow, and shrink where one fails."""
    T, J, Q = 2**10, 5, 8
    t = torch.arange(T) / T
    x = torch.sin(2 * np.pi * (40 * t + 60 * t**2)) * torch.hann_window(T)
    scattering = Scattering1D(J, T, Q)
    Sx = scattering(x)
    torch.manual_seed(0)
    y = torch.randn(T, requires_grad=True)
    rate, errors = 10.0, []
    Sy = scattering(y)
    for _ in range(60):
        error = torch.norm(Sx - Sy)
        errors.append(error.detach() / torch.norm(Sx))
        torch.autograd.backward(error)
        with torch.no_grad():
            trial = y - rate * y.grad
        trial.requires_grad = True
        Sy = scattering(trial)
        if len(errors) > 1 and errors[-1] > errors[-2]:
            rate *= 0.55
        else:
            rate *= 1.1
            y = trial
    assert min(errors) < 0.1 < 1 < errors[0]


def test_seconds_of_a_batch():
    """Moved to a device, called by ``forward``, several times."""
    scattering = Scattering1D(5, 2**9, 8)
    x = torch.randn(4, 2**9, generator=torch.Generator().manual_seed(0))
    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        scattering = scattering.cuda() if device == "cuda" else scattering.cpu()
        outputs = [scattering.forward(x.to(device)) for _ in range(3)]
        assert outputs[0].device.type == device
        assert torch.equal(outputs[0], outputs[2])


def test_curves_of_the_filters():
    """Spectra over frequency, and a wavelet in time: at its xi, complex, centred at 0."""
    scattering = NumPyScattering1D(J=5, shape=2**10, Q=(8, 1))
    T = len(scattering.phi_f["levels"][0])
    frequencies = np.arange(T) / T
    for psi in (*scattering.psi1_f, *scattering.psi2_f):
        spectrum = psi["levels"][0]
        # with few wavelets per octave, what makes their mean zero moves the peak a little
        assert abs(frequencies[np.argmax(spectrum)] - psi["xi"]) <= 0.5 / T + 0.01 * psi["sigma"]
    wavelet = np.fft.ifft(scattering.psi1_f[-1]["levels"][0])
    assert np.argmax(np.abs(wavelet)) == 0
    assert np.abs(wavelet.imag).max() > 0.5 * wavelet.real.max()
    assert np.argmax(scattering.phi_f["levels"][0]) == 0


def test_joint_scattering_of_two_chirps():
    """One rises, then one falls: the spin tells them apart, in both formats."""
    N = 2**11
    t = np.arange(N // 2)
    rising = np.cos(2 * np.pi * (0.02 * t + 0.09 * t**2 / len(t))) * np.hanning(len(t))
    x = np.concatenate([rising, rising[::-1]]).astype("float32")
    in_time = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=(N,), format="time")
    assert in_time(x[None]).shape[:2] == (1, in_time.output_size())
    joint = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=(N,), format="joint")
    Sx, meta = joint(x[None]), joint.meta()
    assert Sx.shape[:2] == (1, len(meta["spin"]))
    energy = {  # of order 2: entries that are low-pass in time have spin 1 alone
        spin: (Sx[0, (meta["spin"] == spin) & (meta["order"] == 2)] ** 2).sum((0, 1))
        for spin in (1, -1)
    }
    rises = energy[1] / energy[-1]
    assert Sx.shape[-1] == 8
    assert rises[1:4].min() > 3
    assert rises[5:8].max() < 1 / 3
    np.testing.assert_allclose(rises[1:4], 1 / rises[7:4:-1], rtol=0.05)  # time backwards
