#!/usr/bin/env python3
"""Runs a WDL task or workflow with miniwdl on this machine itself, without a container engine, to test the WDL files.

    PATH=build/release/src/cli:$PATH run_without_container.py virnucpro_contigs_and_reads.wdl FOLDER contigs=a.fa use_gpu=false

Inputs are as for `miniwdl run` (NAME=VALUE; --task NAME, at the end, for one task). Prints the outputs as JSON. Needs `pip install miniwdl`.
"""
import os
import subprocess
import sys

from WDL import CLI
from WDL.runtime import task_container


class NoContainer(task_container.TaskContainer):
    """The command runs in the host's folder, on copies of the inputs."""

    @classmethod
    def global_init(cls, cfg, logger):
        pass

    @classmethod
    def detect_resource_limits(cls, cfg, logger):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return {"cpu": os.cpu_count() or 1, "mem_bytes": memory}

    def __init__(self, cfg, run_id, host_dir):
        super().__init__(cfg, run_id, host_dir)
        self.container_dir = host_dir  # paths mean the same inside and outside

    def add_paths(self, host_paths):
        super().add_paths(host_paths)

    def _run(self, logger, terminating, command):
        self.copy_input_files(logger)
        script = os.path.join(self.host_dir, "command")
        with open(script, "w") as file:
            file.write(command)
        with open(self.host_stdout_txt(), "w") as out, open(self.host_stderr_txt(), "w") as err:
            process = subprocess.Popen(["bash", script], cwd=self.host_work_dir(), stdout=out, stderr=err)
            while True:
                try:
                    return process.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    if terminating():
                        process.terminate()


def main():
    task_container._backends["none"] = NoContainer
    os.environ["MINIWDL__SCHEDULER__CONTAINER_BACKEND"] = "none"
    os.environ["MINIWDL__FILE_IO__ROOT"] = "/"
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    wdl, folder, *inputs = sys.argv[1:]
    return CLI.main(["run", "--dir", folder + "/.", "--no-color", wdl] + inputs)


if __name__ == "__main__":
    sys.exit(main())
