"""The configuration: one YAML file and the files it names -> `Settings`, or all its faults."""

from monitor.config.lines import read_lines
from monitor.config.load import load, without_file
from monitor.config.settings import (
    DeliveryPolicy,
    Listen,
    Log,
    LogFormat,
    LogLevel,
    Polling,
    Receiver,
    Settings,
    WebSub,
)

__all__ = [
    "DeliveryPolicy",
    "Listen",
    "Log",
    "LogFormat",
    "LogLevel",
    "Polling",
    "Receiver",
    "Settings",
    "WebSub",
    "load",
    "read_lines",
    "without_file",
]
