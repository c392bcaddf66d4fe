# SPDX-License-Identifier: Apache-2.0
"""`--run 'COMMAND'`: every guest runs it at the same time; output with the guest's number."""


def execute(run, options, result):
    """The run; a list of problems, empty if the command ended with 0 everywhere."""
    run.progress.step(f"running: {options.run}")
    tokens = {guest: guest.start_command(options.run) for guest in run.guests}
    problems = []
    result["guests"] = []
    for guest, token in tokens.items():
        code, output = guest.finish_command(token, options.timeout, run.check_alive,
                                            f"'{options.run}'")
        for line in output.splitlines():
            run.progress.line(f"guest{guest.number}| {line}")
        if code != 0:
            problems.append(f"{guest.name}: '{options.run}' ended with exit code {code}")
        result["guests"].append({"guest": guest.number, "port": guest.port.number,
                                 "exit_code": code, "output": output})
    return problems
