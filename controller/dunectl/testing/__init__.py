# SPDX-License-Identifier: GPL-2.0
"""Testing: `dunectl test`, its suites, and the pytest fixtures that give a test a machine.

    session = await prepare(project, TestOptions(suites=("unit",)), reporter)
    results = await run_session(session, display)
    exit_status(results)

A suite turns programs, tools or pytest into :class:`TestResult` objects with one of the machine's
verdicts each. plugin.py is loaded by pytest itself, through the entry point in pyproject.toml.
"""
