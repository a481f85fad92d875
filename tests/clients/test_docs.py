"""What docs/clients.md tells to run, run as it stands there: the page is one story, in one folder, against one gate."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gate

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/clients.md"
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(
    not gate.is_named, reason="no gate is named; `cargo xtask test --only clients` starts one"
)


def test_docs_clients_md_runs_from_top_to_bottom(tmp_path):
    node = HERE / "node_modules"
    tools = [Path(sys.executable).parent, os.environ["PATH"]]
    if node.is_dir():
        # As in a project that has the tool: npx would ask before it fetches one.
        (tmp_path / "node_modules").symlink_to(node)
    environment = os.environ | {"PATH": os.pathsep.join(map(str, tools))}
    ran = 0
    for language, text in BLOCKS:
        if text.startswith("npx") and not (shutil.which("npx") and node.is_dir()):
            continue
        command = [sys.executable, "-c", text] if language == "python" else ["sh", "-euc", text]
        told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert told.returncode == 0, f"{text}\n{told.stdout}{told.stderr}"
        ran += 1
    assert ran >= 4
    assert (tmp_path / "openapi.json").stat().st_size > 100_000
