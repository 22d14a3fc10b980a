"""The main story on Postgres. Runs where LAUNCHDESK_TEST_POSTGRES names a server on which databases can be made."""

import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from recsys_core.errors import AlreadyThere
from recsys_core.workspace import Workspace
from recsys_core.workspace.location import DATABASE_VARIABLE

SERVER = os.environ.get("LAUNCHDESK_TEST_POSTGRES", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="LAUNCHDESK_TEST_POSTGRES isn't set")

PRODUCTS = pd.DataFrame({"product_id": ["1"], "title": ["Lamp"]})


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = f"launchdesk_{uuid.uuid4().hex[:8]}"
    server = sa.make_url(SERVER).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    monkeypatch.setenv(DATABASE_VARIABLE, url)
    yield url
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


def sales(customer: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": [customer], "product_id": ["1"]})


def test_records(url: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, url)
    version = workspace.publish_catalog(PRODUCTS, sales("a"), None, files=[], report={"share": float("nan")})
    assert workspace.catalog_version() == version
    assert version.created.tzinfo is not None
    launch = workspace.create_launch("秋\x00", PRODUCTS)
    with pytest.raises(AlreadyThere):
        workspace.create_launch("秋", PRODUCTS)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: workspace.add_support(launch.id, sales(f"c{number}")), range(6)))
    assert workspace.launch_record("秋").support == 6
    workspace.delete_launch(launch.id)
    assert workspace.launches() == []
    assert not (tmp_path / "launchdesk.db").exists()
    workspace.close()


def test_runs(url: str, shop_in, tmp_path: Path) -> None:
    shop = shop_in(tmp_path, url)
    worker = shop.start_worker()
    run = shop.client.start("count", {"steps": 9, "gate": "go"}, "x")
    assert shop.client.start("count", {}, "x") == run
    shop.wait(run, lambda state: state.done == 5)
    worker.kill()
    worker.wait()
    (shop.workspace.folder / "go").touch()
    shop.start_worker()
    assert shop.finish(run).result == {"steps": 9, "nothing": None}
    assert shop.trace().count(f"{run} begins") == 2
    run = shop.client.start("count", {"steps": 10_000}, "x")
    shop.wait(run, lambda state: state.done > 3)
    shop.client.cancel(run)
    assert shop.finish(run).state == "cancelled"
    shop.close()
