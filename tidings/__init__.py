"""The roof over crawler and alerts: settings, storage, daemon and command line."""

__version__ = "0.1.0"
