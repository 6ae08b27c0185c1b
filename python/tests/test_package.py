"""What the wheel holds beside the module."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sysconfig

import pytest

import virnucpro
from virnucpro import models


def test_the_program_is_on_the_path_and_of_the_same_version():
    program = pathlib.Path(sysconfig.get_path("scripts")) / "virnucpro"
    result = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True)
    assert result.returncode == 0
    assert virnucpro.__version__ in result.stdout
    assert subprocess.run([program, "predict", "/no.fa"], stderr=subprocess.DEVNULL).returncode == 2


def test_the_package_is_self_contained():
    folder = pathlib.Path(virnucpro.__file__).parent
    libraries = folder.parent / "virnucpro.libs"
    if not libraries.is_dir():
        pytest.skip("not a repaired wheel: its libraries are those of the system")
    for file in (folder / "bin" / "virnucpro", next(folder.glob("_core*.so"))):
        text = subprocess.run(["ldd", file], stdout=subprocess.PIPE, text=True).stdout
        assert "not found" not in text
        for name in ("dnnl", "hts", "hdf5", "sqlite3"):
            for path in re.findall(rf"lib{name}\S* => (\S+)", text):
                assert pathlib.Path(path).is_relative_to(folder.parent), path


def test_models():
    (mini,) = models.list()
    assert mini.bundle == mini.name == "mini"
    assert mini.expected_lengths == (300, 500)
    assert models.info("mini") == mini
    models.verify("mini")
    with pytest.raises(virnucpro.ModelError):
        models.verify("/nowhere")
    with pytest.raises(virnucpro.ConfigError):
        models.list("/nowhere")


def test_pulled_bundles_are_found_by_name(tmp_path, monkeypatch):
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "bundle.json").write_text("{}")
    monkeypatch.setenv("VIRNUCPRO_MODELS", str(tmp_path))
    with pytest.warns(UserWarning, match="damaged"):
        assert [each.bundle for each in models.list()] == ["mini"]
    with pytest.raises(virnucpro.ModelError, match="damaged"):
        models.info("damaged")


def test_pull_runs_the_program_and_raises_its_errors():
    with pytest.raises(virnucpro.Error) as raised:
        models.pull("no-such-bundle")
    assert raised.value.exit_code in (2, 3)
    assert str(raised.value)
