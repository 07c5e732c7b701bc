# Everything that `make figures` needs, without root and without a network at run time:
#
#   docker build -t jtfs_repro .
#   docker run --name figures jtfs_repro                      # all figures and tables, demo scale
#   docker cp figures:/home/reader/jtfs_repro/results .       # and img/
#   docker run jtfs_repro make figures OPTIONS="--config scale=smoke"
#
# A GPU: torch's wheel for Linux carries CUDA, so that the same image takes
#   docker run --gpus all jtfs_repro make figures OPTIONS="--workflow-profile profiles/gpu"
# with the driver and the container toolkit of the host. Without one, CPU wheels make an image
# some gigabytes smaller: --build-arg PIP_OPTIONS="--extra-index-url ADDRESS", with the address of
# the CPU wheels that PyTorch's page on installation gives.
FROM python:3.11-slim-bookworm

# git names the commit in every result's provenance; the soundfont plays the test clips of Section 4
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make fluid-soundfont-gm \
    && rm -rf /var/lib/apt/lists/*

ARG UID=1000
RUN useradd --create-home --uid ${UID} reader
USER ${UID}
WORKDIR /home/reader/jtfs_repro
# USER: snakemake asks for a name, which `docker run --user NUMBER` would not have
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 USER=reader

# the packages before the project: a change of the project does not install them again
ARG PIP_OPTIONS=""
COPY --chown=reader:reader requirements.txt requirements-dev.txt ./
RUN python -m venv .venv && .venv/bin/python -m pip install ${PIP_OPTIONS} -r requirements-dev.txt

COPY --chown=reader:reader . .
RUN make install PYTHON=python
ENV PATH=/home/reader/jtfs_repro/.venv/bin:$PATH

CMD ["make", "figures"]
