"""All outgoing HTTP: bounded, patient with nobody. requests lives only here."""

from monitor.fetch.addresses import Guard, Trust
from monitor.fetch.client import Client, Limits, user_agent

__all__ = ["Client", "Guard", "Limits", "Trust", "user_agent"]
