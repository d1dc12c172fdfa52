"""Runs the AWS CLI for the outer tests: one JSON list of arguments a line on standard input, one JSON answer a line on
standard output.

An answer is {"status", "out", "err"}. Each command is a process of its own, as at a prompt, with the CLI's own main
program; only its modules are loaded once, which is most of what a command takes.
"""

import json
import os
import sys
import tempfile

import awscli
from awscli import clidriver


def run(args):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            command(args, out.fileno(), err.fileno())
        _, status = os.waitpid(pid, 0)
        texts = []
        for f in (out, err):
            f.seek(0)
            texts.append(f.read().decode("utf-8", "replace"))
    return {"status": os.waitstatus_to_exitcode(status), "out": texts[0], "err": texts[1]}


def command(args, out, err):
    """The child's life; it does not return."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for mine, shared in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(mine, shared)
        sys.argv = ["aws", *args]
        status = clidriver.main()
    except SystemExit as e:
        status = e.code if isinstance(e.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)


print(json.dumps({"version": "AWS CLI " + awscli.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
