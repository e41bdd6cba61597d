"""Engine program: the server of transformers over one folder, by the folder's own name.

    python -m infra.engines.serving.transformers_program FOLDER OPTION...

That server calls a model as it was told to load it, and refuses every other name. So it runs beside the folder, and a
request names no path.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    folder = Path(sys.argv[1])
    os.chdir(folder.parent)
    from transformers.cli.transformers import main as command

    sys.argv = ["transformers", "serve", folder.name, *sys.argv[2:]]
    command()


if __name__ == "__main__":
    main()
