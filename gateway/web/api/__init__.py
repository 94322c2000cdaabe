"""The REST API: read-only pages of what is stored."""

from gateway.web.api.views import api

__all__ = ["api"]
