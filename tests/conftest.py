"""Fixtures that several test files share."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _threads_as_before():
    """Undo what a test did to the number of threads: the others' sums depend on it."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def two_threads():
    """Run the test with two threads, whatever the number outside."""
    torch.set_num_threads(2)
