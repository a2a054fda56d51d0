"""Reads exported models as others do, and compares their probabilities with those of the model.

    bin/check-exports            ONNX and safetensors
    bin/check-exports --torch    PyTorch too: TorchScript and the Python file

Each folder below the given one is what `exportTo` wrote, with `expected.json` beside it, which tests
wrote: rows of raw features, null for a missing number, and the model's own probabilities. These have
to be met to 1e-6 where no logit is above 3, else to 1e-5. The examples of docs/serving.md run too.
"""

import argparse
import ast
import importlib.util
import json
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

PAGE = Path(__file__).resolve().parents[4] / "docs" / "serving.md"
LOW_LOGIT = 3
CLOSE = 1e-6
CLOSE_OF_HIGH_LOGITS = 1e-5


class Mismatch(Exception):
    """An export does not give what its model gives."""


class Export:
    """A folder with an exported model, and what it has to give."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about: dict[str, Any] = json.loads((folder / "model.json").read_text())
        expected = json.loads((folder / "expected.json").read_text())
        # null becomes NaN.
        self.features = np.array(expected["features"], dtype=np.float64)
        self.probabilities = np.array(expected["probabilities"], dtype=np.float64)
        if self.features.shape != (len(self.features), self.about["numFeatures"]):
            raise Mismatch(f"features of shape {self.features.shape}")
        if not ((self.probabilities > 0.05) & (self.probabilities < 0.95)).any():
            raise Mismatch("all probabilities are near 0 and 1, which would hide a mistake")
        self.worst = 0.0
        self.readers: list[str] = []

    def compare(self, reader: str, found: Any, logits: Any) -> None:
        found = np.asarray(found, dtype=np.float64)
        if found.shape != self.probabilities.shape:
            raise Mismatch(f"{reader}: {found.shape}, but {self.probabilities.shape} expected")
        difference = np.abs(found - self.probabilities).max(axis=1)
        is_low = np.abs(np.asarray(logits)).max(axis=1) <= LOW_LOGIT
        allowed = np.where(is_low, CLOSE, CLOSE_OF_HIGH_LOGITS)
        if not (difference <= allowed).all():
            row = int(np.argmax(np.where(difference <= allowed, 0, 1)))
            raise Mismatch(
                f"{reader}: row {row} differs by {difference[row]}, but may by {allowed[row]}:"
                f" {found[row]}, but {self.probabilities[row]} expected"
            )
        self.worst = max(self.worst, float(difference.max()))
        if reader not in self.readers:
            self.readers.append(reader)

    def check_onnx(self) -> None:
        path = self.folder / "onnx" / "model.onnx"
        if "onnx" in self.about.get("omitted", {}):
            if path.exists():
                raise Mismatch("model.json says that there is no ONNX file, but there is")
            return
        onnx.checker.check_model(str(path), full_check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        inputs = [(one.name, one.type, len(one.shape)) for one in session.get_inputs()]
        if inputs != [("features", "tensor(double)", 2)]:
            raise Mismatch(f"onnx: inputs {inputs}")
        inside = session.get_modelmeta().custom_metadata_map["model.json"]
        if json.loads(inside) != {k: v for k, v in self.about.items() if k != "omitted"}:
            raise Mismatch("onnx: other metadata than in model.json")
        names = ["probabilities", "logits"]
        probabilities, logits = session.run(names, {"features": self.features})
        self.compare("onnx", probabilities, logits)
        one_by_one = [session.run(names, {"features": row[None]})[0][0] for row in self.features]
        self.compare("onnx", one_by_one, logits)

    def check_safetensors(self) -> None:
        folder = self.folder / "pytorch"
        if "pytorch" in self.about.get("omitted", {}):
            if folder.exists():
                raise Mismatch("model.json says that there is no Python file, but there is")
            return
        tensors = load_file(folder / "weights.safetensors")
        code = ast.parse((folder / "model.py").read_text())
        names = [
            name
            for node in code.body
            if isinstance(node, ast.Assign)
            for name in ast.literal_eval(node.value)
        ]
        if sorted(names) != sorted(tensors):
            raise Mismatch(f"model.py takes {names}, but the tensors are {sorted(tensors)}")
        self.readers.append("safetensors")

    def check_torch(self) -> None:
        import torch

        extra = {"model.json": ""}
        scripted = torch.jit.load(
            str(self.folder / "torchscript" / "model.pt"), _extra_files=extra
        )
        features = torch.from_numpy(self.features)
        if self.about["forward"] == "logits":
            self.compare_outside(torch, scripted)
            return
        if json.loads(extra["model.json"]) != {
            k: v for k, v in self.about.items() if k != "omitted"
        }:
            raise Mismatch("torchscript: other metadata than in model.json")
        built = python_file(self.folder / "pytorch" / "model.py").load()
        for reader, network in (("torchscript", scripted), ("python", built)):
            with torch.no_grad():
                logits = network.logits(features)
                # PyTorch takes other kernels once it has seen a few calls.
                for _ in range(4):
                    self.compare(reader, network(features), logits)
                rows = torch.stack([network(row) for row in features])
            self.compare(reader, rows, logits)
            if network(features[0].float()).shape != rows[0].shape:
                raise Mismatch(f"{reader}: a row of floats gives another shape")
        loss = -built(features)[:, 0].log().mean()
        loss.backward()
        without = [n for n, p in built.named_parameters() if p.grad is None]
        if without:
            raise Mismatch(f"python: no gradient of {without}")

    def compare_outside(self, torch: Any, network: Any) -> None:
        """What the metadata of a TorchScript network of the user's says, done by the reader."""
        outside = self.about["outside"]
        exact = np.zeros(self.about["numFeatures"], dtype=bool)
        exact[[int(i) for i in outside["exact"]]] = True
        rows = np.where(exact, self.features, self.features.astype(np.float32))
        rows = (rows - np.array(outside["means"])) * np.array(outside["scales"])
        shape = [int(n) for n in outside["rowShape"].split(",") if n] or [rows.shape[1]]
        with torch.no_grad():
            given = torch.from_numpy(rows.astype(np.float32)).reshape(-1, *shape)
            logits = network.eval()(given).numpy()
        if outside["link"] != "softmax":
            raise Mismatch("there is no test of this link")
        offsets = np.array(outside["offsets"]) if outside["offsets"] else 0
        scores = (logits.astype(np.float64) + offsets) / outside["temperature"]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.compare("torchscript", scores / scores.sum(axis=1, keepdims=True), logits)


def python_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"export_{path.parent.parent.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_examples(page: Path, folder: Path, has_torch: bool) -> int:
    """Runs what a page shows in Python on the export "flights", but for what needs Spark."""
    run = 0
    os.chdir(folder)
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        if "pyspark" not in code and (has_torch or "torch" not in code):
            names: dict[str, Any] = {}
            exec(compile(code, str(page), "exec"), names)
            probabilities = np.asarray(names["probabilities"].tolist())
            if not np.allclose(probabilities.sum(axis=-1), 1):
                raise Mismatch(f"{page.name}: {probabilities}")
            run += 1
    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="has an export in each folder")
    parser.add_argument("--torch", action="store_true", help="read with PyTorch too")
    options = parser.parse_args()
    folders = sorted(path.parent for path in options.folder.glob("*/expected.json"))
    if not folders:
        print(f"{options.folder} has no exports; run the tests first.", file=sys.stderr)
        return 2
    failures = 0
    for folder in folders:
        try:
            export = Export(folder)
            export.check_onnx()
            export.check_safetensors()
            if options.torch:
                export.check_torch()
            print(f"{folder.name:24} {export.worst:.1e} {' '.join(export.readers)}")
        except Exception as e:  # whatever a reader throws is what is to be known
            failures += 1
            print(f"{folder.name:24} FAILED: {type(e).__name__}: {e}")
    examples = run_examples(PAGE, options.folder, options.torch)
    if examples == 0:
        raise Mismatch(f"{PAGE} has no examples")
    print(f"exports={len(folders)} failed={failures} examples={examples}")
    return min(failures, 1)


if __name__ == "__main__":
    # PyTorch says that TorchScript is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", FutureWarning)
    sys.exit(main())
