"""Routes of ``/v1`` on households."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/v1")
