"""The configuration: one YAML file and the files it names -> `Settings`, or all its faults."""

from monitor.config.load import load
from monitor.config.settings import (
    DeliveryPolicy,
    Log,
    LogFormat,
    LogLevel,
    Polling,
    Receiver,
    Settings,
)

__all__ = [
    "DeliveryPolicy",
    "Log",
    "LogFormat",
    "LogLevel",
    "Polling",
    "Receiver",
    "Settings",
    "load",
]
