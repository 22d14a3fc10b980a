"""The verbs as a data scientist types them: real processes, a real workspace."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from planted import planted_shop

from recsys_core.workspace import Workspace
from recsys_core.workspace.backtests import backtests

ROOT = Path(__file__).parents[1]


def shell(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recsys_core", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    catalog, launch, _, _ = planted_shop(words_tell=False)
    catalog.products.to_csv(folder / "products.csv", index=False)
    catalog.interactions.to_csv(folder / "interactions.csv", index=False)
    launch.products.to_csv(folder / "new.csv", index=False)
    launch.interactions.to_csv(folder / "first.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def workspace(files: Path) -> Path:
    """A workspace in which everything up to the adaptation was done in the shell."""
    folder = files / "workspace"
    for arguments in (
        ("import", "--products", files / "products.csv", "--interactions", files / "interactions.csv"),
        ("train", "--seed", 0),
        ("launch", "--name", "May", "--products", files / "new.csv", "--interactions", files / "first.csv"),
    ):
        done = shell(*arguments, "--workspace", folder, "--json")
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout.splitlines()[-1])
    return folder


def test_recommendations_for_everyone(workspace: Path, tmp_path: Path) -> None:
    done = shell("recommend", "--workspace", workspace, "--launch", "May", "--top", 3, "--out", tmp_path / "r.csv")
    assert done.returncode == 0, done.stderr
    lists = pd.read_csv(tmp_path / "r.csv")
    assert list(lists) == ["customer_id", "product_id", "rank", "score", "probability"]
    assert lists.groupby("customer_id")["rank"].agg(list).map(lambda ranks: ranks == [1, 2, 3]).all()
    assert f"{len(lists):,} rows" in done.stdout


def test_recommendations_for_those_listed(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "who.csv").write_text("customer_id\nc003\nstranger\n")
    done = shell(
        "recommend",
        "--workspace",
        workspace,
        "--launch",
        "May",
        "--customers",
        tmp_path / "who.csv",
        "--out",
        tmp_path / "r.csv",
        "--json",
    )
    assert pd.read_csv(tmp_path / "r.csv")["customer_id"].unique().tolist() == ["c003", "stranger"]
    assert json.loads(done.stdout.splitlines()[-1])["customers_without_history"] == 1


def test_audiences_by_number_and_by_share(workspace: Path, files: Path, tmp_path: Path) -> None:
    for size, expected in ((("--top", 7), 7), (("--share", 0.02), 5)):
        done = shell("audience", "--workspace", workspace, "--launch", "May", *size, "--out", tmp_path / "a.csv")
        assert done.returncode == 0, done.stderr
        audience = pd.read_csv(tmp_path / "a.csv")
        assert list(audience) == ["product_id", "customer_id", "rank", "score", "probability"]
        assert audience.groupby("product_id").size().eq(expected).all()
        support = pd.read_csv(files / "first.csv")
        assert audience.merge(support, on=["product_id", "customer_id"]).empty


def test_more_sales_for_a_launch_that_is_there(workspace: Path, files: Path) -> None:
    (files / "more.csv").write_text("customer_id,product_id,timestamp\nc001,n00,2024-03-01\n")
    arguments = ("launch", "--workspace", workspace, "--name", "May", "--products", files / "new.csv", "--json")
    done = shell(*arguments, "--interactions", files / "more.csv", "--method", "prototype")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["first_sales"], result["method"]) == (101, "prototype")


def test_variants_are_compared_and_one_is_taken_and_given_back(workspace: Path, tmp_path: Path) -> None:
    shutil.copytree(workspace, tmp_path / "w")
    shop = Workspace(tmp_path / "w")
    before = shop.load_adapted("May").recommend()
    done = shell("compress", "--workspace", shop.folder, "--launch", "May", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout.splitlines()[-1])["rows"]
    assert {row["variant"] for row in rows} == {"none", "int8", "prune", "prune+int8", "distil", "distil+int8"}
    assert shop.load_adapted("May").recommend().equals(before)
    for by in ("prune+int8", "none"):
        done = shell("compress", "--workspace", shop.folder, "--launch", "May", "--by", by, "--keep", 0.1)
        assert done.returncode == 0, done.stderr
        assert f"now uses: {by}" in done.stdout
        assert shop.load_adapted("May").recommend().equals(before) == (by == "none")
    shop.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("recommend", "--launch", "June", "--out", "r.csv"), "June"),
        (("launch", "--name", "x", "--products", "new.csv", "--method", "magic"), "There is no method “magic”"),
        (("launch", "--name", "x", "--products", "nowhere.csv"), "There is no file"),
        (("import", "--products", "first.csv"), "title"),
        (("compress", "--launch", "May", "--by", "magic"), "can't be made smaller by “magic”"),
    ],
)
def test_bad_input_is_said_plainly(arguments: tuple, message: str, workspace: Path, files: Path) -> None:
    verb, *rest = (files / word if str(word).endswith(".csv") else word for word in arguments)
    done = shell(verb, "--workspace", workspace, *rest)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_what_has_to_come_first_is_named(tmp_path: Path, files: Path) -> None:
    done = shell("train", "--workspace", tmp_path / "empty")
    assert (done.returncode, "Import products and interactions first" in done.stderr) == (2, True)
    shell("import", "--workspace", tmp_path / "w", "--products", files / "products.csv")
    done = shell("launch", "--workspace", tmp_path / "w", "--name", "x", "--products", files / "new.csv")
    assert (done.returncode, "train first" in done.stderr) == (2, True)


@pytest.mark.skipif("not __import__('torch').cuda.is_available()", reason="needs a CUDA device; this machine has none")
@pytest.mark.gpu
def test_training_on_the_gpu(files: Path, tmp_path: Path) -> None:
    shell(
        "import",
        "--workspace",
        tmp_path,
        "--products",
        files / "products.csv",
        "--interactions",
        files / "interactions.csv",
    )
    done = shell("train", "--workspace", tmp_path, "--device", "cuda", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["device"] == "cuda"


def test_importing_the_package_loads_neither_torch_nor_scikit_learn() -> None:
    code = "import recsys_core, sys; print(sorted({'torch', 'sklearn', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_categories_are_compared(tmp_path: Path) -> None:
    sample = ROOT / "sample_data"
    workspace = tmp_path / "workspace"
    imported = shell(
        "import",
        *("--products", sample / "products.csv"),
        *("--interactions", sample / "interactions.csv.gz"),
        *("--workspace", workspace),
    )
    assert imported.returncode == 0, imported.stderr
    for by in ("meaning", "customers", "combined"):
        out = tmp_path / f"{by}.csv"
        done = shell("similarity", "--workspace", workspace, "--by", by, "--out", out)
        assert done.returncode == 0, done.stderr
        table = pd.read_csv(out)
        assert list(table) == ["category", "other", "similarity", "shared_customers", "lift"]
        assert len(table) == 86 * 85
        assert table["similarity"].between(-1, 1).all()
    meaning = pd.read_csv(tmp_path / "meaning.csv").set_index("category")["other"]
    assert meaning["Christmas > Christmas decorations"].iloc[0] == "Christmas > Christmas trees"
    done = shell("similarity", "--workspace", workspace, "--level", 0, "--out", tmp_path / "no.csv")
    assert done.returncode == 2
    assert "level 0" in done.stderr
    assert not (tmp_path / "no.csv").exists()
    done = shell(
        "place",
        "--workspace",
        workspace,
        "--products",
        sample / "new_products.csv",
        "--out",
        tmp_path / "p.csv",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    placed = pd.read_csv(tmp_path / "p.csv")
    assert list(placed) == ["product_id", "rank", "category", "probability", "known"]
    held_out = json.loads(done.stdout.splitlines()[-1])["held_out"]
    assert held_out["first"] > 0.5
    assert held_out["calibration_error"] < 0.1
    products = pd.read_csv(sample / "new_products.csv").merge(
        placed[placed["rank"] == 1], on="product_id", suffixes=("", "_placed")
    )
    told = products[products["category"].notna() & products["known"]]
    assert (told["category"] == told["category_placed"]).mean() > 0.6
    (tmp_path / "empty.csv").write_text("product_id,title\n,mug\n")
    done = shell("place", "--workspace", workspace, "--products", tmp_path / "empty.csv", "--out", tmp_path / "no.csv")
    assert done.returncode == 2
    assert "no usable product" in done.stderr
    done = shell(
        *("place", "--workspace", workspace, "--products", sample / "new_products.csv", "--out", tmp_path / "no.csv"),
        *("--model", "some/model"),
    )
    assert done.returncode == 2
    assert "--text pretrained" in done.stderr


def test_launches_are_replayed(files: Path, tmp_path: Path) -> None:
    """Half of the products first sell in the second half of a season."""
    sales = pd.read_csv(files / "interactions.csv", dtype=str)
    sold = pd.Index(sales["product_id"].unique())
    days = pd.Series(range(len(sold)), index=sold)[sales["product_id"]].to_numpy() % 100 + sales.index % 20
    sales["timestamp"] = (pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d")
    sales.to_csv(tmp_path / "sales.csv", index=False)
    workspace, out = tmp_path / "workspace", tmp_path / "m.csv"
    files_given = ("--products", files / "products.csv", "--interactions", tmp_path / "sales.csv")
    assert shell("import", *files_given, "--workspace", workspace).returncode == 0
    how = ("--workspace", workspace, "--methods", "prototype,zero-shot", "--shots", "0,2", "--set", "epochs=1")
    done = shell("backtest", *how, "--cuts", 2, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out)
    assert list(table) == ["method", "k", "cut", "group", "metric", "value", "low", "high", "n"]
    assert {"prototype", "zero-shot", "random", "popularity", "content neighbours"} < set(table["method"])
    assert set(table["k"]) == {0, 2}
    assert table["cut"].nunique() == 3
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] == len(table)
    ndcg = table.query(
        "method == 'prototype' and k == 2 and cut == 'all' and group == 'new products' and metric == 'ndcg'"
    )
    assert f"{ndcg['value'].iloc[0]:.4f}" in done.stdout
    opened = Workspace(workspace)
    assert [record.id for record in backtests(opened)] == [told["backtest"]]
    opened.close()
    # The same seed finds the same.
    again = shell("backtest", *how, "--cuts", 2, "--out", tmp_path / "again.csv")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.csv").read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--methods", "magic"), "There is no method “magic”"),
        (("--shots", "one"), "--shots is “one”"),
        (("--shots", "-1"), "--shots is “-1”"),
        (("--cuts", "0"), "“cuts”"),
        (("--by", "category"), "no product of the catalog has one"),
        (("--set", "wings=2"), "“wings”"),
    ],
)
def test_a_backtest_that_cannot_be_made_says_why(workspace: Path, tmp_path: Path, arguments, said: str) -> None:
    done = shell("backtest", "--workspace", workspace, *arguments, "--out", tmp_path / "no.csv")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "no.csv").exists()
