"""What a run says on the terminal of a person who started it: our own warnings, one line each.

Belongs here: the logger that replaces Dagster's console for the command.
Does not belong here: the events of a run, which its instance keeps for the UI; how a run ended (`cli.py`).
"""

import logging
import sys

import dagster as dg


@dg.logger(
    config_schema=None,
    description="Warnings of the assets on standard error, without the run and step that Dagster puts before them.",
)
def our_warnings(_context: dg.InitLoggerContext) -> logging.Logger:
    """A logger that prints what assets log as warnings; a failure is told once, by the command, and not as a stack trace."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: record.levelno == logging.WARNING)
    handler.setFormatter(_Message())
    logger = logging.Logger("upgrade-slo", logging.WARNING)
    logger.addHandler(handler)
    return logger


class _Message(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        metadata = getattr(record, "dagster_meta", {})
        return f"warning: {metadata.get('orig_message') or record.getMessage()}"
