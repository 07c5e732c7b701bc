"""Slow and obvious scattering, path by path in NumPy: full spectra, complex FFTs, no cropping.

Follows the published semantics of the transforms literally, so that the tensor version is tested
against another route. Filters are written out here as well: nothing of the package is imported.
"""

import math

import numpy as np


def wavelet_bank(J, Q, sigma0=0.1):
    """List of (xi, sigma, j), from high to low frequency."""
    factor = 2 ** (-1 / Q)
    xi = max(0.35, 1 / (1 + 2 ** (3 / Q)))
    sigma = xi * (1 - factor) / (1 + factor) / math.sqrt(math.log(2))
    least = sigma0 / 2**J
    pairs = []
    if sigma > least:
        pairs.append((xi, sigma))
        while sigma > least * 2 ** (1 / Q):
            xi, sigma = xi / 2 ** (1 / Q), sigma / 2 ** (1 / Q)
            pairs.append((xi, sigma))
    else:
        xi = sigma
    pairs += [(xi - xi * q / Q, least) for q in range(1, Q)]
    return [(x, s, math.floor(-math.log2(min(x + 5 * s, 0.5))) - 1) for x, s in pairs]


def fourier_filter(N, xi, sigma):
    """Morlet (or Gaussian, xi = 0) on N bins, folded, zero-mean, l1-normalised."""
    P = min(math.ceil(1 + sigma * math.sqrt(-2 * math.log(1e-7))), 5)
    w = np.arange((1 - P) * N, P * N) / N
    low = np.exp(-(w**2) / (2 * sigma**2)).reshape(2 * P - 1, N).mean(0)
    if xi == 0:
        f = low
    else:
        f = np.exp(-((w - xi) ** 2) / (2 * sigma**2)).reshape(2 * P - 1, N).mean(0)
        f = f - f[0] / low[0] * low
    return f / np.abs(np.fft.ifft(f)).sum()


def fold(f, k):
    """Filter at resolution 2**-k: periodised by summing."""
    return f.reshape(2**k, -1).sum(0)


def convolve(x, f, k):
    """Circular convolution along the last axis, then one sample in 2**k."""
    return np.fft.ifft(np.fft.fft(x) * f)[..., :: 2**k]


class Reference:
    """Geometry and stages of both transforms for one signal [shape=(N,)]."""

    def __init__(self, N, J, Q, T=None, stride=None):
        Q = (Q, 1) if isinstance(Q, int) else (*Q, 1)[:2]
        self.average = {None: "local", "global": "global", 0: False}.get(T, "local")
        self.T = T if T not in (None, "global", 0) else 2**J
        self.log2_T = math.floor(math.log2(self.T))
        self.log2_stride = self.log2_T if stride is None else int(math.log2(stride))
        phi = np.abs(np.fft.ifft(fourier_filter(N, 0, 0.1 / self.T)))[: N // 2]
        tails = np.array([phi[n:].sum() for n in range(len(phi))])
        small = np.flatnonzero(tails <= 1e-3)
        support = 3 * (small[0] + 1 if len(small) else N // 2)
        log2_N = min(math.ceil(math.log2(N + 2 * support)), math.floor(math.log2(3 * N - 2)))
        self.N, self.N_padded = N, 2**log2_N
        self.left = (self.N_padded - N) // 2
        self.psi1, self.psi2 = wavelet_bank(J, Q[0]), wavelet_bank(J, Q[1])
        self.phi = self.filter(0, 0.1 / self.T)
        self.J, self.Q1 = J, Q[0]

    def filter(self, xi, sigma):
        return fourier_filter(self.N_padded, xi, sigma)

    def pad(self, x):
        return np.pad(x, (self.left, self.N_padded - self.N - self.left), mode="reflect")

    def crop(self, U, k):
        start, end = self.left, self.left + self.N
        for _ in range(k):
            start, end = -(-start // 2), -(-end // 2)
        return U[..., start:end]

    def resolution(self, j):
        return min(j, self.log2_stride) if self.average == "local" else j

    def lowpass(self, U, k):
        return convolve(U, fold(self.phi, k), self.log2_stride - k).real

    def reduce(self, U, k):
        """Average a real signal at resolution 2**-k in time, and crop."""
        if self.average == "local":
            return self.crop(self.lowpass(U, k), self.log2_stride)
        if self.average == "global":
            return U.sum(-1, keepdims=True)
        return self.crop(U, k)

    def U_1(self, x):
        """List of (U, k, j1)."""
        out = []
        for xi, sigma, j in self.psi1:
            k = self.resolution(j)
            out.append((np.abs(convolve(self.pad(x), self.filter(xi, sigma), k)), k, j))
        return out

    def Y_2(self, U_1, n2):
        """Complex rows [shape=(rows, time)] and their resolution."""
        xi, sigma, j2 = self.psi2[n2]
        k2 = self.resolution(j2)
        rows = [
            convolve(U, fold(self.filter(xi, sigma), k1), k2 - k1) for U, k1, j1 in U_1 if j1 < j2
        ]
        return np.array(rows), k2


def scattering1d(x, J, Q=1, T=None, stride=None, max_order=2):
    """Dictionary {n: coefficients} in the order of the array output."""
    R = Reference(len(x), J, Q, T, stride)
    U_1 = R.U_1(x)
    S = {(): R.reduce(R.pad(x), 0)}
    S |= {(n1,): R.reduce(U, k) for n1, (U, k, _) in enumerate(U_1)}
    second = {}
    for n2 in range(len(R.psi2) if max_order == 2 else 0):
        Y, k2 = R.Y_2(U_1, n2)
        second |= {(n1, n2): R.reduce(np.abs(row), k2) for n1, row in enumerate(Y)}
    return S | dict(sorted(second.items()))


def jtfs(x, J, J_fr, Q, T=None, stride=None, Q_fr=1, F=None, stride_fr=None):
    """S_0, and {(n2 or None, n_fr): (rows of the padded axis, log2 of their stride)} unpadded."""
    R = Reference(len(x), J, Q, T, stride)
    average_fr = {None: "local", "global": "global", 0: False}.get(F, "local")
    F = F if F not in (None, "global", 0) else 2**J_fr
    log2_F = math.floor(math.log2(F))
    s_fr = log2_F if stride_fr is None else int(math.log2(stride_fr))
    N_fr = int((J + 1) * R.Q1 + 8 * min(F, 2**J_fr)) // 2**J_fr * 2**J_fr
    up = wavelet_bank(J_fr, Q_fr)
    psi_fr = [(0, 0.1 / 2**J_fr, J_fr), *up, *((-xi, sigma, j) for xi, sigma, j in up)]
    phi_F = fourier_filter(N_fr, 0, 0.1 / F)

    def scatter(Y, time_average):
        """Rows Y [shape=(rows, time)] through every psi_fr: modulus, averages."""
        padded = np.zeros((N_fr, Y.shape[1]), dtype=complex)
        padded[: len(Y)] = Y
        for n_fr, (xi, sigma, j) in enumerate(psi_fr):
            k = min(j, s_fr) if average_fr == "local" else j
            U = np.abs(convolve(padded.T, fourier_filter(N_fr, xi, sigma), k)).T
            U = time_average(U)
            if average_fr == "local" and xi != 0:
                U = convolve(U.T, fold(phi_F, k), s_fr - k).real.T
                k = s_fr
            if average_fr == "global" and xi != 0:
                U, k = U.sum(0, keepdims=True), None
            yield n_fr, U, k

    U_1 = R.U_1(x)
    S_1 = np.array([R.lowpass(U, k) for U, k, _ in U_1])
    if R.average != "global":
        S_1 = R.crop(S_1, R.log2_stride)
    total = R.average == "global"
    paths = {}
    for n_fr, U, k in scatter(S_1, lambda U: U.sum(-1, keepdims=True) if total else U):
        if n_fr <= len(up):
            paths[None, n_fr] = (U, k)
    for n2 in range(len(R.psi2)):
        Y, k2 = R.Y_2(U_1, n2)
        if len(Y):
            for n_fr, U, k in scatter(Y, lambda U, k2=k2: R.reduce(U, k2)):
                paths[n2, n_fr] = (U, k)
    return R.reduce(R.pad(x), 0), paths
