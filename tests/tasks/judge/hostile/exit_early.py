"""Ends at once, and successfully."""

import os

os._exit(0)
