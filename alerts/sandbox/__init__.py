"""Where templates run: Jinja2, behind one door. What they may do, in which process, and what is wrong with one."""

from alerts.sandbox.environment import Environment, LockedLoader
from alerts.sandbox.isolated import Isolated

__all__ = ["Environment", "Isolated", "LockedLoader"]
