"""The STRF definition, slow and obvious: NumPy, complex128, one signal, every map stored."""

import numpy as np
import scipy.signal

OCTAVES = "-4 -2 -1.5 -1 -.75 -.5 -.35 -.25 -.15 -.05 0 .02 .035 .05 .06 .08 .1 .2 .3 .5 1 2"
DECIBELS = (
    "-23 -21.5 -20 -16.5 -13.5 -10 -7 -5.5 -3 -.7 0 "
    "-.7 -3 -7 -10 -15.5 -18 -20 -22.5 -26.5 -31.5 -38"
)
OCTAVES = np.array(OCTAVES.split(), float)
DECIBELS = np.array(DECIBELS.split(), float)
RATES = [0.25, 0.5, 1, 2, 4, 5.7, 8, 11.3, 16, 22.6, 32]
SCALES = [0.71, 1, 1.41, 2, 2.83, 4, 5.66, 8]


def impulse_response(centre_hz, n_taps=8192, n_fft=1 << 17):
    """Minimum phase by the Hilbert transform: phase = -Hilbert(log magnitude)."""
    f = np.abs(np.fft.fftfreq(n_fft, 1 / 16_000))
    with np.errstate(divide="ignore"):
        db = np.interp(np.log2(f / centre_hz), OCTAVES, DECIBELS)
    log_magnitude = db / 20 * np.log(10)
    response = np.exp(np.conj(scipy.signal.hilbert(log_magnitude)))
    return np.fft.ifft(response).real[:n_taps]


def prepare(x, sr, n_kept):
    """Pad, cut, fade, normalise, resample."""
    x = np.concatenate([x, np.zeros(16_000)])[:n_kept]
    n_fade = round(0.05 * sr)
    for n in range(n_fade):
        x[n_kept - n_fade + n] *= 0.5 * (1 + np.cos(np.pi * n / n_fade))
    return scipy.signal.resample(x / 1.01 / max(x), int(n_kept * 16_000 / sr))


def auditory_spectrogram(x, sr, n_kept):
    """Return S [shape=(n_frames, 128)]: direct convolution, integrator sample by sample."""
    x = prepare(x, sr, n_kept)
    centres = [440 * 2 ** ((c - 31) / 24) for c in range(129)]
    y = np.stack([np.convolve(x, impulse_response(cf, len(x)))[: len(x)] for cf in centres])
    rectified = np.maximum(y[:-1] - y[1:], 0)
    v, frames = np.zeros(128), []
    for n in range(-(-len(x) // 64) * 64):
        v = np.exp(-1 / 128) * v + (rectified[:, n] if n < len(x) else 0)
        if n % 64 == 63:
            frames.append(v)
    return np.array(frames)


def rate_scale_maps(spectrogram):
    """Return z [shape=(T, 128, 8, 22)], rates from -32 to 32."""
    n_frames = len(spectrogram)
    n_r = 2 * 2 ** int(np.ceil(np.log2(n_frames)))
    rates = [-w for w in RATES[::-1]] + RATES
    z = np.zeros((n_frames, 128, len(SCALES), len(rates)), complex)
    spectrum = np.fft.fft2(spectrogram, (n_r, 256))
    spectrum[:, 128:] = 0
    for i, s in enumerate(SCALES):
        ratio = np.arange(256) / 128 * 12 / s
        scale_hat = ratio**2 * np.exp(1 - ratio**2)
        for j, w in enumerate(rates):
            z[:, :, i, j] = np.fft.ifft2(rate_hat(w, n_r)[:, None] * spectrum * scale_hat)[
                :n_frames, :128
            ]
    return z


def rate_hat(w, n_r):
    t = np.arange(n_r // 2) / 250 * abs(w)
    h = abs(w) * np.sin(2 * np.pi * t) * t**2 * np.exp(-3.5 * t)
    h_hat = np.fft.fft(h - np.mean(h), n_r)
    h_hat[n_r // 2 :] = 0
    h_hat /= np.abs(h_hat).max()
    if w < 0:
        h_hat[1:] = np.conj(h_hat[:0:-1])
    return h_hat


def reductions(x, sr, n_kept):
    """Return the three vectors of one signal by the names of their parts."""
    spectrogram = auditory_spectrogram(x, sr, n_kept)
    z = rate_scale_maps(spectrogram)
    mean = spectrogram.mean(0)[:, None]
    modulus = np.abs(z)
    marginals = [modulus.mean((0, 1)), modulus.mean((0, 2)), modulus.mean((0, 3))]
    return {
        "strf": np.hstack([modulus.mean(0).reshape(128, -1), mean]).ravel(),
        "strf_real": np.hstack([z.mean(0).real.reshape(128, -1), mean]).ravel(),
        "strf_average_vector": np.concatenate([m.ravel() for m in marginals]),
    }
