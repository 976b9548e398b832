from pathlib import Path

import pytest
from fake_bench import ApiClient, FakeBench


@pytest.fixture
def bench(tmp_path: Path) -> FakeBench:
    return FakeBench(tmp_path)


@pytest.fixture
def client(bench: FakeBench) -> ApiClient:
    return ApiClient(bench)
