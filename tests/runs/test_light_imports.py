import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from recsys_core.runs.client import RunClient
from recsys_core.runs.supervisor import Supervisor
from recsys_core.workspace import Workspace
workspace = Workspace(sys.argv[1])
client = RunClient(workspace)
run = client.start("train", {}, "source model")
client.state(run), client.runs(), client.devices(), client.cancel(run), workspace.launches()
Supervisor(workspace)
print([name for name in ("torch", "sklearn", "scipy", "sentence_transformers") if name in sys.modules])
"""


def test_the_web_process_gets_by_without_torch_and_scikit_learn(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, str(tmp_path / "shop")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.stdout, done.stderr) == ("[]\n", "")
