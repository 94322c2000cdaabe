"""Phones in the browser, for demonstrations."""

from gateway.web.simulator.views import simulator

__all__ = ["simulator"]
