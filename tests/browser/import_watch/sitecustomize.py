"""Python imports this before anything else where it lies on PYTHONPATH: notes what each process imports."""

import os
import sys

_seen: set[str] = set()
_folder = os.environ.get("IMPORTS_FOLDER")


def _note(event: str, arguments: tuple) -> None:
    if event == "import" and (package := str(arguments[0]).partition(".")[0]) not in _seen:
        _seen.add(package)
        with open(os.path.join(str(_folder), str(os.getpid())), "a") as file:
            file.write(f"{package}\n")


if _folder:
    sys.addaudithook(_note)
