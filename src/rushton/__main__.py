"""``python -m rushton`` is the command ``rushton``."""

from __future__ import annotations

from rushton.cli import app

if __name__ == "__main__":
    app()
