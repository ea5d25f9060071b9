from pathlib import Path

import pytest

from indexer.encoders import Encoder, open_encoder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="session")
def fp32(cache: Path) -> Encoder:
    return open_encoder(cache=cache, device="cpu", precision="fp32")


@pytest.fixture(scope="session")
def int8(cache: Path) -> Encoder:
    return open_encoder(cache=cache, device="cpu", precision="int8")
