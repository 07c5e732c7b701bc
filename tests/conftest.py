"""Fixtures that several test files share, and the order of the files."""

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


def pytest_collection_modifyitems(items):
    """Start with the longest files: with two processes, the others run beside them."""
    longest = ["test_workflow.py", "test_faults.py"]
    items.sort(key=lambda item: [*longest, item.path.name].index(item.path.name))
