"""The rules of alerts: decide, route, render. Pure."""
