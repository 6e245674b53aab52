"""Asking a process over HTTP whether it is ready."""

import urllib.error
import urllib.request


def answers_ready(url: str) -> bool:
    """True when the URL answers 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
