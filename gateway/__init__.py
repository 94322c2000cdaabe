"""Vigie: an SMS/USSD field-reporting gateway against trafficking in persons in Niger."""

__version__ = "0.1.0"
