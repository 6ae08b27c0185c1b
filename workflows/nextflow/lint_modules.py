#!/usr/bin/env python3
"""nf-core's own checks of the modules here, as far as they need neither Nextflow nor the repository nf-core/modules.

    lint_modules.py FOLDER MODULE...      such as: lint_modules.py . virnucpro/predict

`nf-core modules lint` first clones nf-core/modules and asks Nextflow for the containers. This calls its checks one by one: main.nf,
meta.yml against main.nf (the schema itself lies in that repository), tests, left-over TODOs. Exit code 1 when one fails.
"""

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import nf_core.components.nfcore_component as component
from nf_core.modules.lint import ModuleLint

# Checks that ask Nextflow for the container.
NEEDS_NEXTFLOW = {"singularity_tag", "docker_tag"}


def lint(folder: Path, name: str, schemas: Path) -> list:
    module = component.NFCoreComponent(name, None, folder / "modules/nf-core" / name, "modules", folder, "modules")
    linter = ModuleLint.__new__(ModuleLint)
    linter.fix, linter.fail_warned, linter.meta_schema = False, False, None
    linter.repo_type, linter.directory, linter.registry = "modules", folder, ("quay.io",)
    linter.modules_repo = SimpleNamespace(repo_path=schemas, local_repo_dir=schemas)
    ModuleLint._safe_parse_main_nf(module)
    progress = SimpleNamespace(update=lambda *_, **__: None)
    linter.main_nf(module, False, linter.registry, progress)
    linter.meta_yml(module)
    linter.module_tests(module)
    linter.module_todos(module)
    linter.module_deprecations(module)
    print(f"{name}: {len(module.passed)} checks passed, {len(module.warned)} warnings, {len(module.failed)} failed")
    for _, check, message, *_ in module.warned:
        print(f"  warning {check}: {message}")
    failed = []
    for _, check, message, *_ in module.failed:
        excused = check in NEEDS_NEXTFLOW
        print(f"  {'not checked here' if excused else 'FAILED'} {check}: {message}")
        failed += [] if excused else [check]
    if len(module.passed) < 20:
        failed.append("too few checks ran")
    return failed


def main() -> int:
    component.check_nextflow_version = lambda *_, **__: False
    folder = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        schemas = Path(temporary) / "modules"
        schemas.mkdir()
        for name in ("meta-schema.json", "environment-schema.json"):
            (schemas / name).write_text(json.dumps({}))
        failed = [check for name in sys.argv[2:] for check in lint(folder, name, Path(temporary))]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
