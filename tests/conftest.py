"""What all tests share: Hypothesis profiles, the mark of the laws, the data folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

# Machines that run other work at the same time are slow, not wrong: no deadline anywhere.
_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("ci", _COMMON, derandomize=True, print_blob=True, database=None)
# Elsewhere the same laws are asked of another Python, which needs no long search.
settings.register_profile("elsewhere", settings.get_profile("ci"), max_examples=30)
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
        # Each of thousands of small joins takes a page, which is up to 64 MB of zeros by default.
        "spark.buffer.pageSize": "1m",
        # Spark plans much and computes little here: compiling its planner well never pays off. Nor
        # does looking for garbage beside the work, where the other core has work of its own.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        # Small tables too are read like large ones, by generated code, not while planning.
        "spark.sql.execution.arrow.localRelationThreshold": "0",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.shuffle.partitions": "2",
        # What it keeps of past queries for a screen that nobody sees are their plans.
        "spark.sql.ui.retainedExecutions": "1",
        "spark.ui.enabled": "false",
        "spark.ui.retainedJobs": "1",
        "spark.ui.retainedStages": "1",
        "spark.ui.retainedTasks": "1",
        "spark.ui.showConsoleProgress": "false",
    }
    session = sql.SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own, whose texts sort as in a dictionary."""
    pytest.importorskip("adbc_driver_postgresql", reason="the extra `engines` has what it needs")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1].parent if found else None
    if programs is None:
        pytest.skip("PostgreSQL is absent; Debian's package is postgresql")
    # Not among the folders of pytest: their paths are long for a socket, and closed to others.
    home = Path(tempfile.mkdtemp(prefix="mpfunnel"))
    # The server refuses to run as root.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(home, "postgres")

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), "-D", str(home / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    icu = ["--locale-provider=icu", "--icu-locale=en-US"]
    run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", *icu)
    # Whoever is called so has to say the password.
    rules = home / "data" / "pg_hba.conf"
    rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")
    options = f"-c listen_addresses= -k {home} -c fsync=off -c timezone=Asia/Tokyo"
    run("pg_ctl", "-w", "-l", str(home / "log"), "-o", options, "start")
    yield f"postgresql:///postgres?host={home}&user=postgres"
    run("pg_ctl", "-w", "-m", "immediate", "stop")
    shutil.rmtree(home)
