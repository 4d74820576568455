"""What all tests share: Hypothesis profiles, the mark of the laws, the data folder."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

# Machines that run other work at the same time are slow, not wrong: no deadline anywhere.
_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("ci", _COMMON, derandomize=True, print_blob=True, database=None)
settings.register_profile("dev", _COMMON, print_blob=True)
settings.register_profile("thorough", _COMMON, max_examples=5_000, print_blob=True)
settings.register_profile(
    "mutation",
    _COMMON,
    derandomize=True,
    database=None,
    # That a mutant fails is all one wants to know, not its smallest counterexample.
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_LAW = re.compile(r"\bLaw \d")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and _LAW.search(item.function.__doc__ or ""):
            item.add_marker(pytest.mark.law)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CRM exports, which is no part of the project."""
    beside_checkout = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MPFUNNEL_DATA", beside_checkout))
    if not folder.is_dir():
        pytest.skip(f"no real CRM exports at {folder}; MPFUNNEL_DATA may name their folder")
    return folder


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A Spark session in this process's own Java machine."""
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is absent; the extra `spark` has it")
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=f"{home}/bin" if home else None):
        pytest.skip("Java is absent, and Spark runs on it")
    options = {
        # Neither the name of the machine nor its network is asked for.
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Small tables too are read like large ones, by generated code, not while planning.
        "spark.sql.execution.arrow.localRelationThreshold": "0",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
    }
    session = sql.SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
    yield session
    session.stop()
