"""Routes of ``/v1`` on decisions."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/v1")
