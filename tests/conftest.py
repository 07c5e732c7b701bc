"""Fixtures that several test files share."""

import pytest
import torch


@pytest.fixture
def two_threads():
    """Run the test with two threads, whatever the number outside."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
